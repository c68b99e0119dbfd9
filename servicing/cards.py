"""Paying by card in the chat: whether an invoice may be paid, and taking in what was paid, once.

Telegram asks before it charges the card, and tells afterwards. What it tells is money: whatever
does not fit what we asked for is taken in as well, and waits for a person.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.clock import business_date
from kit.db import insert_once
from kit.errors import DomainError, Kind
from kit.ids import new_id
from kit.money import Money
from notifications import contacts
from servicing import incidents, orders, queries, repayments, suspense, transfers
from servicing.models import Loan, PaymentRequest, RailEventRow
from servicing.payment_requests import EXPIRED, REQUESTS
from servicing.rails import telegram
from servicing.rails.base import Outcome, OutcomeStatus
from servicing.states import (
    ARRIVED,
    ASKABLE,
    FINAL,
    NOT_SENT,
    PAYMENT_REQUEST,
    LoanStatus,
    OrderEvent,
    OrderStatus,
)

_NAMED_MOST = 100
# An invoice may be paid for a day, and Telegram keeps its news for another.
_HEARD_WITHIN = timedelta(days=2)


class InvoiceNotPayable(DomainError):
    """Another way to pay was chosen since; or it is too old, or somebody else's."""

    kind = Kind.CONFLICT
    code = "invoice_not_payable"


class InvoicePaid(DomainError):
    kind = Kind.CONFLICT
    code = "invoice_paid"


class InvoiceDiffers(DomainError):
    """Not the amount, or not the currency, that we asked for."""

    kind = Kind.CONFLICT
    code = "invoice_differs"


class InvoiceNotOwed(DomainError):
    """Less is owed than when we asked, or nothing."""

    kind = Kind.CONFLICT
    code = "invoice_not_owed"


@dataclass(frozen=True, slots=True)
class CardPayment:
    """What Telegram says that a card has paid."""

    telegram_id: str
    """Telegram's name for the charge: it is taken in once."""
    provider_id: str
    """The provider's name for it, as its dashboard shows it."""
    reference: str
    """Of our request: the invoice's payload."""
    amount: Money
    at: datetime

    @property
    def key(self) -> str:
        """Telegram does not say how long its names may be; ours have an end."""
        name = self.telegram_id
        is_short = len(name) <= _NAMED_MOST
        return name if is_short else f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


async def check(
    session: AsyncSession, *, reference: str, amount: Money, payer: int, on: date, now: datetime
) -> None:
    """Raises unless this invoice may be paid now by the one who is about to (`payer`: a chat)."""
    asked = await _asked(session, reference)
    if asked is None or asked.status in NOT_SENT:
        raise InvoiceNotPayable()
    loan = await queries.get_loan(session, asked.loan_id)
    contact = await contacts.find(session, loan.borrower_id)
    if contact is None or contact.telegram_chat_id != payer:
        raise InvoiceNotPayable()
    if asked.status in ARRIVED:
        raise InvoicePaid()
    newest = await queries.find_open_request(session, loan.id, now=now)
    if newest is None or newest.id != asked.id:
        raise InvoiceNotPayable()
    if asked.amount != amount:
        raise InvoiceDiffers()
    if not await _is_owed(session, loan, amount, on=on):
        raise InvoiceNotOwed()


async def take_in(
    session: AsyncSession, paid: CardPayment, *, on: date, zone: str, now: datetime
) -> None:
    """The same charge again changes nothing, however late and in whatever order it is told."""
    wrote = await insert_once(
        session, RailEventRow, id=new_id(), rail=telegram.NAME, event_id=paid.key,
        client_ref=paid.reference[:80], rail_id=paid.provider_id[:80],
        status=OutcomeStatus.SETTLED, amount_minor=paid.amount.minor,
        currency=paid.amount.currency, received_at=now,
    )  # fmt: skip
    if not wrote:
        await _compare(session, paid, now=now)
        return
    asked = await _asked(session, paid.reference)
    if asked is None:
        await _of_nothing(session, paid, on=on, now=now)
        return
    loan, order = await orders.locked(session, REQUESTS, asked.id)
    outcome = Outcome(OutcomeStatus.SETTLED, paid.amount, paid.provider_id[:80], settled_at=paid.at)
    if await _stands_elsewhere(session, paid, besides=asked.id, now=now):
        await orders.doubt(session, REQUESTS, order, outcome, "stands_elsewhere", now=now)
        return
    paid_on = outcome.moved_on(
        today=on, not_before=business_date(order.created_at, zone), zone=zone
    )
    if order.amount != paid.amount or order.status in NOT_SENT:
        why = "never_sent" if order.amount == paid.amount else "amount_differs"
        await orders.doubt(session, REQUESTS, order, outcome, why, now=now)
        await _set_aside(session, paid, loan, why, on=paid_on, now=now)
    elif order.status not in FINAL:
        await orders.apply(session, REQUESTS, order.id, outcome, on=on, zone=zone, now=now)
    elif order.status not in ARRIVED or await _was_another_told(session, paid):
        await _paid_besides(session, paid, loan, on=paid_on, now=now)
    elif order.rail_id not in (paid.provider_id[:80], paid.telegram_id[:80]):
        # Two of staff have settled it by a payment of another name: is it the same money?
        await _doubt(session, paid, "settled_by_hand", now=now, named=str(order.rail_id))
        await _set_aside(session, paid, loan, "settled_by_hand", on=paid_on, now=now)


