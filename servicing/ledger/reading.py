"""Reading the ledger: what moved an account and stood after it, an entry whole, all lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing.ledger import posting
from servicing.ledger.chart import TYPE_OF, Account, Side
from servicing.ledger.models import Checkpoint, Entry, Line, Seal
from servicing.ledger.proofs import EntryNotFound


@dataclass(frozen=True, slots=True)
class Movement:
    """One line as one of its two accounts sees it."""

    line: Line
    entry: Entry
    account: Account
    balance_minor: int
    """After it, on the side on which the account normally grows."""

    @property
    def id(self) -> UUID:
        return self.line.id

    @property
    def debit(self) -> Money | None:
        return self.line.amount if self.line.debit is self.account else None

    @property
    def credit(self) -> Money | None:
        return self.line.amount if self.line.credit is self.account else None

    @property
    def other(self) -> Account:
        return self.line.credit if self.line.debit is self.account else self.line.debit

    @property
    def balance(self) -> Money:
        return Money(self.balance_minor, self.line.currency)


@dataclass(frozen=True, slots=True)
class WholeEntry:
    entry: Entry
    lines: Sequence[Line]
    reverses: Entry | None
    reversed_by: Entry | None
    seal: Seal | None
    signed_at_size: int | None
    """Of the first checkpoint that holds it."""


async def list_movements(
    session: AsyncSession,
    account: Account,
    currency: str,
    *,
    since: date | None = None,
    until: date | None = None,
    after: UUID | None = None,
    stands_minor: int | None = None,
    limit: int = 50,
) -> list[Movement]:
    """In the order of business dates. `after` is the line at the end of the page before, and
    `stands_minor` the balance after it, for callers who know."""
    query = await _between(session, since, until, after, limit)
    query = query.where(_touches(account), Line.currency == currency)
    rows = (await session.execute(query)).all()
    if not rows:
        return []
    if stands_minor is None:
        line, entry = rows[0]
        stands_minor = await _before(session, account, currency, (entry.posted_on, line.id))
    found = []
    for line, entry in rows:
        stands_minor += _signed(account, line)
        found.append(Movement(line, entry, account, stands_minor))
    return found


async def list_lines(
    session: AsyncSession,
    *,
    since: date | None = None,
    until: date | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[tuple[Line, Entry]]:
    """Every line, in the order of business dates. `after` is the last line of the page before."""
    found = await session.execute(await _between(session, since, until, after, limit))
    return [(line, entry) for line, entry in found]


async def get_entry(session: AsyncSession, entry_id: UUID) -> WholeEntry:
    entry = await session.get(Entry, entry_id)
    if entry is None:
        raise EntryNotFound(entry=entry_id)
    seal = await session.scalar(select(Seal).where(Seal.entry_id == entry_id))
    size = None
    if seal is not None:
        size = await session.scalar(
            select(func.min(Checkpoint.size)).where(Checkpoint.size >= seal.seq)
        )
    return WholeEntry(
        entry=entry,
        lines=await posting.lines_of(session, entry),
        reverses=await session.get(Entry, entry.reverses_id) if entry.reverses_id else None,
        reversed_by=await session.scalar(select(Entry).where(Entry.reverses_id == entry_id)),
        seal=seal,
        signed_at_size=size,
    )


async def list_of_loan(session: AsyncSession, loan_id: UUID) -> list[tuple[Line, Entry]]:
    """Every line about a loan, oldest first."""
    found = await session.execute(
        select(Line, Entry)
        .join(Entry, Entry.id == Line.entry_id)
        .where(Line.loan_id == loan_id)
        .order_by(Entry.created_at, Entry.id, Line.id)
    )
    return [(line, entry) for line, entry in found]


async def _between(
    session: AsyncSession, since: date | None, until: date | None, after: UUID | None, limit: int
) -> Select[Line, Entry]:
    query = (
        select(Line, Entry)
        .join(Entry, Entry.id == Line.entry_id)
        .order_by(Entry.posted_on, Line.id)
        .limit(limit)
    )
    if since is not None:
        query = query.where(Entry.posted_on >= since)
    if until is not None:
        query = query.where(Entry.posted_on <= until)
    if after is not None:
        query = query.where(_order() > tuple_(*await _key(session, after)))
    return query


async def _key(session: AsyncSession, line_id: UUID) -> tuple[date, UUID]:
    day = await session.scalar(
        select(Entry.posted_on).join(Line, Line.entry_id == Entry.id).where(Line.id == line_id)
    )
    if day is None:
        raise EntryNotFound(entry=line_id)
    return day, line_id


async def _before(
    session: AsyncSession, account: Account, currency: str, key: tuple[date, UUID]
) -> int:
    """What stood before the line with this key."""
    signed = case((Line.debit == account, Line.amount_minor), else_=-Line.amount_minor)
    minor = await session.scalar(
        select(func.coalesce(func.sum(signed), 0))
        .join(Entry, Entry.id == Line.entry_id)
        .where(_touches(account), Line.currency == currency, _order() < tuple_(*key))
    )
    return int(minor or 0) * _sign(account)


def _touches(account: Account) -> ColumnElement[bool]:
    return or_(Line.debit == account, Line.credit == account)


def _order() -> ColumnElement[tuple[date, UUID]]:
    return tuple_(Entry.posted_on, Line.id)


def _signed(account: Account, line: Line) -> int:
    return (line.amount_minor if line.debit is account else -line.amount_minor) * _sign(account)


def _sign(account: Account) -> int:
    return 1 if TYPE_OF[account].normal_side is Side.DEBIT else -1
