"""Breaks are put right by two of staff: our books follow the statement, or the loss is posted."""

from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.money import Money
from servicing import orders, queries, rail_events, reconciliation, suspense, transfers
from servicing.funding import taken_back
from servicing.models import Payout, ReconciliationBreak
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Direction, Outcome, RailEvent
from servicing.reconciliation import Category, Resolution
from servicing.refunds import REFUNDS
from servicing.states import OrderStatus
from servicing.treasury import (
    bounced,
    differences,
    late,
    lines,
    lumps,
    not_returned,
    repeats,
    returns,
    unposted,
)
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
    is settled, also one that had failed with us; what came back is undone; what is not in the
    ledger is posted; money that came in twice waits in suspense, and so does what came back with
    another amount or in parts, or had been paid by hand. A payout of ours of which all came back is
    taken back (`returns.take_back`), and a funder's payment leaves his stake. Raises CapitalNotFree
    where it is lent or lost, RailTransferKnown for money that staff have entered, and
    PartsStandAlready for a sum of payments: they stand in the books already.
    """
    if (payout := await _whole_payout(session, break_id)) is not None:
        return await returns.take_back(
            session, payout.id, staff_id=staff_id, reason=reason, on=on, zone=zone, now=now
        )
    found = await _open(session, break_id)
    if found.category == Category.NOT_RETURNED:
        return await _keep(session, found, staff_id=staff_id, reason=reason, on=on, now=now)
    line = await _line(session, found)
    is_possible = line is not None and (
        await _is_somebodys(session, found, line)
        or (found.category in _FOLLOWS and not _is_charge(found, line))
    )
    if line is None or not is_possible:
        raise BreakActNotPossible(category=found.category)
    await lumps.must_be_other_money(session, line)
    await taken_back.must_be_free(session, line)
    proposal = await _agree(session, found, "put_right", staff_id=staff_id, reason=reason, now=now)
    if proposal.is_confirmed:
        await _take_in(session, found, line, on=on, zone=zone, now=now)
        _resolve(found, Resolution.PUT_RIGHT, now=now)
        if found.reference in await reconciliation.still_broken(session, found.rail, found.day):
            await _must_not_be_entered(session, found, line)
            # The order cannot end so, or the loan cannot go back: a person has to look further.
            raise BreakActNotPossible(category=found.category)
    return proposal


async def _keep(
    session: AsyncSession, found: ReconciliationBreak, *, staff_id: UUID, reason: str, on: date,
    now: datetime,
) -> Proposal:  # fmt: skip
    """What only we hold for taken back is with us: it waits in suspense for its payer. A funder's
    is capital once more, by an act of its own."""
    is_capital = await taken_back.is_out(session, found.rail, found.reference)
    if is_capital or await not_returned.is_payout(session, found):
        raise BreakActNotPossible(category=found.category)
    proposal = await _agree(session, found, "put_right", staff_id=staff_id, reason=reason, now=now)
    if proposal.is_confirmed:
        if not await not_returned.take_in(session, found, on=on, now=now):
            raise BreakActNotPossible(category=found.category)
        _resolve(found, Resolution.PUT_RIGHT, now=now)
    return proposal


async def write_off(
    session: AsyncSession, break_id: UUID, *, staff_id: UUID, reason: str, on: date, now: datetime
) -> Proposal:
    """The difference will not come back: a loss, a charge of the rail's, or a gain.

    What the rail took back after we had given it back has left us twice.
    """
    found = await _open(session, break_id)
    difference = await _left_to_post(session, found)
    proposal = await _agree(
        session, found, "write_off", staff_id=staff_id, reason=reason, now=now,
        difference=str(difference),
    )  # fmt: skip
    if proposal.is_confirmed:
        await differences.post(session, found, difference, on=on, now=now)
        _resolve(found, Resolution.WRITTEN_OFF, now=now)
    return proposal


async def own(
    session: AsyncSession, break_id: UUID, *, staff_id: UUID, reason: str, on: date, now: datetime
) -> Proposal:
    """The lender himself took it out, or moved it to another account of his; or that came back; or
    a statement has less, or nothing, of what was called his.

    What he sent in waits in suspense: `suspense.own`.
    """
    found = await _open(session, break_id)
    difference = await _left_to_post(session, found, is_own=True)
    proposal = await _agree(
        session, found, "own", staff_id=staff_id, reason=reason, now=now,
        difference=str(difference),
    )  # fmt: skip
    if proposal.is_confirmed:
        await differences.post(session, found, difference, on=on, now=now, is_own=True)
        _resolve(found, Resolution.OWN, now=now)
    return proposal


async def _left_to_post(
    session: AsyncSession, found: ReconciliationBreak, *, is_own: bool = False
) -> Money:
    """What has left (below zero) or is more, less what was posted of this break before. What was
    posted as the other is taken back as the other first."""
    lost, own = await differences.posted(session, found.id)
    other, posted = (lost, own) if is_own else (own, lost)
    if other:
        raise BreakActNotPossible(category=found.category)
    if await _is_gone(session, found):
        whole = 0
    elif is_own:
        whole = await _own_moved(session, found)
    else:
        whole = await _lost_or_gained(session, found)
    if whole == posted:
        raise BreakActNotPossible(category=found.category)
    return Money(whole - posted, found.currency)


async def _own_moved(session: AsyncSession, found: ReconciliationBreak) -> int:
    if found.category in (Category.UNKNOWN_REFERENCE, Category.RETURNED):
        return await _lost_or_gained(session, found)
    is_own = await suspense.is_own(session, found.rail, found.reference)
    if found.category not in (Category.AMOUNT, Category.MISSING_AT_RAIL) or not is_own:
        raise BreakActNotPossible(category=found.category)
    return (found.theirs_minor or 0) - (found.ours_minor or 0)


async def _is_gone(session: AsyncSession, found: ReconciliationBreak) -> bool:
    """Whether both sides say the same, but for what was posted of the break itself."""
    if found.category == Category.NOT_POSTED:  # Both sides always say the same amount.
        broken = await reconciliation.still_broken(session, found.rail, found.day)
        return found.reference not in broken
    return found.theirs_minor == (found.ours_minor or 0)


async def _lost_or_gained(session: AsyncSession, found: ReconciliationBreak) -> int:
    if found.category == Category.NOT_RETURNED:
        if not await not_returned.is_payout(session, found):
            raise BreakActNotPossible(category=found.category)  # It is its payer's.
        return -(found.ours_minor or 0)
    line = await _line(session, found)
    is_other_currency = found.category == Category.AMOUNT and found.ours_minor is None
    if line is None or is_other_currency or not await _is_for_nobody(session, found, line):
        raise BreakActNotPossible(category=found.category)
    left_us = (line.direction is Direction.PAYOUT) != (found.category == Category.RETURNED)
    sign = -1 if left_us else 1
    ours = 0 if found.category == Category.NOT_POSTED else found.ours_minor or 0
    if found.category == Category.RETURNED:
        ours = await bounced.undone_minor(session, line)
    return sign * ((found.theirs_minor or 0) - ours)


async def _is_for_nobody(
    session: AsyncSession, found: ReconciliationBreak, line: StatedLine
) -> bool:
    """Whether no order, loan or person waits for this money, or has a right to it."""
    match found.category:
        case Category.AMOUNT:
            return True
        case Category.DUPLICATE:
            return not await _is_somebodys(session, found, line, or_undone=True)
        case Category.UNKNOWN_REFERENCE:
            return _is_charge(found, line)
        case Category.RETURNED:
            return await bounced.is_for_nobody(session, line)
        case Category.MISSING_HERE:
            known = await late.find(session, line.rail, line.key)
            return known is not None and await late.is_lost(session, known[1])
        case Category.NOT_POSTED:
            refund = await orders.find(session, REFUNDS, line.key)
            return refund is not None and await late.is_lost(session, refund)
        case _:
            return False


async def _open(session: AsyncSession, break_id: UUID) -> ReconciliationBreak:
    known = await session.get(ReconciliationBreak, break_id)
    if known is None:
        raise BreakNotFound()
    await reconciliation.hold(session, known.rail)
    found = await session.get(
        ReconciliationBreak, break_id, with_for_update=True, populate_existing=True
    )
    if found is None or found.resolved_at is not None:
        raise BreakNotFound()
    return found


async def _line(session: AsyncSession, found: ReconciliationBreak) -> StatedLine | None:
    """Of its day, what the break is about: of what moved more often, the last."""
    stated = await lines.with_keys(session, found.rail, [found.reference])
    is_again = found.category == Category.DUPLICATE
    # A statement may have the newest first, and what went out after what came back of it.
    is_back = (found.theirs_minor or 0) < 0 if is_again else found.category == Category.RETURNED
    of_day = [
        line
        for line in stated.get(found.reference, [])
        if line.day == found.day and line.is_back is is_back
    ]
    if not of_day:
        return None
    return of_day[-1] if is_again else of_day[0]


async def _must_not_be_entered(
    session: AsyncSession, found: ReconciliationBreak, line: StatedLine
) -> None:
    """Money in that is missing here may stand by an act of staff."""
    is_missing = found.category in (Category.MISSING_HERE, Category.UNKNOWN_REFERENCE)
    if is_missing and line.direction is not Direction.PAYOUT:
        await transfers.must_not_stand_told(session, found.rail, line.rail_id)


async def _whole_payout(session: AsyncSession, break_id: UUID) -> Payout | None:
    """Our payout, where the break says that all of it came back."""
    known = await session.get(ReconciliationBreak, break_id, populate_existing=True)
    payout = None if known is None else await returns.of_break(session, known)
    if known is None or payout is None:
        return None
    return payout if Money(known.theirs_minor or 0, known.currency) == payout.amount else None


def _is_charge(found: ReconciliationBreak, line: StatedLine) -> bool:
    """Money out that we did not order is nothing to take in."""
    return found.category == Category.UNKNOWN_REFERENCE and line.direction is Direction.PAYOUT


def _came_again(found: ReconciliationBreak, line: StatedLine) -> bool:
    """Money in that came twice is its payer's: it is no gain of ours."""
    is_in = line.direction is not Direction.PAYOUT
    return found.category == Category.DUPLICATE and is_in and (found.theirs_minor or 0) > 0


