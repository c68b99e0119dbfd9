"""What a rail tells us by itself: taken in once, matched by reference and amount, or set aside."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import insert_once
from kit.ids import new_id
from servicing import (
    chargebacks,
    hints,
    orders,
    queries,
    repayments,
    suspense,
    transfers,
)
from servicing.funding import capital, taken_back
from servicing.models import Loan, PaymentRequest, RailEventRow
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Direction, OutcomeStatus, RailEvent


async def apply(
    session: AsyncSession, event: RailEvent, *, on: date, zone: str, now: datetime
) -> None:
    """Do what an authenticated event means. The same event again changes nothing.

    `on` is today in `zone`.
    """
    wrote = await insert_once(
        session,
        RailEventRow,
        id=new_id(),
        rail=event.rail,
        event_id=event.event_id,
        client_ref=event.reference,
        rail_id=event.rail_id,
        status=event.outcome.status,
        amount_minor=event.amount.minor,
        currency=event.amount.currency,
        received_at=now,
    )
    if not wrote:
        if event.is_hint and event.direction is Direction.INCOMING:
            await hints.compare(session, event, now=now)
        return
    if event.is_hint:
        await hints.heed(session, event, on=on, zone=zone, now=now)
    elif event.direction is not Direction.INCOMING:
        await _ordered(session, event, on=on, zone=zone, now=now)
    elif event.outcome.status is OutcomeStatus.RETURNED:
        await _taken_back(session, event, on=on, zone=zone, now=now)
    elif (paid := await hints.as_announced(session, event, now=now)) is not None:
        await _incoming(session, paid, on=on, zone=zone, now=now)


async def _ordered(
    session: AsyncSession, event: RailEvent, *, on: date, zone: str, now: datetime
) -> None:
    found = await hints.order_of(session, event)
    if found is None:
        await hints.unknown_to_us(session, event, now=now)
        return
    kind, order = found
    if event.account and not await hints.is_payee(session, order, event.account, now=now):
        _, order = await orders.locked(session, kind, order.id)
        await orders.doubt(session, kind, order, event.outcome, "account_differs", now=now)
    else:
        await orders.apply(session, kind, order.id, event.outcome, on=on, zone=zone, now=now)


async def _taken_back(
    session: AsyncSession, event: RailEvent, *, on: date, zone: str, now: datetime
) -> None:
    """Money that had come in: under the rail's name for it, or under the prompt's that it paid."""
    if await taken_back.is_out(session, event.rail, event.rail_id):
        return
    reference = f"{event.rail}:{event.rail_id}"
    is_known = await queries.find_repayment(session, reference) is not None or (
        await queries.find_suspense_item(session, reference) is not None
    )
    asked = None if is_known else await hints.prompt_of(session, event)
    if asked is not None and await hints.answers_prompt(session, event, asked, now=now):
        await orders.apply(session, REQUESTS, asked.id, event.outcome, on=on, zone=zone, now=now)
    else:
        await chargebacks.take_back(session, reference, event.amount, on=on, now=now)


async def _incoming(
    session: AsyncSession, event: RailEvent, *, on: date, zone: str, now: datetime
) -> None:
    """Money that a borrower sent by the loan's reference; what fits no running loan waits."""
    reference = f"{event.rail}:{event.rail_id}"
    if event.outcome.status is not OutcomeStatus.SETTLED:
        return
    asked = await hints.prompt_of(session, event)
    if asked is not None and await hints.answers_prompt(session, event, asked, now=now):
        await orders.apply(session, REQUESTS, asked.id, event.outcome, on=on, zone=zone, now=now)
        return
    loan = await _loan_of(session, event, asked)
    if await _is_known(session, reference, event, loan, now=now):
        return
    came_on = event.outcome.moved_on(today=on, not_before=date.min, zone=zone)
    if loan is None or loan.currency != event.amount.currency:
        reason = "unknown_reference" if loan is None else "other_currency"
    elif loan.status in repayments.REPAYABLE:
        paid_on = max(came_on, loan.disbursed_on or on)
        await repayments.receive(
            session, loan_id=loan.id, amount=event.amount, rail_reference=reference,
            on=paid_on, now=now, rail=event.rail,
        )  # fmt: skip
        return
    else:
        reason = "loan_over"
    await suspense.receive(
        session, reference=reference, reason=reason, amount=event.amount, on=on, came_on=came_on,
        now=now, loan=loan, rail=event.rail, written=event.reference, payer=event.account,
    )  # fmt: skip


async def _loan_of(
    session: AsyncSession, event: RailEvent, asked: PaymentRequest | None
) -> Loan | None:
    """That the payer named, or whose prompt was answered; locked."""
    named = await queries.find_by_reference(session, event.reference)
    if named is not None:
        return await queries.get_loan(session, named.id, lock=True)
    return None if asked is None else await queries.get_loan(session, asked.loan_id, lock=True)


async def _is_known(
    session: AsyncSession, reference: str, event: RailEvent, loan: Loan | None, *, now: datetime
) -> bool:
    """Whether this money is in the books. It stays where it is: a charge-back may have opened its
    loan again since it was set aside. Other words about it are a doubt."""
    await queries.hold_transfer(session, reference)
    if (capital_in := await capital.paid_in(session, reference)) is not None:
        if capital_in != event.amount:
            await hints.told_differently(session, event, first=capital_in, now=now)
        return True
    aside = await queries.find_suspense_item(session, reference)
    repaid = await queries.find_repayment(session, reference)
    known = repaid or aside
    if known is None:
        return await transfers.is_entered(
            session, event.rail, event.rail_id, kind="incoming_stands_elsewhere",
            amount=event.amount, now=now,
        )  # fmt: skip
    # Whose the money in suspense is, a person has said, whatever the payer wrote.
    is_elsewhere = aside is None and loan is not None and loan.id != known.loan_id
    if known.amount != event.amount or is_elsewhere:
        await hints.told_differently(session, event, first=known.amount, now=now)
    return True
