"""Three accounts of the same money, compared once a day: our orders, our ledger, the statement."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from kit.money import Money
from servicing.ledger import posting
from servicing.models import (
    PaymentRequest,
    Payout,
    ReconciliationBreak,
    ReconciliationRun,
    Repayment,
    SuspenseItem,
)
from servicing.rails.base import Direction, OutcomeStatus, StatementLine
from servicing.states import ARRIVED, OrderStatus


class Category(StrEnum):
    MISSING_AT_RAIL = "missing_at_rail"
    """We hold it for settled; the statement does not have it."""
    MISSING_HERE = "missing_here"
    """The statement has it; we do not hold it for settled."""
    AMOUNT = "amount"
    DUPLICATE = "duplicate"
    RETURNED = "returned"
    NOT_POSTED = "not_posted"
    """Settled at the rail and with us, and not in the ledger."""


@dataclass(frozen=True, slots=True)
class _Ours:
    """What we hold for settled under one reference."""

    amount: Money
    is_posted: bool


@dataclass(frozen=True, slots=True)
class Break:
    category: Category
    reference: str
    ours: Money | None
    theirs: Money | None


async def run(
    session: AsyncSession,
    *,
    rail: str,
    day: date,
    lines: Sequence[StatementLine],
    now: datetime,
) -> list[Break]:
    """Compare one statement day with what we know. Running it again replaces its open breaks."""
    breaks: list[Break] = []
    seen: set[str] = set()
    for line in await _named(session, rail, day, lines):
        reference = _reference(line)
        if line.status is OutcomeStatus.RETURNED and await _came_back(session, line):
            seen.add(reference)
            continue
        if line.status is OutcomeStatus.RETURNED:
            breaks.append(Break(Category.RETURNED, reference, None, line.amount))
        elif reference in seen:
            breaks.append(Break(Category.DUPLICATE, reference, None, line.amount))
        elif found := _compare(reference, line, await _ours(session, rail, line)):
            breaks.append(found)
        seen.add(reference)
    breaks += [
        Break(Category.MISSING_AT_RAIL, order.client_ref, order.amount, None)
        for order in await _settled_on(session, rail, day)
        if order.client_ref not in seen
    ]
    # The rail may say the same thing twice, as two equal duplicates: that is one break.
    kept = list({(each.category, each.reference): each for each in breaks}.values())
    wrong = {each.reference for each in kept}
    await _keep(session, rail, day, kept, matched=len(seen - wrong), now=now)
    return kept


async def list_open(session: AsyncSession) -> list[ReconciliationBreak]:
    rows = await session.scalars(
        select(ReconciliationBreak)
        .where(ReconciliationBreak.resolved_at.is_(None))
        .order_by(ReconciliationBreak.day, ReconciliationBreak.id)
    )
    return list(rows)


async def _named(
    session: AsyncSession, rail: str, day: date, lines: Sequence[StatementLine]
) -> list[StatementLine]:
    """A rail may know our orders by names of its own, or by the beginning of ours."""
    names: dict[str | None, str] = {}
    for near in (day - timedelta(days=1), day, day + timedelta(days=1)):
        for order in await _settled_on(session, rail, near):
            names |= {order.rail_id: order.client_ref, order.client_ref[1:13]: order.client_ref}
    return [
        replace(line, reference=names.get(named, named))
        if (named := line.reference or line.rail_id) and line.direction is not Direction.INCOMING
        else line
        for line in lines
    ]


def _reference(line: StatementLine) -> str:
    """A payer may write any reference, twice: his money goes by the rail's own id."""
    return line.rail_id if line.direction is Direction.INCOMING else line.reference


def _compare(reference: str, line: StatementLine, ours: _Ours | None) -> Break | None:
    if ours is None:
        return Break(Category.MISSING_HERE, reference, None, line.amount)
    if ours.amount != line.amount:
        return Break(Category.AMOUNT, reference, ours.amount, line.amount)
    if not ours.is_posted:
        return Break(Category.NOT_POSTED, reference, ours.amount, line.amount)
    return None


async def _came_back(session: AsyncSession, line: StatementLine) -> bool:
    """We know of it, and have undone what it had been sent for."""
    payout = await session.scalar(select(Payout).where(Payout.client_ref == line.reference))
    if payout is None or payout.status is not OrderStatus.RETURNED:
        return False
    return payout.amount == line.amount


async def _ours(session: AsyncSession, rail: str, line: StatementLine) -> _Ours | None:
    if line.direction is Direction.PAYOUT:
        payout = await session.scalar(select(Payout).where(Payout.client_ref == line.reference))
        if payout is None or payout.status not in ARRIVED:
            return None
        entry = await posting.find(session, f"disbursement:{payout.id}")
        return _Ours(payout.amount, entry is not None)
    reference = f"{rail}:{line.rail_id}"
    if line.direction is Direction.COLLECT:
        reference = f"rail:{line.reference}"
    return await _received(session, reference)


async def _received(session: AsyncSession, reference: str) -> _Ours | None:
    repayment = await session.scalar(select(Repayment).where(Repayment.rail_reference == reference))
    if repayment is not None:
        entry = await posting.find(session, f"repayment:{repayment.id}")
        return _Ours(repayment.amount, entry is not None)
    item = await session.scalar(select(SuspenseItem).where(SuspenseItem.reference == reference))
    if item is None:
        return None
    entry = await posting.find(session, f"suspense:{reference}")
    return _Ours(item.amount, entry is not None)


async def _settled_on(session: AsyncSession, rail: str, day: date) -> list[Payout | PaymentRequest]:
    start = datetime.combine(day, time(), UTC)
    found: list[Payout | PaymentRequest] = []
    for model in (Payout, PaymentRequest):
        found += await session.scalars(
            select(model).where(
                model.status.in_(ARRIVED),
                or_(model.rail == rail, model.rail.is_(None)),
                model.settled_at >= start,
                model.settled_at < start + timedelta(days=1),
            )
        )
    return found


async def _keep(
    session: AsyncSession,
    rail: str,
    day: date,
    breaks: Sequence[Break],
    *,
    matched: int,
    now: datetime,
) -> None:
    of_day = (ReconciliationBreak.rail == rail, ReconciliationBreak.day == day)
    await session.execute(
        delete(ReconciliationBreak).where(*of_day, ReconciliationBreak.resolved_at.is_(None))
    )
    resolved = {
        (row.category, row.reference)
        for row in await session.scalars(select(ReconciliationBreak).where(*of_day))
    }
    for each in breaks:
        if (each.category, each.reference) in resolved:
            continue
        amount = each.theirs or each.ours
        assert amount is not None, "a break has an amount"
        session.add(
            ReconciliationBreak(
                id=new_id(),
                rail=rail,
                day=day,
                category=each.category,
                reference=each.reference,
                ours_minor=each.ours.minor if each.ours else None,
                theirs_minor=each.theirs.minor if each.theirs else None,
                currency=amount.currency,
            )
        )
    run_row = await session.get(ReconciliationRun, (rail, day))
    if run_row is None:
        run_row = ReconciliationRun(rail=rail, day=day)
        session.add(run_row)
    run_row.matched, run_row.breaks, run_row.ran_at = matched, len(breaks), now
    await session.flush()
