"""Money that staff enter by hand is cash at no rail: an account of its own.

What was entered before stays where it is, at the rail of its loan.
"""

from alembic import op

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO ledger_accounts (code, name, type, normal_side) VALUES"
        " ('cash_outside', 'Money that staff entered by hand', 'asset', 'debit')"
        " ON CONFLICT (code) DO NOTHING"
    )


def downgrade() -> None:
    """The chart only grows: the account may stay."""
