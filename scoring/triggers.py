"""SQL that keeps what decisions were made by: such rows are never changed nor taken away."""

from kit import append_only as kept

NEVER_CHANGED = "what decided is never changed: register another one"


def append_only(dialect_name: str, table: str) -> list[str]:
    """What to execute after the table exists. Repeating it is harmless."""
    return kept.statements(dialect_name, table, refusal="risk_refuse_change", message=NEVER_CHANGED)
