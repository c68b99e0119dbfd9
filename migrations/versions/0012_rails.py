"""Several rails: which one moves the money, and the cash that each of them holds."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = ("loans", "payouts", "payment_requests", "repayments", "suspense_items")
_CASH = {
    "cash_bank": "Money held at the bank",
    "cash_mpesa": "Money held at M-Pesa",
    "cash_momo": "Money held at a mobile money provider",
    "cash_telegram": "Money held for Telegram Payments",
}


def upgrade() -> None:
    for table in _TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("rail", sa.String(40), nullable=True))
    for code, name in _CASH.items():
        op.execute(
            sa.text(
                "INSERT INTO ledger_accounts (code, name, type, normal_side)"
                " VALUES (:code, :name, 'asset', 'debit') ON CONFLICT (code) DO NOTHING"
            ).bindparams(code=code, name=name)
        )


def downgrade() -> None:
    # Refused by the database where there is money on them: that cannot be said without them.
    for code in _CASH:
        op.execute(sa.text("DELETE FROM ledger_accounts WHERE code = :code").bindparams(code=code))
    for table in _TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("rail")
