"""Keep the effective interest rate with the loan."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("loans") as batch_op:
        batch_op.add_column(sa.Column("effective_rate_ppm", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("loans") as batch_op:
        batch_op.drop_column("effective_rate_ppm")
