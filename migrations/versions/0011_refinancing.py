"""An account for debts on their way from one loan to another."""

from alembic import op

from servicing.ledger import chart

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in chart.statements():
        op.execute(statement)


def downgrade() -> None:
    # Refused by the database while a loan was refinanced: its lines name the account.
    op.execute("DELETE FROM ledger_accounts WHERE code = 'refinancing'")
