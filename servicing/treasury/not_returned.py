"""What we hold for come back, or for taken back, and what the statements of its rail do not have.

People can be wrong about it, or lie; a message can be. A statement says it within some days.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    String,
    bindparam,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit.money import Money
from servicing import chargebacks, queries, suspense
from servicing.ledger.models import Entry
from servicing.models import (
    Payout,
    ReconciliationBreak,
    Repayment,
    SuspenseItem,
)
from servicing.rails.base import Direction, OutcomeStatus
from servicing.states import OrderStatus
from servicing.treasury import funded, held, lines
from servicing.treasury.models import Resolution, StatedLine

CATEGORY = "not_returned"
WAITS = timedelta(days=3)
"""So many days after ours a statement may still say it."""
FOUND_OUT_WITHIN = timedelta(days=30)
"""So long people may need to find out what a portal took back without a name."""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Back:
    key: str
    amount: Money
    on: date
    """The day on which it went back with us."""


async def by_day(
    session: AsyncSession, rail: str, compared: Collection[date]
) -> Mapping[date, list[Back]]:
    """By its day, once the statements of that day and of each that it waits for were compared.

    People's last word on a break is kept: it is found as long as its statements do not have it.
    """
    found: dict[date, list[Back]] = {}
    capital = [Back(*each) for each in await funded.left(session, rail)]
    for back in (*await _payouts(session, rail), *await _money_in(session, rail), *capital):
        waited_for = (back.on + timedelta(days=n) for n in range(WAITS.days + 1))
        if all(day in compared for day in waited_for):
            found.setdefault(back.on, []).append(back)
    return found


async def days(session: AsyncSession, rail: str, backs: Mapping[date, Sequence[Back]]) -> set[date]:
    """To be compared again: those of which no break stands yet, or of what went once more after
    it had been put right."""
    if not backs:
        return set()
    names = {(day, reference) for day, reference in await session.execute(_SAID, {"rail": rail})}
    return {
        day for day, every in backs.items() if any((day, each.key) not in names for each in every)
    }


async def is_payout(session: AsyncSession, found: ReconciliationBreak) -> bool:
    """Else it is money that had come in."""
    query = select(Payout.id).where(Payout.client_ref == found.reference)
    return await session.scalar(query) is not None


async def take_in(
    session: AsyncSession, found: ReconciliationBreak, *, on: date, now: datetime
) -> bool:
    """It never left: it waits in suspense, and two people place it. False, with nothing done, where
    that was said too often of it."""
    every = await chargebacks.find_by_key(session, found.rail, found.reference)
    if not 0 < len(every) <= held.KEPT_MAX:
        return False
    came = every[-1]
    loan = None if came.loan_id is None else await queries.get_loan(session, came.loan_id)
    await suspense.receive(
        session, reference=held.name_kept(chargebacks.name_of(every[0]), len(every)),
        reason="not_taken_back", amount=Money(found.ours_minor or 0, found.currency), on=on,
        came_on=chargebacks.came_on(every[0]), now=now, loan=loan, rail=found.rail,
    )  # fmt: skip
    return True


async def _payouts(session: AsyncSession, rail: str) -> list[Back]:
    """What a statement has of it is not missing."""
    rows = await session.execute(_PAYOUTS, {"rail": rail})
    names = {f"{held.CAME_BACK}{payout.id}": (payout, int(missing)) for payout, missing in rows}
    some = sorted(names)
    found: list[Back] = []
    for at in range(0, len(some), _CHUNK):
        entries = await session.execute(_ENTRIES, {"names": some[at : at + _CHUNK]})
        for name, posted_at in entries:
            payout, missing = names[name]
            amount = Money(missing, payout.currency)
            found.append(Back(payout.client_ref, amount, posted_at.date()))
    return found


async def _money_in(session: AsyncSession, rail: str) -> list[Back]:
    """What came by the rail and is away with us, as far as it is."""
    names = await session.scalars(_AWAY, {"rail": rail, "own": f"{rail}:%", "at": len(rail) + 2})
    starts = f"{rail}:", _OF_REQUESTS
    keys = {name.removeprefix(next(filter(name.startswith, starts))) for name in names}
    ours = await held.by_key(session, rail, keys)
    left = [
        Back(key, each.came_back, each.back_on)
        for key, each in sorted(ours.items())
        if each.came_back is not None and each.back_on is not None
    ]
    return await _without_unnamed(session, rail, left) if left else left


async def _without_unnamed(session: AsyncSession, rail: str, backs: Sequence[Back]) -> list[Back]:
    """A portal may take back without saying what: as much, lately, answers for one of them."""
    taken = await session.scalars(
        select(StatedLine)
        .where(
            StatedLine.rail == rail,
            StatedLine.status == OutcomeStatus.RETURNED,
            StatedLine.direction != Direction.PAYOUT,
            StatedLine.day >= min(back.on for back in backs) - FOUND_OUT_WITHIN,
            StatedLine.day <= max(back.on for back in backs) + WAITS,
        )
        .order_by(StatedLine.day, StatedLine.n)
    )
    once = {line.key: line for line in reversed(list(taken))}
    named = await held.by_key(session, rail, once)
    stated = await lines.with_keys(session, rail, once)
    unnamed = [
        line
        for key, line in reversed(once.items())
        if key not in named and all(each.is_back for each in stated[key])
    ]
    found: list[Back] = []
    for back in sorted(backs, key=lambda each: each.on):
        for line in unnamed:
            is_near = back.on - FOUND_OUT_WITHIN <= line.day <= back.on + WAITS
            if is_near and line.amount == back.amount:
                unnamed.remove(line)
                break
        else:
            found.append(back)
    return found


def _away(
    name: InstrumentedAttribute[str], rail: InstrumentedAttribute[Any]
) -> ColumnElement[bool]:
    """It is called by the rail's own name for it, or by our request's, and no statement of its rail
    says that it went back."""
    own = name.like(_OWN) & _not_stated(name, bindparam("at", type_=Integer()))
    asked = name.like(f"{_OF_REQUESTS}%") & (func.coalesce(rail, "wallet") == _RAIL)
    return or_(own, asked & _not_stated(name, literal(len(_OF_REQUESTS) + 1)))


def _not_stated(name: InstrumentedAttribute[str], at: ColumnElement[int]) -> ColumnElement[bool]:
    stated = select(StatedLine.id).where(
        StatedLine.rail == _RAIL,
        StatedLine.key == func.substr(name, at),
        StatedLine.status == OutcomeStatus.RETURNED,
    )
    return ~stated.exists()


# Built once: building a statement takes about as long as running it.
_OF_REQUESTS = "rail:"
_RAIL: BindParameter[str] = bindparam("rail", type_=String())
_OWN: BindParameter[str] = bindparam("own", type_=String())
_AWAY = union(
    select(Repayment.rail_reference).where(
        Repayment.reversed_on.is_not(None), _away(Repayment.rail_reference, Repayment.rail)
    ),
    select(SuspenseItem.reference).where(
        SuspenseItem.refund_reference.startswith(held.TAKEN_BACK),
        _away(SuspenseItem.reference, SuspenseItem.rail),
    ),
)
_STATED = (
    select(func.coalesce(func.sum(StatedLine.amount_minor), 0))
    .where(
        StatedLine.rail == _RAIL,
        StatedLine.key == Payout.client_ref,
        StatedLine.status == OutcomeStatus.RETURNED,
    )
    .scalar_subquery()
)
_PAYOUTS = (
    select(Payout, (Payout.amount_minor - _STATED).label("missing"))
    .where(
        Payout.rail == _RAIL,
        Payout.status == OrderStatus.RETURNED,
        Payout.amount_minor > _STATED,
    )
    .order_by(Payout.id)
)
_NAMES: BindParameter[str] = bindparam("names", expanding=True)
_ENTRIES = (
    select(Entry.reference, Entry.created_at)
    .where(Entry.reference.in_(_NAMES))
    .order_by(Entry.reference)
)
_SAID = select(ReconciliationBreak.day, ReconciliationBreak.reference).where(
    ReconciliationBreak.rail == _RAIL,
    ReconciliationBreak.category == CATEGORY,
    func.coalesce(ReconciliationBreak.resolution, "").not_in(
        (Resolution.MENDED, Resolution.PUT_RIGHT)
    ),
)
