"""Keep the probability of default with the loan."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("loans") as batch_op:
        batch_op.add_column(sa.Column("pd_ppm", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("pd_now_ppm", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("loans") as batch_op:
        batch_op.drop_column("pd_now_ppm")
        batch_op.drop_column("pd_ppm")
