"""SQL that keeps what decisions were made by: such rows are never changed nor taken away."""

from kit import append_only as kept
from kit.append_only import Keys

NEVER_CHANGED = "what decided is never changed: register another one"


def append_only(dialect_name: str, table: str, keys: Keys = ()) -> list[str]:
    """What to execute after the table exists. Repeating it is harmless.

    With `keys`, INSERT OR REPLACE in SQLite does nothing to what is there.
    """
    made = kept.statements(dialect_name, table, refusal="risk_refuse_change", message=NEVER_CHANGED)
    if keys and dialect_name == "sqlite":
        made += kept.left_alone(table, keys, NEVER_CHANGED)
    return made
