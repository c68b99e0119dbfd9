"""Whether a video note belongs to a verification, and why a person looks where there is none."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.add_column(
            sa.Column("clip_wanted", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("clip_waived", sa.String(40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.drop_column("clip_waived")
        batch_op.drop_column("clip_wanted")
