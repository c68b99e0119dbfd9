"""Money that needs a person: payouts that failed, money without an owner, contradictions."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from pydantic import AwareDatetime, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api import auth, listings, resolved
from api.deps import Now, OurVault, Session, Staff, Today, Wired, Wiring, permitted
from api.exports import FILES, Export, Exports, Table
from api.schemas import MoneyShown, Page, PageSize, Record, Shown, Word
from api.v1.loans import OrderShown, PayoutShown
from api.v1.proposals import ProposalShown, Reasoned
from kit.clock import business_date
from kit.four_eyes import Proposal
from servicing import (
    chargebacks,
    disbursements,
    incidents,
    order_reviews,
    refunds,
    suspense,
)
from servicing.disbursements import PAYOUTS
from servicing.hand_entries import PaidInFuture
from servicing.models import SuspenseItem
from servicing.orders import Order, Orders
from servicing.payment_requests import REQUESTS
from servicing.refunds import REFUNDS
from servicing.states import LoanStatus, OrderStatus
from servicing.treasury import losses, owners

router = APIRouter(prefix="/v1", tags=["treasury"], dependencies=[Depends(permitted)])
S = TypeVar("S", bound=OrderShown)


class OwnerShown(Shown):
    loan_id: UUID
    loan_reference: str
    why: list[str]


class SuspenseShown(Record):
    reference: str
    reason: str
    written: str | None
    """What the payer wrote as reference."""
    loan_id: UUID | None
    amount: MoneyShown
    received_on: date
    resolved_at: datetime | None
    refund_reference: str | None
    """The payment by which it was given back."""
    proposals: list[OwnerShown]
    """Whose it may be: a person decides."""


class Owner(Reasoned):
    loan_id: Annotated[UUID, Field(strict=False)]


class Refund(Reasoned):
    reference: Word = Field(description="Of the payment outside by which it was given back.")


class OwnMoney(Reasoned):
    of: Annotated[suspense.Own, Field(strict=False)]
    """From where the lender sent it."""


class Settled(Reasoned):
    rail_id: Word = Field(description="The rail's own name for the transfer.")
    settled_at: Annotated[AwareDatetime, Field(strict=False)]


class Failed(Reasoned):
    failure_code: Word = Field(description="Why the rail did not do it, in a word.")


class IncidentShown(Record):
    kind: str
    subject: str
    facts: dict[str, Any]
    at: datetime
    resolved_at: datetime | None


class LoanGivenUp(Record):
    reference: str
    status: LoanStatus


@router.get("/payouts", response_model=Page[PayoutShown], responses=FILES)
async def list_payouts(
    session: Session,
    export: Export,
    status: OrderStatus = OrderStatus.NEEDS_REVIEW,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[PayoutShown] | Response:
    """Oldest first; those that a person must look at, unless another status is asked for."""
    return await _listed(
        PAYOUTS, listings.PAYOUTS, PayoutShown, session, export, status, after=after, limit=limit
    )


@router.get("/payment-requests", response_model=Page[OrderShown], responses=FILES)
async def list_payment_requests(
    session: Session,
    export: Export,
    status: OrderStatus = OrderStatus.NEEDS_REVIEW,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[OrderShown] | Response:
    """What borrowers' wallets were asked for: oldest first, those that a person must look at."""
    return await _listed(
        REQUESTS, listings.REQUESTS, OrderShown, session, export, status, after=after, limit=limit
    )


@router.post("/payouts/{payout_id}/settle", response_model=ProposalShown)
async def settle_payout(
    payout_id: UUID, body: Settled, session: Session, who: Staff, now: Now, wiring: Wired
) -> Proposal:
    """The rail's people have shown that the money arrived. A second person says the same."""
    return await settle(PAYOUTS, payout_id, body, session, who, now, wiring)


@router.post("/payouts/{payout_id}/fail", response_model=ProposalShown)
async def fail_payout(
    payout_id: UUID, body: Failed, session: Session, who: Staff, now: Now, wiring: Wired
) -> Proposal:
    """The rail's people have shown that nothing moved. Then it can be sent again, or given up."""
    return await fail(PAYOUTS, payout_id, body, session, who, now, wiring)


@router.post("/payment-requests/{request_id}/settle", response_model=ProposalShown)
async def settle_payment_request(
    request_id: UUID, body: Settled, session: Session, who: Staff, now: Now, wiring: Wired
) -> Proposal:
    """The rail's people have shown that the borrower's money came. A second person agrees."""
    return await settle(REQUESTS, request_id, body, session, who, now, wiring)


