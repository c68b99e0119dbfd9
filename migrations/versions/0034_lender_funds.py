"""What the lender puts in at the rails himself, and takes out: an account of its own."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO ledger_accounts (code, name, type, normal_side) VALUES"
        " ('lender_funds', 'Money of the lender himself', 'liability', 'credit')"
        " ON CONFLICT (code) DO NOTHING"
    )


def downgrade() -> None:
    """The chart only grows: the account may stay."""
