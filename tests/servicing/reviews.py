"""Orders that wait for a person, and what two of staff say became of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.errors import DomainError
from kit.money import Money
from servicing import (
    chargebacks,
    hand_entries,
    order_reviews,
    orders,
    payment_requests,
    queries,
    rail_events,
    suspense,
    tasks,
)
from servicing.disbursements import PAYOUTS
from servicing.models import Loan, PaymentRequest
from servicing.orders import Orders
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Direction, Outcome, OutcomeStatus, RailEvent
from tests.servicing.lending import ZONE, Lender
from tests.servicing.treasury_acts import UMA, USHA


async def doubts(lender: Lender, kind: Orders, order_id: UUID) -> None:
    """The rail never answers: a person has to look."""
    async with unit_of_work(lender.sessions) as session:
        _, order = await orders.locked(session, kind, order_id)
        silence = Outcome(OutcomeStatus.UNKNOWN)
        await orders.doubt(session, kind, order, silence, "no_answer", now=lender.now)


async def asks_in_vain(lender: Lender, loan: Loan, amount: Money) -> PaymentRequest:
    """A payment request that waits for a person."""
    async with unit_of_work(lender.sessions) as session:
        asked = await payment_requests.request(
            session, vault_of(session), loan_id=loan.id, amount=amount, on=lender.on,
            now=lender.now,
        )  # fmt: skip
    await tasks.collect(lender.context, request_id=str(asked.id))
    await doubts(lender, REQUESTS, asked.id)
    return asked


async def pays_out_in_vain(lender: Lender) -> UUID:
    payout_id = await lender.pays_out(await lender.opens())
    await doubts(lender, PAYOUTS, payout_id)
    return payout_id


async def settles(
    lender: Lender, kind: Orders, order_id: UUID, name: str, *, at: datetime | None = None
) -> str:
    """`settled`, or the code of the refusal."""
    when: dict[str, Any] = {"on": lender.on, "zone": ZONE, "now": lender.now}
    try:
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await order_reviews.settle(
                    session, kind, order_id, rail_id=name, settled_at=at or lender.now,
                    staff_id=who, reason="seen", **when,
                )  # fmt: skip
    except DomainError as refused:
        return refused.code
    return "settled"


async def enters(lender: Lender, loan: Loan, amount: Money, reference: str) -> str:
    """By hand: `entered`, or the code of the refusal."""
    try:
        async with unit_of_work(lender.sessions) as session:
            await hand_entries.receive(
                session, loan_id=loan.id, amount=amount, reference=reference, on=lender.on,
                now=lender.now,
            )  # fmt: skip
    except DomainError as refused:
        return refused.code
    return "entered"


async def comes(
    lender: Lender, name: str, written: str, amount: Money, *, event: str | None = None
) -> None:
    """The rail tells of money that somebody sent by himself."""
    outcome = Outcome(OutcomeStatus.SETTLED, amount, name, settled_at=lender.now)
    told = RailEvent(
        "wallet", event or f"E-{name}", Direction.INCOMING, written, name, amount, outcome
    )
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, told, on=lender.on, zone=ZONE, now=lender.now)


async def is_settled_by_rail(lender: Lender, asked: PaymentRequest, name: str) -> None:
    """The rail tells that the request was paid, by the transfer that it calls so."""
    outcome = Outcome(OutcomeStatus.SETTLED, asked.amount, name, settled_at=lender.now)
    told = RailEvent(
        "wallet", f"C-{asked.client_ref}-{name}", Direction.COLLECT, asked.client_ref, name,
        asked.amount, outcome,
    )  # fmt: skip
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, told, on=lender.on, zone=ZONE, now=lender.now)


async def repaid(lender: Lender, loan: Loan) -> list[tuple[str, str]]:
    """What stands: the rail's name for it, and the amount."""
    async with lender.sessions() as session:
        rows = await queries.list_repayments(session, loan.id)
    return [(row.rail_reference, row.amount.major) for row in rows if row.reversed_on is None]


async def charges_back(lender: Lender, loan: Loan) -> None:
    """Two of staff take back the last that came."""
    async with lender.sessions() as session:
        last = (await queries.list_repayments(session, loan.id))[-1]
    for who in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            await chargebacks.charge_back(
                session, last.id, staff_id=who, reason="wrong", on=lender.on, now=lender.now
            )


async def places(lender: Lender, loan: Loan) -> None:
    async with lender.sessions() as session:
        (item,) = await suspense.list_open(session)
    for who in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            await suspense.assign(
                session, item.id, loan_id=loan.id, staff_id=who, reason="asked", on=lender.on,
                now=lender.now,
            )  # fmt: skip
