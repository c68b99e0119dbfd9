"""Breaks are put right by two of staff: our books follow the statement, or the loss is posted."""

from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.money import Money
from servicing import chargebacks, rail_events, reconciliation
from servicing.ledger import posting
from servicing.ledger.chart import cash_of
from servicing.ledger.rules import EntryKind, Event
from servicing.models import ReconciliationBreak
from servicing.rails.base import Direction, Outcome, RailEvent
from servicing.reconciliation import Category, Resolution
from servicing.treasury import lines, returns, unposted
from servicing.treasury.models import (
    StatedLine,
)


class BreakNotFound(DomainError):
    """There is no such break, or it is resolved, or it has mended by itself."""

    kind = Kind.NOT_FOUND
    code = "break_not_found"


class BreakActNotPossible(DomainError):
    """What was asked for does not put a break of this `category` right."""

    kind = Kind.CONFLICT
    code = "break_act_not_possible"


_FOLLOWS = (
    Category.MISSING_HERE,
    Category.UNKNOWN_REFERENCE,
    Category.RETURNED,
    Category.NOT_POSTED,
)
_WRITTEN_OFF = (
    Category.AMOUNT,
    Category.DUPLICATE,
    Category.UNKNOWN_REFERENCE,
    Category.RETURNED,
)


async def explain(
    session: AsyncSession, break_id: UUID, *, staff_id: UUID, reason: str, now: datetime
) -> Proposal:
    """Two people understand it. It moves no money."""
    found = await _open(session, break_id)
    proposal = await _agree(session, found, "explain", staff_id=staff_id, reason=reason, now=now)
    if proposal.is_confirmed:
        _resolve(found, Resolution.EXPLAINED, now=now)
    return proposal


async def put_right(
    session: AsyncSession,
    break_id: UUID,
    *,
    staff_id: UUID,
    reason: str,
    on: date,
    zone: str,
    now: datetime,
) -> Proposal:
    """Our books follow the statement, which is the proof.

    Money that is missing here is taken in, for the loan that it names or into suspense; an order
    is settled; what came back is undone; what is not in the ledger is posted. A payout of ours
    that came back is taken back (`returns.take_back`).
    """
    known = await session.get(ReconciliationBreak, break_id, populate_existing=True)
    if known is not None and (payout := await returns.of_break(session, known)) is not None:
        return await returns.take_back(
            session, payout.id, staff_id=staff_id, reason=reason, on=on, zone=zone, now=now
        )
    found = await _open(session, break_id)
    line = await _line(session, found)
    if found.category not in _FOLLOWS or line is None or _is_charge(found, line):
        raise BreakActNotPossible(category=found.category)
    proposal = await _agree(session, found, "put_right", staff_id=staff_id, reason=reason, now=now)
    if proposal.is_confirmed:
        if found.category == Category.NOT_POSTED:
            await unposted.post(session, found.rail, line.key, on=on, now=now)
        else:
            await _follow(session, line, on=on, zone=zone, now=now)
        _resolve(found, Resolution.PUT_RIGHT, now=now)
        if found.reference in await reconciliation.still_broken(session, found.rail, found.day):
            # The order cannot end so, or the loan cannot go back: a person has to look further.
            raise BreakActNotPossible(category=found.category)
    return proposal


async def write_off(
    session: AsyncSession, break_id: UUID, *, staff_id: UUID, reason: str, on: date, now: datetime
) -> Proposal:
    """The difference will not come back: a loss, a charge of the rail's, or a gain.

    What the rail took back after we had given it back has left us twice.
    """
    found = await _open(session, break_id)
    line = await _line(session, found)
    is_other_currency = found.category == Category.AMOUNT and found.ours_minor is None
    is_possible = found.category in _WRITTEN_OFF and not is_other_currency
    if not is_possible or line is None or _is_income(found, line):
        raise BreakActNotPossible(category=found.category)
    is_lost = found.category == Category.RETURNED
    if is_lost and not await chargebacks.was_given_back(session, line.rail, line.key):
        raise BreakActNotPossible(category=found.category)
    sign = -1 if is_lost or line.direction is Direction.PAYOUT else 1
    difference = Money(sign * ((found.theirs_minor or 0) - (found.ours_minor or 0)), found.currency)
    proposal = await _agree(
        session, found, "write_off", staff_id=staff_id, reason=reason, now=now,
        difference=str(difference),
    )  # fmt: skip
    if proposal.is_confirmed:
        event = Event.RAIL_OVER if difference.minor > 0 else Event.RAIL_SHORT
        await posting.post(
            session, EntryKind.DIFFERENCE, (event, Money(abs(difference.minor), found.currency)),
            reference=f"difference:{found.id}", on=on, now=now, cash=cash_of(found.rail),
        )  # fmt: skip
        _resolve(found, Resolution.WRITTEN_OFF, now=now)
    return proposal


async def _open(session: AsyncSession, break_id: UUID) -> ReconciliationBreak:
    found = await session.get(
        ReconciliationBreak, break_id, with_for_update=True, populate_existing=True
    )
    if found is None or found.resolved_at is not None:
        raise BreakNotFound()
    return found


async def _line(session: AsyncSession, found: ReconciliationBreak) -> StatedLine | None:
    """The last of its day that the break is about."""
    stated = await lines.with_keys(session, found.rail, [found.reference])
    is_any, is_back = found.category == Category.DUPLICATE, found.category == Category.RETURNED
    of_day = [
        line
        for line in stated.get(found.reference, [])
        if line.day == found.day and (is_any or line.is_back is is_back)
    ]
    return of_day[-1] if of_day else None


def _is_charge(found: ReconciliationBreak, line: StatedLine) -> bool:
    """Money out that we did not order is nothing to take in."""
    return found.category == Category.UNKNOWN_REFERENCE and line.direction is Direction.PAYOUT


def _is_income(found: ReconciliationBreak, line: StatedLine) -> bool:
    """Money in that nobody knows is somebody's: it is no gain of ours."""
    return found.category == Category.UNKNOWN_REFERENCE and not _is_charge(found, line)


async def _agree(
    session: AsyncSession,
    found: ReconciliationBreak,
    verb: str,
    *,
    staff_id: UUID,
    reason: str,
    now: datetime,
    **facts: str,
) -> Proposal:
    return await four_eyes.agree(
        session, act=f"break.{verb}", subject=f"break:{found.id}", staff_id=staff_id,
        reason=reason, now=now, category=found.category, reference=found.reference,
        ours=str(found.ours_minor), theirs=str(found.theirs_minor), currency=found.currency,
        **facts,
    )  # fmt: skip


def _resolve(found: ReconciliationBreak, how: Resolution, *, now: datetime) -> None:
    found.resolved_at, found.resolution = now, how


async def _follow(
    session: AsyncSession, line: StatedLine, *, on: date, zone: str, now: datetime
) -> None:
    """As if the rail had told us. A statement names the day: noon is that day for most."""
    noon = datetime.combine(line.day, time(12), UTC)
    outcome = Outcome(line.status, line.amount, line.rail_id, settled_at=min(noon, now))
    event = RailEvent(
        line.rail, f"statement:{line.id}:{line.status}", line.direction, line.reference,
        line.rail_id, line.amount, outcome,
    )  # fmt: skip
    await rail_events.apply(session, event, on=on, zone=zone, now=now)
