"""Statements line by line, what became of each break, and who paid without a valid reference."""

from typing import Any

import sqlalchemy as sa
from alembic import op

import kit.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INSTANT = kit.db.UtcDateTime(timezone=True)
_NEW: dict[str, list[sa.Column[Any]]] = {
    "rail_events": [sa.Column("rail_id", sa.String(80), nullable=True)],
    "suspense_items": [
        sa.Column("written", sa.String(80), nullable=True),
        sa.Column("payer_index", sa.String(64), nullable=True),
    ],
    "reconciliation_runs": [
        sa.Column("late", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("opening_minor", sa.BigInteger(), nullable=True),
        sa.Column("closing_minor", sa.BigInteger(), nullable=True),
    ],
    "reconciliation_breaks": [
        sa.Column("told", sa.String(40), nullable=True),
        sa.Column("resolution", sa.String(20), nullable=True),
    ],
}


def upgrade() -> None:
    for table, columns in _NEW.items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.add_column(column)
    op.create_index("ix_rail_events_rail_id", "rail_events", ["rail_id"])
    # Whoever had resolved a break had explained it.
    op.execute(
        "UPDATE reconciliation_breaks SET resolution = 'explained' WHERE resolved_at IS NOT NULL"
    )
    op.create_table(
        "statement_lines",
        sa.Column("rail", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("rail_id", sa.String(120), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("direction", sa.String(60), nullable=False),
        sa.Column("status", sa.String(60), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_lines")),
        sa.UniqueConstraint("rail", "day", "n", name=op.f("uq_statement_lines_rail_day_n")),
    )
    op.create_index("ix_statement_lines_key", "statement_lines", ["rail", "key"])
    op.create_table(
        "refunds",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("client_ref", sa.String(64), nullable=False),
        sa.Column("rail", sa.String(40), nullable=True),
        sa.Column("status", sa.String(60), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ask_at", _INSTANT, nullable=True),
        sa.Column("rail_id", sa.String(80), nullable=True),
        sa.Column("failure_code", sa.String(60), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("submitted_at", _INSTANT, nullable=True),
        sa.Column("settled_at", _INSTANT, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount_is_positive")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["suspense_items.id"], name=op.f("fk_refunds_item_id_suspense_items")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_refunds_loan_id_loans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("client_ref", name=op.f("uq_refunds_client_ref")),
    )
    for name in ("ask_at", "loan_id", "status"):
        op.create_index(f"ix_refunds_{name}", "refunds", [name])
    live = sa.text("status NOT IN ('failed', 'returned')")
    op.create_index(
        "uq_refunds_live",
        "refunds",
        ["item_id"],
        unique=True,
        postgresql_where=live,
        sqlite_where=live,
    )
    op.execute(
        "INSERT INTO ledger_accounts (code, name, type, normal_side)"
        " VALUES ('rail_differences', 'Lost and charged at the rails', 'expense', 'debit')"
        " ON CONFLICT (code) DO NOTHING"
    )


def downgrade() -> None:
    # Refused by the database where a difference was posted: that cannot be said without it.
    op.execute("DELETE FROM ledger_accounts WHERE code = 'rail_differences'")
    op.drop_table("refunds")
    op.drop_table("statement_lines")
    op.drop_index("ix_rail_events_rail_id", "rail_events")
    for table, columns in _NEW.items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.drop_column(column.name)
