"""Payouts and payment requests: how they stand, their whole history, and what staff may say."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, listings
from api.console import acts, drawing, forms
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile, File
from api.console.forms import Key, OrderState
from api.console.views.returned import Back, back_of
from api.console.words import Refusal
from api.deps import Session
from api.exports import Table
from api.v1 import treasury
from api.v1.proposals import Reasoned
from servicing import disbursements, order_history, order_reviews
from servicing.disbursements import PAYOUTS
from servicing.funding import holds
from servicing.models import Payout
from servicing.order_history import History
from servicing.orders import Order, Orders
from servicing.payment_requests import REQUESTS
from servicing.refunds import REFUNDS
from servicing.states import LoanStatus, OrderStatus
from servicing.treasury import returns

router = APIRouter(prefix=HOME, include_in_schema=False)


@dataclass(frozen=True)
class _Kind:
    """What a page about orders has to know of their kind."""

    orders: Orders
    table: Table[Order]
    title: str
    one: str
    path: str
    settle: str
    fail: str


_PAYOUTS = _Kind(
    PAYOUTS, listings.PAYOUTS, "Payouts", "Payout", f"{HOME}/payouts",
    "settle_payout", "fail_payout",
)  # fmt: skip
_REQUESTS = _Kind(
    REQUESTS, listings.REQUESTS, "Payment requests", "Payment request", f"{HOME}/payment-requests",
    "settle_payment_request", "fail_payment_request",
)  # fmt: skip


_REFUNDS = _Kind(
    REFUNDS, listings.REFUNDS, "Refunds", "Refund", f"{HOME}/refunds",
    "settle_refund", "fail_refund",
)  # fmt: skip


@router.get("/payouts", name="list_payouts")
async def show_payouts(
    desk: AtDesk, session: Session, file: AskedFile, status: OrderState = None, after: Key = None
) -> Response:
    return await _list(_PAYOUTS, desk, session, file, status, after)


@router.get("/payment-requests", name="list_payment_requests")
async def show_requests(
    desk: AtDesk, session: Session, file: AskedFile, status: OrderState = None, after: Key = None
) -> Response:
    return await _list(_REQUESTS, desk, session, file, status, after)


@router.get("/refunds", name="list_refunds")
async def show_refunds(
    desk: AtDesk, session: Session, file: AskedFile, status: OrderState = None, after: Key = None
) -> Response:
    return await _list(_REFUNDS, desk, session, file, status, after)


@router.get("/payouts/{order_id}", name="get_payout_history")
async def show_payout(order_id: UUID, desk: AtDesk, session: Session, file: AskedFile) -> Response:
    return await _one(_PAYOUTS, order_id, desk, session, file)


@router.get("/payment-requests/{order_id}", name="get_payment_request_history")
async def show_request(order_id: UUID, desk: AtDesk, session: Session, file: AskedFile) -> Response:
    return await _one(_REQUESTS, order_id, desk, session, file)


@router.get("/refunds/{order_id}", name="get_refund_history")
async def show_refund(order_id: UUID, desk: AtDesk, session: Session, file: AskedFile) -> Response:
    return await _one(_REFUNDS, order_id, desk, session, file)


@router.post("/payouts/{order_id}/settle", name="settle_payout")
async def settle_payout(order_id: UUID, desk: AtDesk) -> Response:
    return await _settle(_PAYOUTS, order_id, desk)


@router.post("/payment-requests/{order_id}/settle", name="settle_payment_request")
async def settle_request(order_id: UUID, desk: AtDesk) -> Response:
    return await _settle(_REQUESTS, order_id, desk)


@router.post("/refunds/{order_id}/settle", name="settle_refund")
async def settle_refund(order_id: UUID, desk: AtDesk) -> Response:
    return await _settle(_REFUNDS, order_id, desk)


@router.post("/payouts/{order_id}/fail", name="fail_payout")
async def fail_payout(order_id: UUID, desk: AtDesk) -> Response:
    return await _fail(_PAYOUTS, order_id, desk)


@router.post("/payment-requests/{order_id}/fail", name="fail_payment_request")
async def fail_request(order_id: UUID, desk: AtDesk) -> Response:
    return await _fail(_REQUESTS, order_id, desk)


@router.post("/refunds/{order_id}/fail", name="fail_refund")
async def fail_refund(order_id: UUID, desk: AtDesk) -> Response:
    return await _fail(_REFUNDS, order_id, desk)


@router.post("/payouts/{order_id}/take-back", name="take_back_payout")
async def take_payout_back(order_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Reasoned)
        return acts.outcome(
            await returns.take_back(
                session, order_id, staff_id=desk.who.id, reason=body.reason, on=desk.today,
                zone=desk.zone, now=desk.now,
            )
        )  # fmt: skip

    return await _do(_PAYOUTS, order_id, desk, act)


@router.post("/payouts/{order_id}/retry", name="retry_payout")
async def retry_payout(order_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        payout = (await order_history.of_order(session, PAYOUTS, order_id)).order
        await disbursements.retry(
            session, desk.wiring.vault, payout.loan_id, actor=desk.who.actor, now=desk.now
        )
        return "retried"

    return await _do(_PAYOUTS, order_id, desk, act, then=_PAYOUTS.path)


@router.post("/payouts/{order_id}/cancel", name="cancel_payout")
async def cancel_payout(order_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        payout = (await order_history.of_order(session, PAYOUTS, order_id)).order
        await disbursements.cancel(session, payout.loan_id, actor=desk.who.actor, now=desk.now)
        return "canceled"

    return await _do(_PAYOUTS, order_id, desk, act)


@router.post("/payouts/{order_id}/release", name="release_payout")
async def release_payout(order_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Reasoned)
        return acts.outcome(
            await holds.release(
                session, order_id, staff_id=desk.who.id, reason=body.reason, now=desk.now
            )
        )

    return await _do(_PAYOUTS, order_id, desk, act)


@router.post("/payouts/{order_id}/give-up", name="cancel_held_payout")
async def give_held_payout_up(order_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        await holds.cancel(session, order_id, actor=desk.who.actor, now=desk.now)
        return "canceled"

    return await _do(_PAYOUTS, order_id, desk, act)


async def _list(
    kind: _Kind,
    desk: Desk,
    session: AsyncSession,
    file: File,
    status: OrderStatus | None,
    after: UUID | None,
) -> Response:
    table = listings.with_loans(kind.table)
    answer = await file.of(table, listings.orders_with(kind.orders, status))
    if answer is not None:
        return answer
    rows = await order_reviews.list_with(
        session, kind.orders, status, after=after, limit=drawing.PAGE_SIZE
    )
    return drawing.page(
        desk,
        "orders.html",
        kind=kind,
        chosen=status,
        statuses=list(OrderStatus),
        orders=drawing.table(
            desk, table, await listings.of_loans(session, rows), after=drawing.last_key(rows)
        ),
    )


async def _one(
    kind: _Kind, order_id: UUID, desk: Desk, session: AsyncSession, file: File
) -> Response:
    found = await order_history.of_order(session, kind.orders, order_id)
    answer = await file.of(listings.HISTORY, exports.listed(found.steps)) or await file.of(
        listings.BREAKS, exports.listed(found.breaks), part="breaks"
    )
    return answer or await _page(kind, found, desk, session)


async def _settle(kind: _Kind, order_id: UUID, desk: Desk) -> Response:
    async def act(session: AsyncSession) -> str:
        forms.moment_of(desk, "settled_at")
        body = forms.read(desk, treasury.Settled)
        return acts.outcome(
            await treasury.settle(
                kind.orders, order_id, body, session, desk.who, desk.now, desk.wiring
            )
        )

    return await _do(kind, order_id, desk, act)


async def _fail(kind: _Kind, order_id: UUID, desk: Desk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, treasury.Failed)
        return acts.outcome(
            await treasury.fail(
                kind.orders, order_id, body, session, desk.who, desk.now, desk.wiring
            )
        )

    return await _do(kind, order_id, desk, act)


async def _do(
    kind: _Kind, order_id: UUID, desk: Desk, act: acts.Act, *, then: str = ""
) -> Response:
    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        found = await order_history.of_order(session, kind.orders, order_id)
        return await _page(kind, found, desk, session, status=status, refusal=refusal)

    then = then or f"{kind.path}/{order_id}"
    return await acts.carry_out(desk, act, then=then, again=again)


async def _returned(desk: Desk, session: AsyncSession, order: Order) -> Back | None:
    return await back_of(desk, session, order) if isinstance(order, Payout) else None


async def _page(
    kind: _Kind, found: History, desk: Desk, session: AsyncSession, **answer: Any
) -> Response:
    names = await desk.names(session)
    order = found.order
    return drawing.page(
        desk,
        "order.html",
        kind=kind,
        found=found,
        order=order,
        names=names,
        in_review=order.status is OrderStatus.NEEDS_REVIEW,
        held=order.status is OrderStatus.HELD,
        failed=order.status in (OrderStatus.FAILED, OrderStatus.RETURNED)
        and found.loan.status is LoanStatus.PENDING_DISBURSEMENT,
        back=await _returned(desk, session, order),
        history=drawing.table(desk, listings.HISTORY, found.steps, names=names),
        breaks=drawing.table(desk, listings.BREAKS, found.breaks, part="breaks"),
        **{"refusal": None, **answer},
    )