@router.post("/payment-requests/{request_id}/fail", response_model=ProposalShown)
async def fail_payment_request(
    request_id: UUID, body: Failed, session: Session, who: Staff, now: Now, wiring: Wired
) -> Proposal:
    return await fail(REQUESTS, request_id, body, session, who, now, wiring)


@router.post(
    "/loans/{loan_id}/payout/retry", response_model=PayoutShown, status_code=status.HTTP_201_CREATED
)
async def retry_payout(
    loan_id: UUID, session: Session, vault: OurVault, who: Staff, now: Now
) -> PayoutShown:
    """Send the money again, to the same account, after a proven failure."""
    payout = await disbursements.retry(session, vault, loan_id, actor=who.actor, now=now)
    return PayoutShown.model_validate(payout)


@router.post("/loans/{loan_id}/payout/cancel", response_model=LoanGivenUp)
async def cancel_payout(loan_id: UUID, session: Session, who: Staff, now: Now) -> LoanGivenUp:
    """Give the loan up after a proven failure: no money went out and none will."""
    loan = await disbursements.cancel(session, loan_id, actor=who.actor, now=now)
    return LoanGivenUp.model_validate(loan)


@router.get("/suspense", response_model=Page[SuspenseShown], responses=FILES)
async def list_suspense(
    session: Session,
    today: Today,
    export: Export,
    is_over: bool = False,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[SuspenseShown] | Response:
    """Money that came in and fits no running loan, and whose it may be. `is_over`: what was placed
    or given back, newest first."""
    lists = resolved.SUSPENSE
    every = lists.every(is_over=is_over)
    if (file := await export.of(lists.table(is_over=is_over), every)) is not None:
        return file
    rows = await lists.page(session, is_over=is_over, after=after, limit=limit)
    return Page.of(
        [
            _item(row, [] if is_over else await owners.propose(session, row, on=today))
            for row in rows
        ],
        limit,
    )


@router.post("/suspense/{item_id}/assign", response_model=ProposalShown)
async def assign_suspense(
    item_id: UUID, body: Owner, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """Say whose money it is: when a second person says the same, it repays that loan."""
    return await suspense.assign(
        session, item_id, loan_id=body.loan_id, staff_id=who.id, reason=body.reason,
        on=today, now=now,
    )  # fmt: skip


@router.post("/suspense/{item_id}/refund", response_model=ProposalShown)
async def refund_suspense(
    item_id: UUID, body: Refund, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """Say by which payment outside it was given back. A second person says the same."""
    return await suspense.refund(
        session, item_id, reference=body.reference, staff_id=who.id, reason=body.reason,
        on=today, now=now,
    )  # fmt: skip


@router.post("/suspense/{item_id}/own", response_model=ProposalShown)
async def own_suspense(
    item_id: UUID, body: OwnMoney, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """The lender sent it himself, or it is the cash that staff had entered. A second person says
    the same."""
    return await suspense.own(
        session, item_id, of=body.of, staff_id=who.id, reason=body.reason, on=today, now=now
    )


@router.post("/suspense/{item_id}/send-back", response_model=ProposalShown)
async def send_suspense_back(
    item_id: UUID, body: Reasoned, session: Session, vault: OurVault, who: Staff, now: Now
) -> Proposal:
    """Have a rail give it back to its borrower's own phone, when a second person agrees."""
    return await refunds.order(
        session, vault, item_id, staff_id=who.id, reason=body.reason, now=now
    )


@router.get("/refunds", response_model=Page[OrderShown], responses=FILES)
async def list_refunds(
    session: Session,
    export: Export,
    status: OrderStatus = OrderStatus.NEEDS_REVIEW,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[OrderShown] | Response:
    """Money on its way back to borrowers: oldest first, those that a person must look at."""
    return await _listed(
        REFUNDS, listings.REFUNDS, OrderShown, session, export, status, after=after, limit=limit
    )


@router.post("/refunds/{refund_id}/settle", response_model=ProposalShown)
async def settle_refund(
    refund_id: UUID, body: Settled, session: Session, who: Staff, now: Now, wiring: Wired
) -> Proposal:
    """The rail's people have shown that the money arrived. A second person says the same."""
    return await settle(REFUNDS, refund_id, body, session, who, now, wiring)


@router.post("/refunds/{refund_id}/fail", response_model=ProposalShown)
async def fail_refund(
    refund_id: UUID, body: Failed, session: Session, who: Staff, now: Now, wiring: Wired
) -> Proposal:
    """The rail's people have shown that nothing moved: the money waits in suspense again."""
    return await fail(REFUNDS, refund_id, body, session, who, now, wiring)


@router.post("/repayments/{repayment_id}/charge-back", response_model=ProposalShown)
async def charge_repayment_back(
    repayment_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """The rail took it back, say two people: it is as if it had never come."""
    return await chargebacks.charge_back(
        session, repayment_id, staff_id=who.id, reason=body.reason, on=today, now=now
    )


@router.post("/repayments/{repayment_id}/write-off", response_model=ProposalShown)
async def write_repayment_off(
    repayment_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """Paid by card, it was given back, and its bank took it back as well, say two people: lost."""
    return await losses.write_off_payment(
        session, repayment_id, staff_id=who.id, reason=body.reason, on=today, now=now
    )


@router.post("/suspense/{item_id}/write-off", response_model=ProposalShown)
async def write_suspense_off(
    item_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now, today: Today
) -> Proposal:
    """The same of card money that was given back from suspense."""
    return await losses.write_off_item(
        session, item_id, staff_id=who.id, reason=body.reason, on=today, now=now
    )


@router.get("/incidents", response_model=Page[IncidentShown], responses=FILES)
async def list_incidents(
    session: Session,
    export: Export,
    is_over: bool = False,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[IncidentShown] | Response:
    """Where the outside contradicts what we know about money. Nothing was posted. `is_over`: those
    that were resolved, newest first."""
    lists = resolved.INCIDENTS
    every = lists.every(is_over=is_over)
    if (file := await export.of(lists.table(is_over=is_over), every)) is not None:
        return file
    rows = await lists.page(session, is_over=is_over, after=after, limit=limit)
    return Page.of([IncidentShown.model_validate(row) for row in rows], limit)


@router.post("/incidents/{incident_id}/resolve", response_model=ProposalShown)
async def resolve_incident(
    incident_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now
) -> Proposal:
    """It is understood and put right, say two people. It moves no money."""
    return await incidents.resolve(
        session, incident_id, staff_id=who.id, reason=body.reason, now=now
    )


async def settle(
    kind: Orders,
    order_id: UUID,
    body: Settled,
    session: AsyncSession,
    who: auth.Staff,
    now: datetime,
    wiring: Wiring,
) -> Proposal:
    zone = wiring.settings.timezone
    if body.settled_at > now:
        raise PaidInFuture(paid_on=body.settled_at.date(), today=business_date(now, zone))
    return await order_reviews.settle(
        session, kind, order_id, rail_id=body.rail_id, settled_at=body.settled_at,
        staff_id=who.id, reason=body.reason, on=business_date(now, zone), zone=zone, now=now,
    )  # fmt: skip


async def fail(
    kind: Orders,
    order_id: UUID,
    body: Failed,
    session: AsyncSession,
    who: auth.Staff,
    now: datetime,
    wiring: Wiring,
) -> Proposal:
    zone = wiring.settings.timezone
    return await order_reviews.fail(
        session, kind, order_id, failure_code=body.failure_code,
        staff_id=who.id, reason=body.reason, on=business_date(now, zone), zone=zone, now=now,
    )  # fmt: skip


def _item(row: SuspenseItem, proposed: Sequence[owners.Owner]) -> SuspenseShown:
    return SuspenseShown(
        id=row.id,
        reference=row.reference,
        reason=row.reason,
        loan_id=row.loan_id,
        amount=MoneyShown.of(row.amount),
        received_on=row.received_on,
        resolved_at=row.resolved_at,
        refund_reference=row.refund_reference,
        written=row.written,
        proposals=[
            OwnerShown(loan_id=each.loan.id, loan_reference=each.loan.reference, why=list(each.why))
            for each in proposed
        ],
    )


async def _listed(
    kind: Orders,
    table: Table[Order],
    shown: type[S],
    session: AsyncSession,
    export: Exports,
    status: OrderStatus,
    *,
    after: UUID | None,
    limit: int,
) -> Page[S] | Response:
    every = listings.orders_with(kind, status)
    if file := await export.of(listings.with_loans(table), every):
        return file
    rows = await order_reviews.list_with(session, kind, status, after=after, limit=limit)
    return Page.of([shown.model_validate(row) for row in rows], limit)
