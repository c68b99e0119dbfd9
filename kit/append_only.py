"""SQL that keeps tables append-only, however somebody writes to them."""

from collections.abc import Sequence

from sqlalchemy import FromClause, Table, UniqueConstraint

Keys = Sequence[Sequence[str]]


def keys_of(table: FromClause) -> Keys:
    """The columns of each key of which there may be one row."""
    assert isinstance(table, Table)
    unique = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    return sorted(
        tuple(column.name for column in each.columns) for each in (table.primary_key, *unique)
    )


def statements(
    dialect_name: str, table: str, *, keys: Keys = (), refusal: str, message: str
) -> list[str]:
    """What to execute after the table exists. Repeating it is harmless.

    `refusal` is the name of the function that refuses on PostgreSQL, one for each `message`.
    `keys` close INSERT OR REPLACE on SQLite, which takes rows away without a delete trigger.
    """
    if dialect_name == "postgresql":
        return [
            f"CREATE OR REPLACE FUNCTION {refusal}() RETURNS trigger LANGUAGE plpgsql AS "
            # The class of constraint violations, so that drivers raise the same error as on SQLite.
            f"$body$ BEGIN RAISE EXCEPTION '{message}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $body$",
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {refusal}()",
        ]
    made = [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for verb in ("update", "delete")
    ]
    if keys:
        made += [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table}"
            f" WHEN {is_taken(table, keys)} BEGIN SELECT RAISE(ABORT, '{message}'); END",
            numbers_rows_itself(table, message),
        ]
    return made


def left_alone(table: str, keys: Keys, message: str) -> list[str]:
    """Triggers of SQLite by which INSERT OR REPLACE does nothing to what is there.

    For rows that may be brought again: a refusal would come before ON CONFLICT DO NOTHING.
    """
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table}"
        f" WHEN {is_taken(table, keys)} BEGIN SELECT RAISE(IGNORE); END",
        numbers_rows_itself(table, message),
    ]


def is_taken(table: str, keys: Keys) -> str:
    """For a trigger of SQLite before an insertion: the row would take another one's place."""
    found = [
        " AND ".join(f"{column} = NEW.{column}" for column in map(quoted, key)) for key in keys
    ]
    tests = [f"EXISTS (SELECT 1 FROM {table} WHERE {each})" for each in found]
    # Where no number is given, SQLite says -1 here.
    number = f"NEW.rowid > 0 AND EXISTS (SELECT 1 FROM {table} WHERE rowid = NEW.rowid)"
    return " OR ".join([*tests, number])


def numbers_rows_itself(table: str, message: str) -> str:
    """SQLite numbers rows from 1. What somebody numbers less could not be told from a new row."""
    return (
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_number AFTER INSERT ON {table}"
        f" WHEN NEW.rowid < 1 BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def quoted(column: str) -> str:
    """`key` and `on` are words of SQL."""
    return f'"{column}"'
