"""Money on its way, and accounts of a loan that may not end below nothing."""

import sqlalchemy as sa
from alembic import op

import kit.db
from servicing.ledger import triggers

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = ("ledger_resolutions", "ledger_pendings", "ledger_loan_balances", "ledger_floors")
_KEPT = """
INSERT INTO ledger_loan_balances (loan_id, account, currency, net_minor)
SELECT loan_id, account, currency,
       sum(CASE WHEN side = normal_side THEN amount_minor ELSE -amount_minor END)
FROM (
    SELECT loan_id, debit AS account, 'debit' AS side, currency, amount_minor FROM ledger_lines
    UNION ALL
    SELECT loan_id, credit, 'credit', currency, amount_minor FROM ledger_lines
) AS moved
JOIN ledger_accounts ON ledger_accounts.code = moved.account
WHERE loan_id IS NOT NULL AND account IN (
    'loan_principal', 'interest_receivable', 'fees_receivable', 'penalties_receivable',
    'borrower_credit'
)
GROUP BY loan_id, account, currency
"""
_SENT = """
INSERT INTO ledger_pendings
    (id, reference, event, debit, credit, amount_minor, currency, loan_id, created_at)
SELECT id, 'disbursement:' || {id}, 'principal_disbursed', 'loan_principal',
       CASE rail WHEN 'iso20022' THEN 'cash_bank' WHEN 'mpesa' THEN 'cash_mpesa'
                 WHEN 'gsma' THEN 'cash_momo' ELSE 'cash_wallet' END,
       amount_minor, currency, loan_id, created_at
FROM payouts
WHERE status IN ('submitting', 'pending', 'unknown', 'needs_review')
   OR status = 'created' AND tries > 0
"""
_SQLITE_ID = " || '-' || ".join(
    f"substr(id, {start}, {length})"
    for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)


def upgrade() -> None:
    _balances()
    _pendings()
    dialect = op.get_bind().dialect.name
    # Their triggers refuse whatever does not follow from a line.
    op.execute(triggers.FLOOR)
    op.execute(_KEPT)
    op.execute(_SENT.format(id=_SQLITE_ID if dialect == "sqlite" else "id"))
    for statement in (*triggers.of_balances(dialect), *triggers.of_pendings(dialect)):
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_lines_balances ON ledger_lines")
    else:
        for name in ("floors", "debit_balance", "credit_balance"):
            op.execute(f"DROP TRIGGER ledger_lines_{name}")
    for table in _TABLES:
        op.drop_table(table)


def _balances() -> None:
    op.create_table(
        "ledger_floors",
        sa.Column("holds", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("holds", name=op.f("pk_ledger_floors")),
    )
    op.create_table(
        "ledger_loan_balances",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        # What the triggers name: 0027 adds it where this table was made without it.
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column(
            "is_covered",
            sa.Integer(),
            sa.Computed("CASE WHEN net_minor >= 0 THEN 1 ELSE 0 END", persisted=True),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account"], ["ledger_accounts.code"], name=op.f("fk_ledger_loan_balances_account")
        ),
        sa.ForeignKeyConstraint(
            ["is_covered"],
            ["ledger_floors.holds"],
            name=op.f("fk_ledger_loan_balances_is_covered"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("loan_id", "account", name=op.f("pk_ledger_loan_balances")),
    )


def _pendings() -> None:
    op.create_table(
        "ledger_pendings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("event", sa.String(60), nullable=False),
        sa.Column("debit", sa.String(60), nullable=False),
        sa.Column("credit", sa.String(60), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_pendings_amount_is_positive")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_pendings_accounts_differ")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_ledger_pendings_currency_is_iso")),
        sa.ForeignKeyConstraint(
            ["credit"], ["ledger_accounts.code"], name=op.f("fk_ledger_pendings_credit")
        ),
        sa.ForeignKeyConstraint(
            ["debit"], ["ledger_accounts.code"], name=op.f("fk_ledger_pendings_debit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_pendings")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_pendings_reference")),
    )
    op.create_table(
        "ledger_resolutions",
        sa.Column("pending_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_resolutions_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["pending_id"], ["ledger_pendings.id"], name=op.f("fk_ledger_resolutions_pending_id")
        ),
        sa.PrimaryKeyConstraint("pending_id", name=op.f("pk_ledger_resolutions")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_resolutions_entry_id")),
    )
