"""SQL that keeps the ledger append-only and its entries whole, in both dialects.

An entry is written after its lines. So two triggers on insertion say all there is to say: an entry
must have lines, and a line must not join an entry that is already there.
"""

from servicing.ledger.chart import FLOORED, Side, side_of

_TABLES = ("ledger_entries", "ledger_lines")
NEVER_CHANGED = "ledger rows are never changed: post a reversal"
NEEDS_LINES = "a ledger entry needs its lines first"
FLOOR = "INSERT INTO ledger_floors (holds) VALUES (1) ON CONFLICT (holds) DO NOTHING"
POSTS_SAME = "money on its way is posted by an entry that moves just as much of it"
ONE_CURRENCY = "a loan has one currency"
ONLY_BY_LINES = "balances follow from ledger lines"
NEEDS_FLOORS = "PRAGMA foreign_keys=ON comes before a line of the ledger"
ONE_FLOOR = "the floor is nothing, for all loans"
IS_COMPLETE = "a line cannot join an entry that is already written"
_NO_LINES = "NOT EXISTS (SELECT 1 FROM ledger_lines WHERE entry_id = NEW.id)"
_FLOORED = ", ".join(f"'{account}'" for account in FLOORED)
_POSTS_OTHER = (
    "NEW.entry_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_pendings AS pending"
    " WHERE pending.id = NEW.pending_id AND pending.amount_minor ="
    " (SELECT sum(line.amount_minor) FROM ledger_lines AS line"
    " WHERE line.entry_id = NEW.entry_id AND line.credit = pending.credit"
    " AND line.currency = pending.currency))"
)
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


def of_pendings(dialect_name: str) -> list[str]:
    """For money on its way, after both tables exist."""
    tables = ("ledger_pendings", "ledger_resolutions")
    made = [statement for table in tables for statement in append_only(dialect_name, table)]
    if dialect_name == "postgresql":
        check = f"IF {_POSTS_OTHER} THEN {_raise(POSTS_SAME)} END IF; RETURN NEW;"
        return [
            *made,
            _function("ledger_resolution_posts_same", check),
            "CREATE OR REPLACE TRIGGER ledger_resolutions_posts_same BEFORE INSERT ON"
            " ledger_resolutions FOR EACH ROW EXECUTE FUNCTION ledger_resolution_posts_same()",
        ]
    known = "EXISTS (SELECT 1 FROM ledger_pendings WHERE id = NEW.id OR reference = NEW.reference)"
    resolved = (
        "EXISTS (SELECT 1 FROM ledger_resolutions"
        " WHERE pending_id = NEW.pending_id OR entry_id = NEW.entry_id)"
    )
    refusals = (
        ("ledger_pendings_no_replace", "ledger_pendings", known, NEVER_CHANGED),
        ("ledger_resolutions_no_replace", "ledger_resolutions", resolved, NEVER_CHANGED),
        ("ledger_resolutions_posts_same", "ledger_resolutions", _POSTS_OTHER, POSTS_SAME),
    )
    return made + [
        _sqlite_trigger(name, "INSERT", table, when, message)
        for name, table, when, message in refusals
    ]


def of_chart(dialect_name: str) -> list[str]:
    """The chart may grow. In SQLite, INSERT OR REPLACE does nothing to what is there."""
    made = append_only(dialect_name, "ledger_accounts")
    if dialect_name == "sqlite":
        made.append(
            "CREATE TRIGGER IF NOT EXISTS ledger_accounts_no_replace BEFORE INSERT ON"
            " ledger_accounts WHEN EXISTS (SELECT 1 FROM ledger_accounts WHERE code = NEW.code)"
            " BEGIN SELECT RAISE(IGNORE); END"
        )
    return made


def of_floors(dialect_name: str) -> list[str]:
    made = [FLOOR, *append_only(dialect_name, "ledger_floors")]
    if dialect_name == "sqlite":
        other = _sqlite_trigger(
            "ledger_floors_one", "INSERT", "ledger_floors", "NEW.holds <> 1", ONE_FLOOR
        )
        return [*made, other]
    return [
        *made,
        _function("ledger_refuse_floor", _raise(ONE_FLOOR)),
        "CREATE OR REPLACE TRIGGER ledger_floors_one BEFORE INSERT ON ledger_floors"
        " FOR EACH ROW WHEN (NEW.holds <> 1) EXECUTE FUNCTION ledger_refuse_floor()",
    ]


def of_balances(dialect_name: str) -> list[str]:
    """Balances of loans, kept line by line, after `ledger_lines` and their own table exist."""
    if dialect_name == "postgresql":
        return _postgresql_balances()
    return [
        # Deferred references are not kept on connections that do not ask for it.
        _sqlite_trigger(
            "ledger_lines_floors", "INSERT", "ledger_lines",
            "(SELECT foreign_keys FROM pragma_foreign_keys) = 0", NEEDS_FLOORS,
        ),
        _sqlite_trigger(
            "ledger_loan_balances_no_delete", "DELETE", "ledger_loan_balances", "1", ONLY_BY_LINES
        ),
        *_sqlite_balances_by_lines(),
        *(_sqlite_balance(side) for side in Side),
    ]  # fmt: skip


