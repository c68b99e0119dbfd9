"""Balances move by lines alone, floors stay where they are, and the chart only grows."""

import sqlalchemy as sa
from alembic import op

from servicing.ledger import triggers

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    dialect = connection.dialect.name
    columns = sa.inspect(connection).get_columns("ledger_loan_balances")
    if "line_id" not in {column["name"] for column in columns}:
        op.add_column("ledger_loan_balances", sa.Column("line_id", sa.Uuid(), nullable=True))
    if dialect == "sqlite":
        for side in ("debit", "credit"):
            op.execute(f"DROP TRIGGER ledger_lines_{side}_balance")
    for statement in (
        *triggers.of_chart(dialect),
        *triggers.of_floors(dialect),
        *triggers.of_balances(dialect),
    ):
        op.execute(statement)


def downgrade() -> None:
    """Earlier migrations take accounts back. All else that was added may stay."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_accounts_append_only ON ledger_accounts")
        return
    for verb in ("update", "delete", "replace"):
        op.execute(f"DROP TRIGGER ledger_accounts_no_{verb}")
