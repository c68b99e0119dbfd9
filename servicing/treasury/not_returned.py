"""What we hold for come back, or for taken back, and what the statements of its rail do not have.

People can be wrong about it, or lie; a message can be. A statement says it within some days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import queries, suspense
from servicing.ledger.models import Entry
from servicing.models import (
    Payout,
    ReconciliationBreak,
    ReconciliationRun,
    Repayment,
    SuspenseItem,
)
from servicing.rails.base import Direction, OutcomeStatus
from servicing.states import OrderStatus
from servicing.treasury import held
from servicing.treasury.models import Resolution, StatedLine

CATEGORY = "not_returned"
WAITS = timedelta(days=3)
"""So many days after ours a statement may still say it."""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Back:
    key: str
    amount: Money
    on: date
    """The day on which it went back with us."""


async def by_day(session: AsyncSession, rail: str) -> Mapping[date, list[Back]]:
    """By its day, once the statements of that day and of each that it waits for were compared.

    People's last word on a break is kept: it is found as long as its statements do not have it.
    """
    compared = set(
        await session.scalars(select(ReconciliationRun.day).where(ReconciliationRun.rail == rail))
    )
    found: dict[date, list[Back]] = {}
    for back in (*await _payouts(session, rail), *await _repayments(session, rail)):
        waited_for = (back.on + timedelta(days=n) for n in range(WAITS.days + 1))
        if all(day in compared for day in waited_for):
            found.setdefault(back.on, []).append(back)
    return found


async def days(session: AsyncSession, rail: str) -> set[date]:
    """To be compared again: those of which no break stands yet."""
    known = await session.scalars(
        select(ReconciliationBreak.reference).where(
            ReconciliationBreak.rail == rail,
            ReconciliationBreak.category == CATEGORY,
            ReconciliationBreak.resolution.is_distinct_from(Resolution.MENDED),
        )
    )
    names = set(known)
    every = await by_day(session, rail)
    return {day for day, backs in every.items() if any(back.key not in names for back in backs)}


async def repayment_of(session: AsyncSession, found: ReconciliationBreak) -> Repayment | None:
    """None of a payout."""
    return await queries.find_repayment(session, f"{found.rail}:{found.reference}")


async def take_in(
    session: AsyncSession, found: ReconciliationBreak, repayment: Repayment, *, on: date,
    now: datetime,
) -> None:  # fmt: skip
    """It never left: it waits in suspense, and two people place it."""
    loan = await queries.get_loan(session, repayment.loan_id)
    await suspense.receive(
        session, reference=held.name_kept(repayment.rail_reference), reason="not_taken_back",
        amount=repayment.amount, on=on, now=now, loan=loan, rail=found.rail,
    )  # fmt: skip


async def _payouts(session: AsyncSession, rail: str) -> list[Back]:
    """What a statement has of it is not missing."""
    stated = (
        select(func.coalesce(func.sum(StatedLine.amount_minor), 0))
        .where(
            StatedLine.rail == rail,
            StatedLine.key == Payout.client_ref,
            StatedLine.status == OutcomeStatus.RETURNED,
        )
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Payout, (Payout.amount_minor - stated).label("missing"))
        .where(
            Payout.rail == rail,
            Payout.status == OrderStatus.RETURNED,
            Payout.amount_minor > stated,
        )
        .order_by(Payout.id)
    )
    names = {f"{held.CAME_BACK}{payout.id}": (payout, int(missing)) for payout, missing in rows}
    some = sorted(names)
    found: list[Back] = []
    for at in range(0, len(some), _CHUNK):
        entries = await session.execute(
            select(Entry.reference, Entry.created_at)
            .where(Entry.reference.in_(some[at : at + _CHUNK]))
            .order_by(Entry.reference)
        )
        for name, posted_at in entries:
            payout, missing = names[name]
            amount = Money(missing, payout.currency)
            found.append(Back(payout.client_ref, amount, posted_at.date()))
    return found


async def _repayments(session: AsyncSession, rail: str) -> list[Back]:
    """What came by the rail, but not what was taken in again since."""
    start = f"{rail}:"
    rows = await session.scalars(
        select(Repayment)
        .where(
            Repayment.reversed_on.is_not(None),
            Repayment.rail_reference.startswith(start, autoescape=True),
        )
        .order_by(Repayment.id)
    )
    gone = {row.rail_reference.removeprefix(start): row for row in rows}
    keys = sorted(gone)
    answered: set[str] = set()
    for at in range(0, len(keys), _CHUNK):
        some = keys[at : at + _CHUNK]
        answered |= set(
            await session.scalars(
                select(StatedLine.key).where(
                    StatedLine.rail == rail,
                    StatedLine.key.in_(some),
                    StatedLine.status == OutcomeStatus.RETURNED,
                )
            )
        )
        names = {held.name_kept(f"{rail}:{key}"): key for key in some}
        kept = await session.scalars(
            select(SuspenseItem.reference).where(SuspenseItem.reference.in_(names))
        )
        answered |= {names[name] for name in kept}
    left = [
        Back(key, row.amount, row.reversed_on)
        for key, row in gone.items()
        if key not in answered and row.reversed_on is not None
    ]
    return await _without_unnamed(session, rail, left) if left else []


async def _without_unnamed(session: AsyncSession, rail: str, backs: Sequence[Back]) -> list[Back]:
    """A portal may take back without saying what: as much, about then, answers for one of them."""
    lines = await session.scalars(
        select(StatedLine)
        .where(
            StatedLine.rail == rail,
            StatedLine.status == OutcomeStatus.RETURNED,
            StatedLine.direction != Direction.PAYOUT,
            StatedLine.day >= min(back.on for back in backs) - WAITS,
            StatedLine.day <= max(back.on for back in backs) + WAITS,
        )
        .order_by(StatedLine.day, StatedLine.n)
    )
    taken = list(lines)
    named = await held.by_key(session, rail, {line.key for line in taken})
    unnamed = [line for line in taken if line.key not in named]
    found: list[Back] = []
    for back in backs:
        for line in unnamed:
            if line.amount == back.amount and abs(line.day - back.on) <= WAITS:
                unnamed.remove(line)
                break
        else:
            found.append(back)
    return found
