"""The tables of the ledger: accounts, lines, entries and checkpoints."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from api import exports
from api.exports import Column, Fetch, Table
from kit.money import Money
from servicing.ledger import reading, sealing
from servicing.ledger.balances import Balance
from servicing.ledger.chart import CHART, TYPE_OF, Account
from servicing.ledger.models import Checkpoint, Entry, Line
from servicing.ledger.reading import Movement

NAME_OF = {each.account: each.name for each in CHART}

TRIAL_BALANCE: Table[Balance] = Table(
    "trial-balance",
    (
        Column(
            "Account",
            lambda row: row.account,
            lambda row: f"/console/ledger/accounts/{row.account}?currency={row.currency}",
        ),
        Column("Name", lambda row: NAME_OF[row.account]),
        Column("Type", lambda row: TYPE_OF[row.account]),
        Column("Currency", lambda row: row.currency),
        Column("Debit", lambda row: Money(row.debit_minor, row.currency)),
        Column("Credit", lambda row: Money(row.credit_minor, row.currency)),
        Column("Balance", lambda row: Money(row.net_minor, row.currency)),
    ),
)

MOVEMENTS: Table[Movement] = Table(
    "account",
    (
        Column("Date", lambda row: row.entry.posted_on),
        Column(
            "Entry",
            lambda row: row.entry.reference,
            lambda row: f"/console/ledger/entries/{row.entry.id}",
        ),
        Column("Event", lambda row: row.line.event),
        Column("Other account", lambda row: row.other),
        Column("Debit", lambda row: row.debit),
        Column("Credit", lambda row: row.credit),
        Column("Balance", lambda row: row.balance),
        Column("Currency", lambda row: row.line.currency),
    ),
)

LINES: Table[tuple[Line, Entry]] = Table(
    "entries",
    (
        Column("Date", lambda row: row[1].posted_on),
        Column(
            "Entry",
            lambda row: row[1].reference,
            lambda row: f"/console/ledger/entries/{row[1].id}",
        ),
        Column("Kind", lambda row: row[1].kind),
        Column("Event", lambda row: row[0].event),
        Column("Debit", lambda row: row[0].debit),
        Column("Credit", lambda row: row[0].credit),
        Column("Amount", lambda row: row[0].amount),
        Column("Currency", lambda row: row[0].currency),
    ),
)

JOURNAL: Table[tuple[Line, Entry]] = Table(
    "journal",
    (
        *LINES.columns,
        Column(
            "Loan",
            lambda row: str(row[0].loan_id) if row[0].loan_id else None,
            lambda row: f"/console/loans/{row[0].loan_id}" if row[0].loan_id else None,
        ),
    ),
)

ENTRY: Table[tuple[Line, Entry]] = Table("entry", LINES.columns[3:])

CHECKPOINTS: Table[Checkpoint] = Table(
    "checkpoints",
    (
        Column("Entries", lambda row: row.size, lambda row: f"/console/seals/{row.size}"),
        Column("Root", lambda row: row.note.split("\n")[2]),
        Column("Signed", lambda row: row.created_at),
    ),
)


def movements_of(
    account: Account, currency: str, since: date | None, until: date | None
) -> Fetch[Movement]:
    async def fetch(session: AsyncSession, last: Movement | None) -> Sequence[Movement]:
        return await reading.list_movements(
            session, account, currency, since=since, until=until,
            after=last.id if last else None, stands_minor=last.balance_minor if last else None,
            limit=exports.PAGE,
        )  # fmt: skip

    return fetch


def lines_of(since: date | None, until: date | None) -> Fetch[tuple[Line, Entry]]:
    async def fetch(
        session: AsyncSession, last: tuple[Line, Entry] | None
    ) -> Sequence[tuple[Line, Entry]]:
        after = last[0].id if last else None
        return await reading.list_lines(
            session, since=since, until=until, after=after, limit=exports.PAGE
        )

    return fetch


def checkpoints() -> Fetch[Checkpoint]:
    async def fetch(session: AsyncSession, last: Checkpoint | None) -> Sequence[Checkpoint]:
        before = last.size if last is not None else None
        return await sealing.list_checkpoints(session, before=before, limit=exports.PAGE)

    return fetch
