"""SQL that keeps the ledger append-only and its entries whole, in both dialects.

An entry is written after its lines. So two triggers on insertion say all there is to say: an entry
must have lines, of its own loan, and a line must not join an entry that is already there.
"""

from kit import append_only as kept
from kit.append_only import Keys
from servicing.ledger.chart import FLOORED, Side, side_of

NEVER_CHANGED = "ledger rows are never changed: post a reversal"
NEEDS_LINES = "a ledger entry needs its lines first"
FLOOR = "INSERT INTO ledger_floors (holds) VALUES (1) ON CONFLICT (holds) DO NOTHING"
POSTS_SAME = "money on its way is posted by an entry of its name that moves just as much of it"
IS_POSTED = "what is posted is not void"
IS_VOID = "what is void is not posted"
OTHER_LOAN = "a line is of the loan of its entry"
NEEDS_LOAN = "what is owed, and borrower credit, is of a loan"
IS_WHOLE = "money is whole minor units"
ONE_CURRENCY = "a loan has one currency"
ONLY_BY_LINES = "balances follow from ledger lines"
NEEDS_FLOORS = "PRAGMA foreign_keys=ON comes before a line of the ledger"
ONE_FLOOR = "the floor is nothing, for all loans"
IS_COMPLETE = "a line cannot join an entry that is already written"
_NO_LINES = "NOT EXISTS (SELECT 1 FROM ledger_lines WHERE entry_id = NEW.id)"
_FLOORED = ", ".join(f"'{account}'" for account in FLOORED)
_POSTS_OTHER = (
    "NEW.entry_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_pendings AS pending"
    " JOIN ledger_entries AS entry ON entry.reference = pending.reference"
    " WHERE pending.id = NEW.pending_id AND entry.id = NEW.entry_id AND pending.amount_minor ="
    " (SELECT sum(line.amount_minor) FROM ledger_lines AS line"
    " WHERE line.entry_id = NEW.entry_id AND line.credit = pending.credit"
    " AND line.currency = pending.currency))"
)
_VOIDS_POSTED = (
    "NEW.entry_id IS NULL AND EXISTS (SELECT 1 FROM ledger_pendings AS pending"
    " JOIN ledger_entries AS entry ON entry.reference = pending.reference"
    " WHERE pending.id = NEW.pending_id)"
)
_POSTS_VOID = (
    "EXISTS (SELECT 1 FROM ledger_pendings AS pending"
    " JOIN ledger_resolutions AS ended ON ended.pending_id = pending.id"
    " WHERE pending.reference = NEW.reference AND ended.entry_id IS NULL)"
)
_OF_ANOTHER = (
    "EXISTS (SELECT 1 FROM ledger_lines WHERE entry_id = NEW.id AND loan_id IS NOT NEW.loan_id)"
)
_JOINED = "EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.entry_id)"


def statements(dialect_name: str) -> list[str]:
    """What to execute, one by one, after both tables exist. Repeating it is harmless."""
    return _postgresql() if dialect_name == "postgresql" else _sqlite()


def append_only(dialect_name: str, table: str, keys: Keys = ()) -> list[str]:
    """For a table beside the ledger of which nothing may be changed or taken away either."""
    return kept.statements(
        dialect_name, table, keys=keys, refusal="ledger_refuse_change", message=NEVER_CHANGED
    )


def only_whole(dialect_name: str, table: str, *columns: str) -> list[str]:
    """SQLite keeps fractions, text and bytes in columns of numbers too; PostgreSQL never does."""
    if dialect_name == "postgresql":
        return []
    broken = " OR ".join(f"typeof(NEW.{column}) <> 'integer'" for column in columns)
    return [_sqlite_trigger(f"{table}_whole_money", "INSERT", table, broken, IS_WHOLE)]


def of_seals(dialect_name: str) -> list[str]:
    """For the chain, the tree and the checkpoints, after both tables exist."""
    return [
        *append_only(dialect_name, "ledger_seals", [("seq",), ("entry_id",)]),
        *append_only(dialect_name, "ledger_checkpoints", [("size",)]),
    ]


