"""Money that needs a person: payouts that failed, money without an owner, contradictions."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import Field
from sqlalchemy import select

from api.deps import Now, OurVault, Session, Staff, Today, permitted
from api.schemas import MoneyShown, Page, PageSize, Record, Strict
from api.v1.loans import PayoutShown, RepaymentShown
from servicing import disbursements, incidents, reconciliation, suspense
from servicing.models import Incident, Payout, ReconciliationBreak, SuspenseItem
from servicing.states import LoanStatus, OrderStatus

router = APIRouter(prefix="/v1", tags=["treasury"], dependencies=[Depends(permitted)])


class SuspenseShown(Record):
    reference: str
    reason: str
    loan_id: UUID | None
    amount: MoneyShown
    received_on: date


class Owner(Strict):
    loan_id: Annotated[UUID, Field(strict=False)]


class IncidentShown(Record):
    kind: str
    subject: str
    facts: dict[str, Any]
    at: datetime


class BreakShown(Record):
    rail: str
    day: date
    category: str
    reference: str
    ours: MoneyShown | None
    theirs: MoneyShown | None


class LoanGivenUp(Record):
    reference: str
    status: LoanStatus


@router.get("/payouts", response_model=Page[PayoutShown])
async def list_payouts(
    session: Session,
    status: OrderStatus = OrderStatus.NEEDS_REVIEW,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[PayoutShown]:
    """Oldest first; those that a person must look at, unless another status is asked for."""
    query = select(Payout).where(Payout.status == status).order_by(Payout.id).limit(limit)
    if after is not None:
        query = query.where(Payout.id > after)
    rows = await session.scalars(query)
    return Page.of([PayoutShown.of(row) for row in rows], limit)


@router.post(
    "/loans/{loan_id}/payout/retry", response_model=PayoutShown, status_code=status.HTTP_201_CREATED
)
async def retry_payout(
    loan_id: UUID, session: Session, vault: OurVault, who: Staff, now: Now
) -> PayoutShown:
    """Send the money again, to the same account, after a proven failure."""
    payout = await disbursements.retry(session, vault, loan_id, actor=who.actor, now=now)
    return PayoutShown.of(payout)


@router.post("/loans/{loan_id}/payout/cancel", response_model=LoanGivenUp)
async def cancel_payout(loan_id: UUID, session: Session, who: Staff, now: Now) -> LoanGivenUp:
    """Give the loan up after a proven failure: no money went out and none will."""
    loan = await disbursements.cancel(session, loan_id, actor=who.actor, now=now)
    return LoanGivenUp.model_validate(loan)


@router.get("/suspense", response_model=list[SuspenseShown])
async def list_suspense(session: Session) -> list[SuspenseShown]:
    """Money that came in and fits no running loan."""
    return [_item(row) for row in await suspense.list_open(session)]


@router.post("/suspense/{item_id}/assign", response_model=RepaymentShown)
async def assign_suspense(
    item_id: UUID, body: Owner, session: Session, who: Staff, now: Now, today: Today
) -> RepaymentShown:
    """Say whose money it is: it repays that loan."""
    repayment = await suspense.assign(
        session, item_id, loan_id=body.loan_id, actor=who.actor, on=today, now=now
    )
    return RepaymentShown.of(repayment)


@router.get("/incidents", response_model=list[IncidentShown])
async def list_incidents(session: Session) -> list[Incident]:
    """Where the outside contradicts what we know about money. Nothing was posted."""
    return await incidents.list_open(session)


@router.get("/reconciliation/breaks", response_model=list[BreakShown])
async def list_breaks(session: Session) -> list[BreakShown]:
    """Lines of the rails' statements that differ from our books."""
    return [_break(row) for row in await reconciliation.list_open(session)]


def _item(row: SuspenseItem) -> SuspenseShown:
    return SuspenseShown(
        id=row.id,
        reference=row.reference,
        reason=row.reason,
        loan_id=row.loan_id,
        amount=MoneyShown.of(row.amount),
        received_on=row.received_on,
    )


def _break(row: ReconciliationBreak) -> BreakShown:
    def money(minor: int | None) -> MoneyShown | None:
        return MoneyShown.of_minor(minor, row.currency) if minor is not None else None

    return BreakShown(
        id=row.id,
        rail=row.rail,
        day=row.day,
        category=row.category,
        reference=row.reference,
        ours=money(row.ours_minor),
        theirs=money(row.theirs_minor),
    )