async def _is_somebodys(
    session: AsyncSession, found: ReconciliationBreak, line: StatedLine, *, or_undone: bool = False
) -> bool:
    """What moved more often than once and is no gain of ours: its payer's, or, where it came back
    in parts, his to whom it had been sent. `or_undone`: or all of that is in the books."""
    if found.category != Category.DUPLICATE:
        return False
    if _came_again(found, line):
        return True
    if any(await differences.posted(session, found.id)):
        return False
    if or_undone:
        return await bounced.is_covered(session, line)
    return bool(await bounced.further(session, line))


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


async def _take_in(
    session: AsyncSession, found: ReconciliationBreak, line: StatedLine, *, on: date, zone: str,
    now: datetime,
) -> None:  # fmt: skip
    if found.category == Category.DUPLICATE:
        takes = repeats.take_in if _came_again(found, line) else repeats.take_parts
        if not await takes(session, found, line, on=on, now=now):
            raise BreakActNotPossible(category=found.category)
    elif found.category == Category.NOT_POSTED:
        await unposted.post(session, found.rail, line.key, on=on, now=now)
    elif not (
        await taken_back.take_out(session, line, on=on, now=now)
        or await bounced.set_aside(session, line, on=on, now=now)
        or await bounced.keep_rest(session, line, on=on, now=now)
    ):
        await _follow(session, line, on=on, zone=zone, now=now)


