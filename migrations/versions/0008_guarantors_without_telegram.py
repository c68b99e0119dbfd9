"""Know people who have no chat with us: guarantors who answer in a browser."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("borrowers") as batch_op:
        batch_op.alter_column("telegram_id", existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    # Refused by the database while such people are there: somebody has to say what becomes of them.
    with op.batch_alter_table("borrowers") as batch_op:
        batch_op.alter_column("telegram_id", existing_type=sa.BigInteger(), nullable=False)
