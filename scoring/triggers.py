"""SQL that keeps what decisions were made by: such rows are never changed nor taken away."""

from kit import append_only as kept
from kit.append_only import Keys

NEVER_CHANGED = "what decided is never changed: register another one"


def append_only(dialect_name: str, table: str, keys: Keys = ()) -> list[str]:
    """What to execute after the table exists. Repeating it is harmless."""
    return kept.statements(
        dialect_name, table, keys=keys, refusal="risk_refuse_change", message=NEVER_CHANGED
    )
