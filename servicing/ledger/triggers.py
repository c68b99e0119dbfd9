"""SQL that keeps the ledger append-only and its entries whole, in both dialects.

An entry is written after its lines. So two triggers on insertion say all there is to say: an entry
must have lines, and a line must not join an entry that is already there.
"""

_TABLES = ("ledger_entries", "ledger_lines")
NEVER_CHANGED = "ledger rows are never changed: post a reversal"
NEEDS_LINES = "a ledger entry needs its lines first"
IS_COMPLETE = "a line cannot join an entry that is already written"
_NO_LINES = "NOT EXISTS (SELECT 1 FROM ledger_lines WHERE entry_id = NEW.id)"
_JOINED = "EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.entry_id)"


def statements(dialect_name: str) -> list[str]:
    """What to execute, one by one, after both tables exist. Repeating it is harmless."""
    return _postgresql() if dialect_name == "postgresql" else _sqlite()


def append_only(dialect_name: str, table: str) -> list[str]:
    """For a table beside the ledger of which nothing may be changed or taken away either."""
    if dialect_name == "postgresql":
        refuse = _function("ledger_refuse_change", _raise(NEVER_CHANGED))
        return [refuse, _postgresql_append_only(table)]
    return [
        _sqlite_trigger(f"{table}_no_{verb}", verb.upper(), table, "1", NEVER_CHANGED)
        for verb in ("update", "delete")
    ]


def of_seals(dialect_name: str) -> list[str]:
    """For the chain, the tree and the checkpoints, after both tables exist."""
    tables = ("ledger_seals", "ledger_checkpoints")
    made = [statement for table in tables for statement in append_only(dialect_name, table)]
    if dialect_name == "sqlite":
        taken = "EXISTS (SELECT 1 FROM ledger_seals WHERE seq = NEW.seq OR entry_id = NEW.entry_id)"
        signed = "EXISTS (SELECT 1 FROM ledger_checkpoints WHERE size = NEW.size)"
        made += [
            _sqlite_trigger(f"{table}_no_replace", "INSERT", table, when, NEVER_CHANGED)
            for table, when in zip(tables, (taken, signed), strict=True)
        ]
    return made


def _sqlite() -> list[str]:
    made = [statement for table in _TABLES for statement in append_only("sqlite", table)]
    # INSERT OR REPLACE deletes without firing delete triggers: refuse a taken key before that.
    replaced = (
        "EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.id OR reference = NEW.reference"
        " OR reverses_id = NEW.reverses_id)"
    )
    line_replaced = "EXISTS (SELECT 1 FROM ledger_lines WHERE id = NEW.id)"
    return [
        *made,
        _sqlite_trigger("ledger_entries_whole", "INSERT", "ledger_entries", _NO_LINES, NEEDS_LINES),
        _sqlite_trigger(
            "ledger_entries_no_replace", "INSERT", "ledger_entries", replaced, NEVER_CHANGED
        ),
        _sqlite_trigger("ledger_lines_closed", "INSERT", "ledger_lines", _JOINED, IS_COMPLETE),
        _sqlite_trigger(
            "ledger_lines_no_replace", "INSERT", "ledger_lines", line_replaced, NEVER_CHANGED
        ),
    ]


def _sqlite_trigger(name: str, verb: str, table: str, when: str, message: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _postgresql() -> list[str]:
    made = [
        _function("ledger_refuse_change", _raise(NEVER_CHANGED)),
        _function(
            "ledger_entry_is_whole",
            f"IF {_NO_LINES} THEN {_raise(NEEDS_LINES)} END IF; RETURN NEW;",
        ),
        _function(
            "ledger_line_is_first", f"IF {_JOINED} THEN {_raise(IS_COMPLETE)} END IF; RETURN NEW;"
        ),
    ]
    made += [_postgresql_append_only(table) for table in _TABLES]
    return [
        *made,
        "CREATE OR REPLACE TRIGGER ledger_entries_whole BEFORE INSERT ON ledger_entries "
        "FOR EACH ROW EXECUTE FUNCTION ledger_entry_is_whole()",
        "CREATE OR REPLACE TRIGGER ledger_lines_closed BEFORE INSERT ON ledger_lines "
        "FOR EACH ROW EXECUTE FUNCTION ledger_line_is_first()",
    ]


def _postgresql_append_only(table: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
    )


def _function(name: str, body: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$body$ BEGIN {body} END $body$"
    )


def _raise(message: str) -> str:
    # The class of constraint violations, so that drivers raise the same error as on SQLite.
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