async def expire(session: AsyncSession, *, on: date, zone: str, now: datetime) -> int:
    """Invoices that nobody paid, and that nobody can pay any more; how many there were."""
    rows = await session.scalars(
        select(PaymentRequest.id).where(
            PaymentRequest.rail == telegram.NAME,
            PaymentRequest.status.in_((OrderStatus.CREATED, *ASKABLE)),
            PaymentRequest.created_at <= now - _HEARD_WITHIN,
        )
    )
    outcome = Outcome(OutcomeStatus.FAILED, failure_code=EXPIRED)
    unpaid = list(rows)
    for order_id in unpaid:
        _, order = await orders.locked(session, REQUESTS, order_id)
        if order.status in NOT_SENT:  # A word about it from outside would be in doubt.
            order.failure_code = EXPIRED
            audit.move(
                session, PAYMENT_REQUEST, order, OrderEvent.FAIL, actor=audit.SYSTEM, now=now,
                code=EXPIRED,
            )  # fmt: skip
            continue
        await orders.apply(session, REQUESTS, order_id, outcome, on=on, zone=zone, now=now)
    return len(unpaid)


async def _asked(session: AsyncSession, reference: str) -> PaymentRequest | None:
    return await session.scalar(
        select(PaymentRequest).where(
            PaymentRequest.client_ref == reference, PaymentRequest.rail == telegram.NAME
        )
    )


async def _was_another_told(session: AsyncSession, paid: CardPayment) -> bool:
    """Whether another charge has paid the same invoice."""
    found = await session.scalar(
        select(RailEventRow.id)
        .where(
            RailEventRow.rail == telegram.NAME,
            RailEventRow.client_ref == paid.reference,
            RailEventRow.event_id != paid.key,
        )
        .limit(1)
    )
    return found is not None


async def _of_nothing(session: AsyncSession, paid: CardPayment, *, on: date, now: datetime) -> None:
    """It names no request of ours."""
    if await _stands_elsewhere(session, paid, now=now):
        return
    await _doubt(session, paid, "unknown_to_us", now=now)
    await _set_aside(session, paid, None, "unknown_reference", on=on, now=now)


async def _stands_elsewhere(
    session: AsyncSession, paid: CardPayment, *, now: datetime, besides: UUID | None = None
) -> bool:
    """Whether staff have entered this very charge already, for another request or by hand."""
    for name in (paid.key, paid.provider_id[:80]):
        await transfers.hold(session, telegram.NAME, name)
    return await transfers.is_entered(
        session, telegram.NAME, paid.key, kind="card_payment_stands_elsewhere",
        amount=paid.amount, now=now, besides=besides, provider=paid.provider_id[:80],
    )  # fmt: skip


async def _is_owed(session: AsyncSession, loan: Loan, amount: Money, *, on: date) -> bool:
    """Of a loan that is written off all is still owed, in whatever parts it comes."""
    if loan.status is not LoanStatus.ACTIVE:
        return loan.status in repayments.REPAYABLE
    return amount <= (await queries.payoff_quote(session, loan, on=on)).total


async def _paid_besides(
    session: AsyncSession, paid: CardPayment, loan: Loan, *, on: date, now: datetime
) -> None:
    """One invoice paid twice, or paid after we had given it up: more money for the same loan."""
    if loan.status in repayments.REPAYABLE:
        await repayments.receive(
            session, loan_id=loan.id, amount=paid.amount, rail_reference=_name(paid), on=on,
            now=now, rail=telegram.NAME,
        )  # fmt: skip
    else:
        await _set_aside(session, paid, loan, "loan_over", on=on, now=now)


async def _set_aside(
    session: AsyncSession, paid: CardPayment, loan: Loan | None, reason: str, *, on: date,
    now: datetime,
) -> None:  # fmt: skip
    await suspense.receive(
        session, reference=_name(paid), reason=reason, amount=paid.amount, on=on, now=now,
        loan=loan, rail=telegram.NAME, written=paid.reference,
    )  # fmt: skip


async def _compare(session: AsyncSession, paid: CardPayment, *, now: datetime) -> None:
    """Other words about a charge that is taken in leave it in doubt."""
    known = await session.scalar(
        select(RailEventRow).where(
            RailEventRow.rail == telegram.NAME, RailEventRow.event_id == paid.key
        )
    )
    assert known is not None, "it kept us from writing it"
    if (known.client_ref, known.amount) != (paid.reference[:80], paid.amount):
        await _doubt(session, paid, "told_differently", now=now, first=str(known.amount))


async def _doubt(
    session: AsyncSession, paid: CardPayment, why: str, *, now: datetime, **facts: str
) -> None:
    await incidents.report(
        session, kind=f"card_payment_{why}", subject=_name(paid), now=now,
        amount=str(paid.amount), provider=paid.provider_id[:80], **facts,
    )  # fmt: skip


def _name(paid: CardPayment) -> str:
    return f"{telegram.NAME}:{paid.key}"