def _sqlite_balances_by_lines() -> list[str]:
    """Triggers cannot see who asks. So a balance stays with its loan and account, and moves by the
    newest line, by just as much, and by the same line never twice: what a hand could still write,
    the line has written already."""
    signed = " ".join(
        f"WHEN line.{side} = NEW.account THEN {_signed(side, 'line.')}" for side in Side
    )
    rules = []
    elsewhere = "NEW.loan_id <> OLD.loan_id OR NEW.account <> OLD.account"
    for verb, before, misplaced in (
        ("INSERT", "0", f"NEW.account NOT IN ({_FLOORED})"),
        ("UPDATE", "OLD.net_minor", elsewhere),
    ):
        by_line = (
            "SELECT 1 FROM ledger_lines AS line"
            " WHERE line.rowid = (SELECT max(rowid) FROM ledger_lines)"
            " AND line.id = NEW.line_id AND line.loan_id = NEW.loan_id"
            " AND line.currency = NEW.currency"
            f" AND NEW.net_minor - {before} = CASE {signed} END"
        )
        taken = (
            "SELECT 1 FROM ledger_loan_balances WHERE loan_id = NEW.loan_id"
            " AND account = NEW.account AND line_id = NEW.line_id"
        )
        rules.append(
            _sqlite_trigger(
                f"ledger_loan_balances_by_line_{verb.lower()}", verb, "ledger_loan_balances",
                f"{misplaced} OR NOT EXISTS ({by_line}) OR EXISTS ({taken})", ONLY_BY_LINES,
            )
        )  # fmt: skip
    return rules


def _sqlite_balance(side: Side) -> str:
    account = f"NEW.{side}"
    other = (
        "SELECT 1 FROM ledger_loan_balances"
        " WHERE loan_id = NEW.loan_id AND currency <> NEW.currency"
    )
    return (
        f"CREATE TRIGGER IF NOT EXISTS ledger_lines_{side}_balance AFTER INSERT ON ledger_lines"
        f" WHEN NEW.loan_id IS NOT NULL AND {account} IN ({_FLOORED})"
        f" BEGIN SELECT RAISE(ABORT, '{ONE_CURRENCY}') WHERE EXISTS ({other});"
        " INSERT INTO ledger_loan_balances (loan_id, account, currency, net_minor, line_id)"
        f" VALUES (NEW.loan_id, {account}, NEW.currency, {_signed(side, 'NEW.')}, NEW.id)"
        " ON CONFLICT (loan_id, account) DO UPDATE"
        " SET net_minor = net_minor + excluded.net_minor, line_id = excluded.line_id; END"
    )


def _postgresql_balances() -> list[str]:
    moved = " UNION ALL ".join(
        f"SELECT loan_id, {side} AS account, currency, {_signed(side)} AS minor FROM moved"
        f" WHERE loan_id IS NOT NULL AND {side} IN ({_FLOORED})"
        for side in Side
    )
    other = (
        "SELECT 1 FROM moved JOIN ledger_loan_balances USING (loan_id)"
        " WHERE moved.currency <> ledger_loan_balances.currency"
    )
    keep = (
        f"IF EXISTS ({other}) THEN {_raise(ONE_CURRENCY)} END IF;"
        " INSERT INTO ledger_loan_balances AS stands (loan_id, account, currency, net_minor)"
        f" SELECT loan_id, account, currency, sum(minor) FROM ({moved}) AS parts"
        # Always in the same order: whoever comes second waits, and nobody waits in a ring.
        " GROUP BY loan_id, account, currency ORDER BY loan_id, account"
        " ON CONFLICT (loan_id, account)"
        " DO UPDATE SET net_minor = stands.net_minor + excluded.net_minor;"
        " RETURN NULL;"
    )
    only = f"IF pg_trigger_depth() < 2 THEN {_raise(ONLY_BY_LINES)} END IF; RETURN NULL;"
    return [
        _function("ledger_keep_balances", keep),
        "CREATE OR REPLACE TRIGGER ledger_lines_balances AFTER INSERT ON ledger_lines"
        " REFERENCING NEW TABLE AS moved"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances()",
        _function("ledger_only_by_lines", only),
        "CREATE OR REPLACE TRIGGER ledger_loan_balances_only_by_lines"
        " BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger_loan_balances"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_by_lines()",
    ]


def _signed(side: Side, row: str = "") -> str:
    """The amount of a line as it changes the account on one side of it."""
    grows = ", ".join(f"'{account}'" for account in FLOORED if side_of(account) is side)
    amount = f"{row}amount_minor"
    return f"CASE WHEN {row}{side} IN ({grows}) THEN {amount} ELSE -{amount} END"


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
