"""The tables of the ledger: accounts, lines, entries and checkpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api import exports
from api.exports import Column, Fetch, Table
from kit.money import Money
from servicing import queries
from servicing.ledger import reading, sealing
from servicing.ledger.balances import Balance
from servicing.ledger.chart import CHART, TYPE_OF, Account
from servicing.ledger.models import Checkpoint, Entry, Line
from servicing.ledger.reading import Movement

NAME_OF = {each.account: each.name for each in CHART}


@dataclass(frozen=True)
class Posted:
    """A line as a list shows it."""

    line: Line
    entry: Entry
    loan: str | None = None
    """The reference of its loan, where the list is not of one."""


def trial_balance(since: date | None, until: date) -> Table[Balance]:
    """What stands; with a first day what moved, which is no balance."""
    days = {"since": since.isoformat() if since else "", "until": until.isoformat()}

    def page(row: Balance) -> str:
        asked = {"currency": row.currency, **{name: day for name, day in days.items() if day}}
        return f"/console/ledger/accounts/{row.account}?{urlencode(asked)}"

    return Table(
        "trial-balance",
        (
            Column("Account", lambda row: row.account, page),
            Column("Name", lambda row: NAME_OF[row.account]),
            Column("Type", lambda row: TYPE_OF[row.account]),
            Column("Currency", lambda row: row.currency),
            Column("Debit", lambda row: Money(row.debit_minor, row.currency)),
            Column("Credit", lambda row: Money(row.credit_minor, row.currency)),
            Column(
                "Change" if since else "Balance", lambda row: Money(row.net_minor, row.currency)
            ),
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

LINES: Table[Posted] = Table(
    "entries",
    (
        Column("Date", lambda row: row.entry.posted_on),
        Column(
            "Entry",
            lambda row: row.entry.reference,
            lambda row: f"/console/ledger/entries/{row.entry.id}",
        ),
        Column("Kind", lambda row: row.entry.kind),
        Column("Event", lambda row: row.line.event),
        Column("Debit", lambda row: row.line.debit),
        Column("Credit", lambda row: row.line.credit),
        Column("Amount", lambda row: row.line.amount),
        Column("Currency", lambda row: row.line.currency),
    ),
)

JOURNAL: Table[Posted] = Table(
    "journal",
    (
        *LINES.columns,
        Column(
            "Loan",
            lambda row: row.loan,
            lambda row: f"/console/loans/{row.line.loan_id}" if row.line.loan_id else None,
        ),
    ),
)

ENTRY: Table[Posted] = Table("entry", LINES.columns[3:])

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


async def journal(
    session: AsyncSession,
    since: date | None,
    until: date | None,
    *,
    after: UUID | None = None,
    limit: int,
) -> list[Posted]:
    rows = await reading.list_lines(session, since=since, until=until, after=after, limit=limit)
    ids = {line.loan_id for line, _ in rows if line.loan_id is not None}
    loans = await queries.references_of(session, ids)
    return [
        Posted(line, entry, loans[line.loan_id] if line.loan_id is not None else None)
        for line, entry in rows
    ]


def journal_of(since: date | None, until: date | None) -> Fetch[Posted]:
    async def fetch(session: AsyncSession, last: Posted | None) -> Sequence[Posted]:
        after = last.line.id if last else None
        return await journal(session, since, until, after=after, limit=exports.PAGE)

    return fetch


def checkpoints() -> Fetch[Checkpoint]:
    async def fetch(session: AsyncSession, last: Checkpoint | None) -> Sequence[Checkpoint]:
        before = last.size if last is not None else None
        return await sealing.list_checkpoints(session, before=before, limit=exports.PAGE)

    return fetch
