"""Unsigned messages of a rail: a reason to ask it, and enough to doubt; never enough to post."""

import re
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.crypto import person_key, vault_of
from kit.db import insert_once, unit_of_work
from kit.ids import new_id
from kit.money import Money
from servicing import incidents, orders, queries, repayments
from servicing.disbursements import PAYOUTS
from servicing.models import Loan, PaymentRequest, RailEventRow
from servicing.orders import Order, Orders
from servicing.payment_requests import REQUESTS
from servicing.rails.base import HINT, Direction, OutcomeStatus, RailEvent, Rails, Witness
from servicing.refunds import REFUNDS
from servicing.states import FINAL, OrderStatus

INQUIRE = "servicing.inquire"
CONFIRM = "servicing.confirm_payment"
_ORDERED = {Direction.PAYOUT: (PAYOUTS, REFUNDS), Direction.COLLECT: (REQUESTS,)}
_PROMPT = re.compile(r"[0-9a-f]{12}\Z")
_TOLD_DIFFERENTLY = "incoming_told_differently"
# Ten questions in seventeen hours.
_TRIES_MAX, _PAUSE_SECONDS = 10, 60


async def order_of(session: AsyncSession, event: RailEvent) -> tuple[Orders, Order] | None:
    """What we ordered, when this rail may speak of it."""
    for kind in _ORDERED[event.direction]:
        order = await orders.find(session, kind, event.reference)
        if order is not None and order.rail in (None, event.rail):
            return kind, order
    return None


async def unknown_to_us(session: AsyncSession, event: RailEvent, *, now: datetime) -> None:
    await incidents.report(
        session, kind=f"{event.direction}_unknown_to_us", subject=f"{event.rail}:{event.rail_id}",
        now=now, amount=str(event.amount), told=event.outcome.status,
    )  # fmt: skip


async def heed(
    session: AsyncSession, event: RailEvent, *, on: date, zone: str, now: datetime
) -> None:
    """Ask the rail. A hint that contradicts what we hold is an incident at once."""
    if event.direction is Direction.INCOMING or event.outcome.status is OutcomeStatus.RETURNED:
        await jobs.enqueue(
            session, CONFIRM, key=f"confirm:{event.rail}:{event.event_id}", rail=event.rail,
            rail_id=event.rail_id, tries=0, since=now.isoformat(),
        )  # fmt: skip
        return
    found = await order_of(session, event)
    if found is None:
        await unknown_to_us(session, event, now=now)
        return
    kind, order = found
    is_other = event.outcome.status is OutcomeStatus.SETTLED and event.amount != order.amount
    if is_other or order.status in (OrderStatus.CREATED, *FINAL):
        # Nothing is posted here: an order in these states can only be doubted.
        await orders.apply(session, kind, order.id, event.outcome, on=on, zone=zone, now=now)
        return
    if event.direction is Direction.COLLECT and order.rail_id is None:
        await _name(session, order, event.rail_id)
    await jobs.enqueue(
        session, INQUIRE, key=f"inquire:{order.id}:{event.event_id}", kind=kind.machine.name,
        order_id=str(order.id),
    )  # fmt: skip


async def as_announced(
    session: AsyncSession, event: RailEvent, *, now: datetime
) -> RailEvent | None:
    """A payment as the rail confirms it, under the reference of its hint; None when they differ."""
    hint = await _hint_of(session, event.rail, event.rail_id)
    if hint is None:
        return event
    subject = f"{event.rail}:{event.rail_id}"
    if await incidents.is_reported(session, kind=_TOLD_DIFFERENTLY, subject=subject):
        return replace(event, reference="")  # Whose it is, a person says.
    if hint.amount == event.amount:
        return replace(event, reference=hint.client_ref)
    await incidents.report(
        session, kind="incoming_amount_differs", subject=subject, now=now,
        ours=str(hint.amount), theirs=str(event.amount),
    )  # fmt: skip
    return None


async def prompt_of(session: AsyncSession, event: RailEvent) -> PaymentRequest | None:
    """Whose prompt a payment names: a rail also announces as a payment what answers a prompt."""
    named = event.reference.lower()
    if not _PROMPT.match(named):
        return None
    # Our reference is made of the id, by which a prompt is found among many.
    first, last = UUID(named.ljust(32, "0")), UUID(named.ljust(32, "f"))
    found = await session.scalars(
        select(PaymentRequest).where(
            PaymentRequest.id.between(first, last), PaymentRequest.rail == event.rail
        )
    )
    asked = list(found)
    return asked[0] if len(asked) == 1 else None