async def _follow(
    session: AsyncSession, line: StatedLine, *, on: date, zone: str, now: datetime
) -> None:
    """As if the rail had told us. A statement names the day: noon is that day for most."""
    noon = datetime.combine(line.day, time(12), UTC)
    outcome = Outcome(line.status, line.amount, line.rail_id, settled_at=min(noon, now))
    failed = await late.find(session, line.rail, line.key)
    if failed is not None and not line.is_back:
        await late.settle(session, *failed, outcome, on=on, zone=zone, now=now)
        return
    direction = line.direction
    # A statement may call an order by the rail's name for it, or by the beginning of ours.
    reference = line.reference if direction is Direction.INCOMING else line.key
    asked = await orders.find(session, REQUESTS, line.key)
    if asked is not None and asked.status is OrderStatus.FAILED and not line.is_back:
        # Paid after all: more money for its loan, by the rail's own name.
        loan = await queries.get_loan(session, asked.loan_id)
        direction, reference, line.key = Direction.INCOMING, loan.reference, line.rail_id
    event = RailEvent(
        line.rail, f"statement:{line.id}:{line.status}", direction, reference, line.rail_id,
        line.amount, outcome,
    )  # fmt: skip
    await rail_events.apply(session, event, on=on, zone=zone, now=now)
