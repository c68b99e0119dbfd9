"""Funders' money by the rail's names for it: what became capital, and what a bank took back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from kit.money import Money
from servicing.ledger.chart import cash_of
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import Event
from servicing.rails.base import OutcomeStatus
from servicing.treasury.models import StatedLine

FUNDED = "capital_in:"
"""So begins the name of the entry by which money became capital of a funder."""
BACK = "capital_back:"
"""So begins the name of the entry by which his bank took it back, before the rail's name for it."""


@dataclass(frozen=True, slots=True)
class Funded:
    entry_id: UUID
    entry: str
    amount: Money
    on: date
    back_on: date | None
    """The day on which it left the funder's stake, since his bank had taken it back."""


def name_back(rail: str, key: str) -> str:
    """How the entry is called by which what the rail calls `key` leaves its stake."""
    return f"{BACK}{rail}:{key}"


def is_capital(rail: str, names: Collection[str]) -> ColumnElement[bool]:
    """Whether an entry is a funder's money by one of these names. It once went by the name alone:
    then the cash says of which rail."""
    reference = func.lower(Entry.reference)
    line = aliased(Line)
    is_of_rail = (
        select(line.id).where(line.entry_id == Entry.id, line.debit == cash_of(rail)).exists()
    )
    return and_(
        *_OF_CAPITAL,
        or_(
            reference.in_([f"{FUNDED}{rail}:{name}".lower() for name in names]),
            reference.in_([f"{FUNDED}{name}".lower() for name in names]) & is_of_rail,
        ),
    )


async def left(session: AsyncSession, rail: str) -> list[tuple[str, Money, date]]:
    """What left its stake, as the rail calls it, and no statement says that its bank took back;
    and the day."""
    start = f"{BACK}{rail}:"
    stated = select(StatedLine.id).where(
        StatedLine.rail == rail,
        StatedLine.key == func.substr(Entry.reference, len(start) + 1),
        StatedLine.status == OutcomeStatus.RETURNED,
    )
    rows = await session.execute(
        select(Entry.reference, Entry.posted_on, Line.amount_minor, Line.currency)
        .join(Line, Line.entry_id == Entry.id)
        .where(
            *_OF_CAPITAL,
            Entry.reference.startswith(start, autoescape=True),
            ~stated.exists(),
        )
        .order_by(Entry.reference)
    )
    return [
        (name.removeprefix(start), Money(minor, currency), on) for name, on, minor, currency in rows
    ]


async def by_key(session: AsyncSession, rail: str, keys: Collection[str]) -> dict[str, Funded]:
    """By the rail's own names, in whatever letters staff have typed them."""
    if not keys:
        return {}
    rows = (
        await session.execute(
            select(Entry.id, Entry.reference, Entry.posted_on, Line.amount_minor, Line.currency)
            .join(Line, Line.entry_id == Entry.id)
            .where(is_capital(rail, keys), Line.event == Event.CAPITAL_PAID_IN)
        )
    ).all()
    if not rows:
        return {}
    names = {name_back(rail, key).lower() for key in keys}
    gone = await session.execute(
        select(Entry.reference, Entry.posted_on).where(
            *_OF_CAPITAL,
            func.lower(Entry.reference).in_(names),
        )
    )
    back = {name.lower(): on for name, on in gone}
    found: dict[str, Funded] = {}
    for entry_id, entry, on, minor, currency in rows:
        told = entry.lower().removeprefix(FUNDED).removeprefix(f"{rail}:")
        back_on = back.get(name_back(rail, told))
        paid = Funded(entry_id, entry, Money(minor, currency), on, back_on)
        found |= {key: paid for key in keys if key.lower() == told}
    return found


# The index serves this range, in whatever order a database puts punctuation.
_OF_CAPITAL = (Entry.reference >= "capital", Entry.reference < "capitam")