async def answers_prompt(
    session: AsyncSession, event: RailEvent, asked: PaymentRequest, *, now: datetime
) -> bool:
    """The prompt's own money, and not more that somebody sent under the same name."""
    if asked.status is OrderStatus.FAILED or asked.amount != event.amount:
        return False
    name = f"prompt:{asked.client_ref}"
    await insert_once(
        session, RailEventRow, id=new_id(), rail=event.rail, event_id=name,
        client_ref=event.rail_id, status=event.outcome.status, amount_minor=event.amount.minor,
        currency=event.amount.currency, received_at=now,
    )  # fmt: skip
    first = await session.scalar(
        select(RailEventRow.client_ref).where(
            RailEventRow.rail == event.rail, RailEventRow.event_id == name
        )
    )
    return first == event.rail_id


async def is_welcome(session: AsyncSession, event: RailEvent) -> bool:
    """Whether a payment that is about to be made would find a loan."""
    loan = await queries.find_by_reference(session, event.reference)
    if loan is None:
        return await prompt_of(session, event) is not None
    return loan.status in repayments.REPAYABLE and loan.currency == event.amount.currency


async def is_payee(session: AsyncSession, order: Order, account: str, *, now: datetime) -> bool:
    """Whether money went where we sent it, as far as the rail's stars let us see."""
    loan = await session.get_one(Loan, order.loan_id)
    key = await person_key(session, vault_of(session), loan.borrower_id, now=now)
    ours = key.open_text(order.account_place, order.account).removeprefix("+")
    start, *hidden = account.split("*")
    if not hidden:
        return account == ours
    return ours.startswith(start) and ours.endswith(hidden[-1])


async def compare(session: AsyncSession, event: RailEvent, *, now: datetime) -> None:
    """The same payment announced again. Other words about it leave both in doubt."""
    hint = await _hint_of(session, event.rail, event.rail_id)
    if hint is None or (hint.client_ref, hint.amount) == (event.reference, event.amount):
        return
    await told_differently(session, event, first=hint.amount, now=now)


async def told_differently(
    session: AsyncSession, event: RailEvent, *, first: Money, now: datetime
) -> None:
    """A person must look at what a rail says of one payment in two ways."""
    await incidents.report(
        session, kind=_TOLD_DIFFERENTLY, subject=f"{event.rail}:{event.rail_id}", now=now,
        first=str(first), then=str(event.amount),
    )  # fmt: skip


async def ask(
    context: jobs.Context, rail: str, rail_id: str, *, tries: int, since: str | None = None
) -> RailEvent | None:
    """Ask about an announced payment, with longer and longer pauses; in the end a person does.

    `since` it was announced: what the rail said before answers no question about it.
    """
    async with unit_of_work(context.sessions) as session:
        if await _is_confirmed(session, rail, rail_id, since):
            return None
        if tries == _TRIES_MAX:
            await incidents.report(
                session, kind="incoming_not_confirmed", subject=f"{rail}:{rail_id}",
                now=context.clock.now(),
            )  # fmt: skip
            return None
    asked = context.service(Rails).get(rail)
    assert isinstance(asked, Witness), f"{rail} gives no hints"
    told = await asked.confirm(rail_id)
    if told is None:
        async with unit_of_work(context.sessions) as session:
            await jobs.enqueue(
                session, CONFIRM, key=f"confirm:{rail}:{rail_id}:{since}:{tries + 1}",
                delay_seconds=_PAUSE_SECONDS * 2**tries, rail=rail, rail_id=rail_id,
                tries=tries + 1, since=since,
            )  # fmt: skip
    return told


async def _hint_of(session: AsyncSession, rail: str, receipt: str) -> RailEventRow | None:
    found: RailEventRow | None = await session.scalar(
        select(RailEventRow).where(
            RailEventRow.rail == rail, RailEventRow.event_id == f"{HINT}{receipt}"
        )
    )
    return found


async def _is_confirmed(session: AsyncSession, rail: str, receipt: str, since: str | None) -> bool:
    """An answer to our question goes by the receipt, whatever the payer had written."""
    said = select(RailEventRow.id).where(
        RailEventRow.rail == rail,
        RailEventRow.client_ref == receipt,
        RailEventRow.event_id.not_like(f"{HINT}%"),
        RailEventRow.status.in_((OutcomeStatus.SETTLED, OutcomeStatus.FAILED)),
    )
    if since is not None:
        said = said.where(RailEventRow.received_at >= datetime.fromisoformat(since))
    return await session.scalar(said.limit(1)) is not None


async def _name(session: AsyncSession, order: Order, rail_id: str) -> None:
    """The rail's name for an order whose answer was lost; never one that another order has."""
    taken = await session.scalar(
        select(PaymentRequest.id).where(
            PaymentRequest.rail == order.rail, PaymentRequest.rail_id == rail_id
        )
    )
    if taken is None:
        order.rail_id = rail_id