def of_pendings(dialect_name: str) -> list[str]:
    """For money on its way, after both tables exist."""
    made = [
        *append_only(dialect_name, "ledger_pendings", [("id",), ("reference",)]),
        *append_only(dialect_name, "ledger_resolutions", [("pending_id",), ("entry_id",)]),
        *only_whole(dialect_name, "ledger_pendings", "amount_minor"),
    ]
    if dialect_name == "postgresql":
        check = (
            f"IF {_POSTS_OTHER} THEN {_raise(POSTS_SAME)} END IF;"
            f" IF {_VOIDS_POSTED} THEN {_raise(IS_POSTED)} END IF; RETURN NEW;"
        )
        late = f"IF {_POSTS_VOID} THEN {_raise(IS_VOID)} END IF; RETURN NEW;"
        return [
            *made,
            _function("ledger_resolution_posts_same", check),
            "CREATE OR REPLACE TRIGGER ledger_resolutions_posts_same BEFORE INSERT ON"
            " ledger_resolutions FOR EACH ROW EXECUTE FUNCTION ledger_resolution_posts_same()",
            _function("ledger_entry_is_not_void", late),
            "CREATE OR REPLACE TRIGGER ledger_entries_not_void BEFORE INSERT ON ledger_entries"
            " FOR EACH ROW EXECUTE FUNCTION ledger_entry_is_not_void()",
        ]
    refusals = (
        ("ledger_resolutions_posts_same", "ledger_resolutions", _POSTS_OTHER, POSTS_SAME),
        ("ledger_resolutions_not_posted", "ledger_resolutions", _VOIDS_POSTED, IS_POSTED),
        ("ledger_entries_not_void", "ledger_entries", _POSTS_VOID, IS_VOID),
    )
    return made + [
        _sqlite_trigger(name, "INSERT", table, when, message)
        for name, table, when, message in refusals
    ]


def of_chart(dialect_name: str) -> list[str]:
    """The chart may grow. In SQLite, INSERT OR REPLACE does nothing to what is there."""
    made = append_only(dialect_name, "ledger_accounts")
    if dialect_name == "sqlite":
        made += kept.left_alone("ledger_accounts", [("code",)], NEVER_CHANGED)
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
            "ledger_lines_of_loan", "INSERT", "ledger_lines",
            f"NEW.loan_id IS NULL AND (NEW.debit IN ({_FLOORED}) OR NEW.credit IN ({_FLOORED}))",
            NEEDS_LOAN,
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
                f"typeof(NEW.net_minor) <> 'integer' OR {misplaced}"
                f" OR NOT EXISTS ({by_line}) OR EXISTS ({taken})", ONLY_BY_LINES,
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
    loose = (
        "SELECT 1 FROM moved"
        f" WHERE loan_id IS NULL AND (debit IN ({_FLOORED}) OR credit IN ({_FLOORED}))"
    )
    keep = (
        f"IF EXISTS ({loose}) THEN {_raise(NEEDS_LOAN)} END IF;"
        f" IF EXISTS ({other}) THEN {_raise(ONE_CURRENCY)} END IF;"
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
    return [
        *_append_only("sqlite"),
        *only_whole("sqlite", "ledger_lines", "amount_minor"),
        _sqlite_trigger("ledger_entries_whole", "INSERT", "ledger_entries", _NO_LINES, NEEDS_LINES),
        _sqlite_trigger(
            "ledger_entries_of_loan", "INSERT", "ledger_entries", _OF_ANOTHER, OTHER_LOAN
        ),
        _sqlite_trigger("ledger_lines_closed", "INSERT", "ledger_lines", _JOINED, IS_COMPLETE),
    ]


def _append_only(dialect_name: str) -> list[str]:
    keys = ("id",), ("reference",), ("reverses_id",)
    return [
        *append_only(dialect_name, "ledger_entries", keys),
        *append_only(dialect_name, "ledger_lines", [("id",)]),
    ]


def _sqlite_trigger(name: str, verb: str, table: str, when: str, message: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _postgresql() -> list[str]:
    # One look at the lines answers both questions: this is asked for every entry.
    whole = (
        "SELECT bool_or(loan_id IS DISTINCT FROM NEW.loan_id) INTO is_of_another"
        " FROM ledger_lines WHERE entry_id = NEW.id;"
        f" IF is_of_another IS NULL THEN {_raise(NEEDS_LINES)} END IF;"
        f" IF is_of_another THEN {_raise(OTHER_LOAN)} END IF; RETURN NEW;"
    )
    return [
        *_append_only("postgresql"),
        _function("ledger_entry_is_whole", whole, declares="is_of_another boolean;"),
        _function(
            "ledger_line_is_first", f"IF {_JOINED} THEN {_raise(IS_COMPLETE)} END IF; RETURN NEW;"
        ),
        "CREATE OR REPLACE TRIGGER ledger_entries_whole BEFORE INSERT ON ledger_entries "
        "FOR EACH ROW EXECUTE FUNCTION ledger_entry_is_whole()",
        "CREATE OR REPLACE TRIGGER ledger_lines_closed BEFORE INSERT ON ledger_lines "
        "FOR EACH ROW EXECUTE FUNCTION ledger_line_is_first()",
    ]


def _function(name: str, body: str, *, declares: str = "") -> str:
    declared = f"DECLARE {declares} " if declares else ""
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$body$ {declared}BEGIN {body} END $body$"
    )


def _raise(message: str) -> str:
    # The class of constraint violations, so that drivers raise the same error as on SQLite.
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
