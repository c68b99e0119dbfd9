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
        # The index serves this range, in whatever order a database puts punctuation.
        Entry.reference >= "capital",
        Entry.reference < "capitam",
        or_(
            reference.in_([f"{FUNDED}{rail}:{name}".lower() for name in names]),
            reference.in_([f"{FUNDED}{name}".lower() for name in names]) & is_of_rail,
        ),
    )


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
    names = {name_back(rail, key): key for key in keys}
    gone = await session.execute(
        select(Entry.reference, Entry.posted_on).where(Entry.reference.in_(names))
    )
    back = {names[name]: on for name, on in gone}
    spelled = {key.lower(): key for key in keys}
    found: dict[str, Funded] = {}
    for entry_id, entry, on, minor, currency in rows:
        told = entry.lower().removeprefix(FUNDED).removeprefix(f"{rail}:")
        key = spelled[told]
        found[key] = Funded(entry_id, entry, Money(minor, currency), on, back.get(key))
    return found
