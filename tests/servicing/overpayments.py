"""A borrower who paid too much, and the refund that she gets."""

from uuid import UUID

from sqlalchemy import select

from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.four_eyes import Proposal
from kit.money import Money
from notifications import contacts
from servicing import (
    chargebacks,
    queries,
    rail_events,
    refunds,
    repayments,
    suspense,
    tasks,
)
from servicing.models import Loan, SuspenseItem
from servicing.rails.base import Direction, Outcome, OutcomeStatus, RailEvent
from servicing.treasury.models import Refund
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.treasury_acts import UMA, USHA

FOUR_HUNDRED = kes(400)
PHONE = "+254700000009"


async def overpaid(lender: Lender, over: Money = FOUR_HUNDRED) -> tuple[Loan, SuspenseItem]:
    """A loan that ended with money to spare, of a borrower with a proven phone."""
    loan = await lender.lends()
    async with unit_of_work(lender.sessions) as session:
        await contacts.register(
            session, person_id=loan.borrower_id, telegram_chat_id=7, locale="en", timezone=ZONE,
            now=lender.now,
        )  # fmt: skip
        await contacts.set_phone(
            session, vault_of(session), person_id=loan.borrower_id, phone_e164=PHONE,
            now=lender.now,
        )  # fmt: skip
    payoff = await lender.payoff(loan)
    await lender.receives(loan, payoff - kes(1))
    await lender.receives(loan, kes(1) + over)
    async with lender.sessions() as session:
        (item,) = await suspense.list_open(session)
    assert item.amount == over
    return loan, item


async def orders_it(lender: Lender, item: SuspenseItem, who: UUID) -> Proposal:
    async with unit_of_work(lender.sessions) as session:
        return await refunds.order(
            session, vault_of(session), item.id, staff_id=who, reason="paid twice", now=lender.now
        )


async def sent(lender: Lender, item: SuspenseItem) -> Refund:
    """Two have agreed, and the worker has handed it to the rail."""
    for who in (UMA, USHA):
        await orders_it(lender, item, who)
    refund = await the_refund(lender, item)
    await tasks.refund(lender.context, refund_id=str(refund.id))
    return await the_refund(lender, item)


async def the_refund(lender: Lender, item: SuspenseItem) -> Refund:
    async with lender.sessions() as session:
        rows = await session.scalars(
            select(Refund).where(Refund.item_id == item.id).order_by(Refund.id)
        )
        return list(rows)[-1]


async def told(lender: Lender, refund: Refund, status: OutcomeStatus, times: int = 1) -> None:
    outcome = Outcome(status, refund.amount, "W9", failure_code="closed")
    for number in range(times):
        event = RailEvent(
            "wallet", f"{refund.client_ref}:{status}{number}", Direction.PAYOUT,
            refund.client_ref, "W9", refund.amount, outcome,
        )  # fmt: skip
        async with unit_of_work(lender.sessions) as session:
            await rail_events.apply(session, event, on=lender.on, zone=ZONE, now=lender.now)


async def last_payment_goes_back(lender: Lender, loan: Loan) -> None:
    async with unit_of_work(lender.sessions) as session:
        last = (await queries.list_repayments(session, loan.id))[-1]
        await repayments.reverse(
            session, last.id, actor="system", reason="charged back", on=lender.on, now=lender.now
        )


async def charged_back(lender: Lender, item: SuspenseItem) -> None:
    async with unit_of_work(lender.sessions) as session:
        await chargebacks.take_back(
            session, item.reference, item.amount, on=lender.on, now=lender.now
        )


async def sent_by_second(lender: Lender, item: SuspenseItem) -> Refund:
    await orders_it(lender, item, USHA)
    refund = await the_refund(lender, item)
    await tasks.refund(lender.context, refund_id=str(refund.id))
    return await the_refund(lender, item)


async def too_late(lender: Lender, loan: Loan, over: SuspenseItem) -> SuspenseItem:
    """Money for a loan that is over; what was left of the loan itself is given back by hand."""
    async with unit_of_work(lender.sessions) as session:
        for who in (UMA, USHA):
            await suspense.refund(
                session, over.id, reference="BANK-1", staff_id=who, reason="by hand",
                on=lender.on, now=lender.now,
            )  # fmt: skip
        await suspense.receive(
            session, reference="wallet:W8", reason="loan_over", amount=kes(9), loan=loan,
            on=lender.on, now=lender.now, rail="wallet",
        )  # fmt: skip
        (item,) = await suspense.list_open(session)
    return item
