"""Find a loan's credit without reading all that ever happened to it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ABOUT_CREDIT = sa.text("'borrower_credit' IN (debit, credit)")


def upgrade() -> None:
    op.create_index(
        "ix_ledger_lines_credit_of_loan",
        "ledger_lines",
        ["loan_id"],
        postgresql_where=_ABOUT_CREDIT,
        sqlite_where=_ABOUT_CREDIT,
    )


def downgrade() -> None:
    op.drop_index("ix_ledger_lines_credit_of_loan", "ledger_lines")
