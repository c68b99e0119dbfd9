"""What is never changed cannot be replaced either; money is whole, of its loan and of its name."""

from alembic import op

from kit import audit
from servicing.ledger import triggers

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_ID = [("id",)]
# In the order in which whoever posts writes them: then neither waits for the other in a ring.
_AS_POSTED = "LOCK TABLE loan_events, ledger_lines, ledger_entries IN SHARE ROW EXCLUSIVE MODE"
_REWRITTEN = (
    "ledger_accounts_no_replace",
    "ledger_entries_no_replace",
    "ledger_lines_no_replace",
    "ledger_seals_no_replace",
    "ledger_checkpoints_no_replace",
    "ledger_pendings_no_replace",
    "ledger_resolutions_no_replace",
    "ledger_resolutions_posts_same",
    "ledger_loan_balances_by_line_insert",
    "ledger_loan_balances_by_line_update",
)


def upgrade() -> None:
    """What stands in the books stays as it is: the rules are for what is written from now on."""
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute(_AS_POSTED)
    else:
        for name in _REWRITTEN:
            op.execute(f"DROP TRIGGER IF EXISTS {name}")
    for statement in (
        *triggers.statements(dialect),
        *triggers.of_chart(dialect),
        *triggers.of_seals(dialect),
        *triggers.of_floors(dialect),
        *triggers.of_balances(dialect),
        *triggers.of_pendings(dialect),
        *triggers.append_only(
            dialect, "loan_events", [("id",), ("loan_id", "key"), ("loan_id", "seq")]
        ),
        *triggers.only_whole(dialect, "loan_events", "amount_minor"),
        *triggers.append_only(dialect, "funding_movements", _ID),
        *triggers.only_whole(dialect, "funding_movements", "amount_minor", "interest_minor"),
        *audit.triggers(dialect, _ID),
    ):
        op.execute(statement)


def downgrade() -> None:
    """What names tables that earlier migrations take away goes. All else may stay."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_entries_not_void ON ledger_entries")
        op.execute("DROP TRIGGER audit_events_append_only ON audit_events")
        return
    for name in (
        "ledger_entries_not_void",
        *(f"audit_events_no_{verb}" for verb in ("update", "delete", "replace", "number")),
    ):
        op.execute(f"DROP TRIGGER {name}")
