"""A loan whose money came back may be sent again."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_FAILED = "status <> 'failed' AND amendment_id IS NULL"
_OVER = "status NOT IN ('failed', 'returned') AND amendment_id IS NULL"


def upgrade() -> None:
    _live(_OVER)


def downgrade() -> None:
    # Refused by the database where a loan was sent again: that cannot be said without it.
    _live(_FAILED)


def _live(condition: str) -> None:
    op.drop_index("uq_payouts_live", "payouts")
    op.create_index(
        "uq_payouts_live",
        "payouts",
        ["loan_id"],
        unique=True,
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
    )
