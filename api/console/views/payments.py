"""Payments of a loan: what came outside the rails is entered, what went back is taken back."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.console import acts, drawing, forms
from api.console.door import HOME, AtDesk, Desk
from api.console.words import Refusal
from api.deps import Session
from api.v1.loans import RepaymentReceived
from api.v1.proposals import Reasoned
from kit import four_eyes
from kit.four_eyes import Proposal
from servicing import chargebacks, hand_entries, queries, repayments
from servicing.rails import telegram
from servicing.treasury import losses

router = APIRouter(prefix=HOME, include_in_schema=False)


@router.get("/loans/{loan_id}/enter", name="receive_repayment")
async def show_entry(loan_id: UUID, desk: AtDesk, session: Session) -> Response:
    return await _entry(loan_id, desk, session)


@router.post("/loans/{loan_id}/enter", name="receive_repayment")
async def enter_money(loan_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        loan = await queries.get_loan(session, loan_id)
        body = forms.read(desk, RepaymentReceived, money=forms.amount_of(desk, loan.currency))
        found = await hand_entries.enter(
            session, loan_id=loan_id, amount=body.money.money(), reference=body.reference,
            on=body.paid_on, staff_id=desk.who.id, reason=body.reason or body.reference,
            two_from=desk.wiring.settings.hand_money_for_two, today=desk.today, now=desk.now,
        )  # fmt: skip
        return acts.outcome(found) if isinstance(found, Proposal) else "entered"

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _entry(loan_id, desk, session, status=status, refusal=refusal)

    return await acts.carry_out(desk, act, then=f"{HOME}/loans/{loan_id}/enter", again=again)


@router.get("/repayments/{repayment_id}", name="charge_repayment_back")
async def show_payment(repayment_id: UUID, desk: AtDesk, session: Session) -> Response:
    return await _payment(repayment_id, desk, session)


@router.post("/repayments/{repayment_id}/charge-back", name="charge_repayment_back")
async def charge_payment_back(repayment_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Reasoned)
        return acts.outcome(
            await chargebacks.charge_back(
                session, repayment_id, staff_id=desk.who.id, reason=body.reason, on=desk.today,
                now=desk.now,
            )
        )  # fmt: skip

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _payment(repayment_id, desk, session, status=status, refusal=refusal)

    return await acts.carry_out(desk, act, then=f"{HOME}/repayments/{repayment_id}", again=again)


@router.post("/repayments/{repayment_id}/write-off", name="write_repayment_off")
async def write_payment_off(repayment_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Reasoned)
        return acts.outcome(
            await losses.write_off_payment(
                session, repayment_id, staff_id=desk.who.id, reason=body.reason, on=desk.today,
                now=desk.now,
            )
        )  # fmt: skip

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _payment(repayment_id, desk, session, status=status, refusal=refusal)

    return await acts.carry_out(desk, act, then=f"{HOME}/repayments/{repayment_id}", again=again)


async def _entry(loan_id: UUID, desk: Desk, session: AsyncSession, **answer: Any) -> Response:
    loan = await queries.get_loan(session, loan_id)
    return drawing.page(
        desk,
        "hand_money.html",
        loan=loan,
        owed=await queries.owed(session, loan, on=desk.today),
        payoff=await queries.payoff_quote(session, loan, on=desk.today),
        takes_money=loan.status in repayments.REPAYABLE,
        two_from=desk.wiring.settings.hand_money_for_two,
        proposals=await four_eyes.list_open(
            session, subject=f"loan:{loan.id}", acts=("repayment.enter",)
        ),
        names=await desk.names(session),
        **{"refusal": None, **answer},
    )


async def _payment(
    repayment_id: UUID, desk: Desk, session: AsyncSession, **answer: Any
) -> Response:
    repayment = await repayments.get_repayment(session, repayment_id)
    return drawing.page(
        desk,
        "payment.html",
        payment=repayment,
        loan=await queries.get_loan(session, repayment.loan_id),
        is_by_card=repayment.rail == telegram.NAME,
        is_lost=await losses.is_written_off(session, f"repayment:{repayment.id}"),
        proposals=await four_eyes.list_open(session, subject=f"repayment:{repayment.id}"),
        names=await desk.names(session),
        **{"refusal": None, **answer},
    )
