"""What decided cannot be replaced either; a payment request is found by the rail's name for it."""

import sqlalchemy as sa
from alembic import op

from scoring import triggers

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_KEPT = (("risk_models", "sha256"), ("risk_policies", "sha256"), ("risk_tables", "id"))


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL knows no INSERT OR REPLACE.
        for table, key in _KEPT:
            for statement in triggers.append_only("sqlite", table, [(key,)]):
                op.execute(statement)
    op.create_index("ix_payment_requests_rail_id", "payment_requests", [sa.text("lower(rail_id)")])


def downgrade() -> None:
    """The guards may stay."""
    op.drop_index("ix_payment_requests_rail_id", "payment_requests")
