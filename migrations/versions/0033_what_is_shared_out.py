"""Up to which day a pool is shared out, and what of a loan's loss no funder had capital for.

What the lender bore of losses before is not known: it counts from now on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_UNBORNE = sa.Column("unborne_minor", sa.BigInteger(), nullable=False, server_default="0")


def upgrade() -> None:
    with op.batch_alter_table("funded_loans") as batch_op:
        batch_op.add_column(_UNBORNE)
    with op.batch_alter_table("funded_loans") as batch_op:
        batch_op.alter_column(
            "unborne_minor", existing_type=sa.BigInteger(), existing_nullable=False,
            server_default=None,
        )  # fmt: skip
    with op.batch_alter_table("funding_pools") as batch_op:
        batch_op.add_column(sa.Column("settled_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE funding_pools SET settled_on = (SELECT max(funded_loans.settled_on)"
        " FROM funded_loans WHERE funded_loans.pool_id = funding_pools.id)"
    )


def downgrade() -> None:
    with op.batch_alter_table("funding_pools") as batch_op:
        batch_op.drop_column("settled_on")
    with op.batch_alter_table("funded_loans") as batch_op:
        batch_op.drop_column("unborne_minor")
