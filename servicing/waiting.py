"""What waits for a person in the money rooms, counted; and how far the daily work has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from servicing.closing import parts
from servicing.ledger import sealing
from servicing.ledger.models import Checkpoint
from servicing.models import (
    Incident,
    Loan,
    PaymentRequest,
    Payout,
    ReconciliationBreak,
    ReconciliationRun,
    SuspenseItem,
)
from servicing.states import LoanStatus, OrderStatus


@dataclass(frozen=True, slots=True)
class Waiting:
    payouts_in_review: int
    loans_unpaid: int
    """Every payout failed: they wait for another try, or to be given up."""
    loans_returned: int
    """The same, when the money of one came back."""
    requests_in_review: int
    suspense: int
    incidents: int
    breaks: int
    proposals: int


@dataclass(frozen=True, slots=True)
class Progress:
    days_to_close: int
    reconciled: Sequence[ReconciliationRun]
    """The newest statement day of each rail."""
    open_breaks: Mapping[str, int]
    """By rail, of all days."""
    checkpoint: Checkpoint | None


async def counts(session: AsyncSession) -> Waiting:
    async def number(query: Select[int]) -> int:
        return await session.scalar(query) or 0

    review, over = OrderStatus.NEEDS_REVIEW, (OrderStatus.FAILED, OrderStatus.RETURNED)
    came_back = exists().where(Payout.loan_id == Loan.id, Payout.status == OrderStatus.RETURNED)
    unpaid = select(func.count(Loan.id)).where(
        Loan.status == LoanStatus.PENDING_DISBURSEMENT,
        exists().where(Payout.loan_id == Loan.id),
        ~exists().where(Payout.loan_id == Loan.id, Payout.status.not_in(over)),
    )
    return Waiting(
        payouts_in_review=await number(
            select(func.count(Payout.id)).where(Payout.status == review)
        ),
        loans_unpaid=await number(unpaid.where(~came_back)),
        loans_returned=await number(unpaid.where(came_back)),
        requests_in_review=await number(
            select(func.count(PaymentRequest.id)).where(PaymentRequest.status == review)
        ),
        suspense=await number(
            select(func.count(SuspenseItem.id)).where(SuspenseItem.resolved_at.is_(None))
        ),
        incidents=await number(
            select(func.count(Incident.id)).where(Incident.resolved_at.is_(None))
        ),
        breaks=await number(
            select(func.count(ReconciliationBreak.id)).where(
                ReconciliationBreak.resolved_at.is_(None)
            )
        ),
        proposals=await four_eyes.count_open(session),
    )


async def progress(session: AsyncSession, *, today: date) -> Progress:
    newest = (
        select(ReconciliationRun.rail, func.max(ReconciliationRun.day).label("day"))
        .group_by(ReconciliationRun.rail)
        .subquery()
    )
    runs = await session.scalars(
        select(ReconciliationRun)
        .join(
            newest,
            and_(ReconciliationRun.rail == newest.c.rail, ReconciliationRun.day == newest.c.day),
        )
        .order_by(ReconciliationRun.rail)
    )
    return Progress(
        days_to_close=len(await parts.days_to_close(session, today=today)),
        reconciled=runs.all(),
        open_breaks=await open_breaks(session),
        checkpoint=await sealing.newest_checkpoint(session),
    )


async def open_breaks(session: AsyncSession) -> dict[str, int]:
    """How many breaks of each rail wait, whatever their day."""
    rows = await session.execute(
        select(ReconciliationBreak.rail, func.count(ReconciliationBreak.id))
        .where(ReconciliationBreak.resolved_at.is_(None))
        .group_by(ReconciliationBreak.rail)
    )
    return {row[0]: row[1] for row in rows}
