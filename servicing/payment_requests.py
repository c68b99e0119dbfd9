"""Asking the borrower for money, in the wallet or by an invoice for a card: the rail tells us."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import ids, jobs
from kit.crypto import Vault, person_key
from kit.errors import DomainError, Kind
from kit.money import Money
from notifications import contacts
from servicing import chargebacks, messages, origination, queries, repayments, suspense
from servicing import rules as agreed_rules
from servicing.models import Loan, PaymentRequest, Payout
from servicing.orders import Orders
from servicing.rails import telegram
from servicing.rails.base import SMALLEST, Direction
from servicing.states import PAYMENT_REQUEST, LoanStatus

COLLECT = "servicing.collect"
EXPIRED = "expired"
"""How a request failed that nobody answered."""
_SAME_TAP = timedelta(minutes=1)


class AmountAbovePayoff(DomainError):
    """`most` of `currency` settles the whole loan today."""

    code = "amount_above_payoff"


class NoWallet(DomainError):
    """The loan paid a shop, and the borrower has no proven phone whose wallet could be asked."""

    kind = Kind.CONFLICT
    code = "no_wallet"


class NoChat(DomainError):
    """The borrower has no chat to show an invoice in."""

    kind = Kind.CONFLICT
    code = "no_chat"


async def request(
    session: AsyncSession,
    vault: Vault,
    *,
    loan_id: UUID,
    amount: Money,
    on: date,
    now: datetime,
    by_card: bool = False,
) -> PaymentRequest:
    """Ask the borrower's wallet, or show an invoice for a card in the chat.

    The wallet is the one that the loan was paid to; where a shop was paid, the proven phone.

    A request that waits in the wallet for the same amount is reused. A new invoice takes the place
    of the one before, which a borrower may have deleted.
    """
    loan = await queries.get_loan(session, loan_id, lock=True)
    if loan.status is not LoanStatus.ACTIVE:
        raise repayments.LoanNotRepayable(status=loan.status)
    if amount.currency != loan.currency or amount.minor <= 0:
        raise repayments.RepaymentInOtherCurrency(currency=loan.currency)
    most = (await queries.payoff_quote(session, loan, on=on)).total
    if amount.minor > most.minor:
        raise AmountAbovePayoff(most=most.major, currency=most.currency)
    payout = await queries.last_payout(session, loan)
    rail = telegram.NAME if by_card else payout.rail
    amount = _movable(amount, rail, most)
    waiting = await queries.find_open_request(session, loan.id, now=now)
    is_waiting_there = waiting is not None and (waiting.rail == telegram.NAME) == by_card
    if waiting is not None and is_waiting_there and waiting.amount == amount:
        is_fresh = now - waiting.created_at < _SAME_TAP
        if is_fresh or not by_card:
            return waiting
    key = await person_key(session, vault, loan.borrower_id, now=now)
    account = (
        await _chat(session, loan) if by_card
        else await _wallet(session, vault, loan, payout, now=now)
    )  # fmt: skip
    if account is None:
        raise NoWallet()
    request_id = ids.new_id()
    asked = PaymentRequest(
        id=request_id,
        loan_id=loan.id,
        client_ref=f"C{request_id.hex}",
        rail=rail,
        status=PAYMENT_REQUEST.initial,
        amount_minor=amount.minor,
        currency=amount.currency,
        tries=0,
        created_at=now,
    )
    asked.account = key.seal(asked.account_place, account)
    session.add(asked)
    await session.flush()
    await jobs.enqueue(session, COLLECT, key=f"collect:{request_id}", request_id=str(request_id))
    return asked


async def settle(
    session: AsyncSession,
    loan: Loan,
    asked: PaymentRequest,
    *,
    ordered_on: date,
    on: date,
    now: datetime,
) -> None:
    """The borrower accepted: the money is here, whether or not the loan still needs it.

    Who pays the payoff that we asked for owes nothing more, also after midnight, and not the cents
    that the rail could not ask for.
    """
    reference = f"rail:{asked.client_ref}"
    if loan.status in repayments.REPAYABLE:
        await repayments.receive(
            session, loan_id=loan.id, amount=asked.amount, rail_reference=reference,
            on=on, now=now, asked_on=ordered_on, rail=asked.rail,
        )  # fmt: skip
    else:
        await suspense.receive(
            session, reference=reference, reason="loan_over", amount=asked.amount, loan=loan,
            on=on, now=now, rail=asked.rail,
        )  # fmt: skip


async def fail(
    session: AsyncSession, loan: Loan, asked: PaymentRequest, *, on: date, now: datetime
) -> None:
    """Declined: nothing moved and nothing changes; the borrower may have expected otherwise."""
    if loan.status is not LoanStatus.ACTIVE or asked.failure_code == EXPIRED:
        return
    if asked.rail != telegram.NAME:
        await messages.payment_declined(session, loan, asked, now=now)
    elif asked.rail_id is None:  # It was never shown.
        await messages.invoice_refused(session, loan, asked, now=now)


async def come_back(
    session: AsyncSession, loan: Loan, asked: PaymentRequest, *, on: date, now: datetime
) -> bool:
    """The rail takes back what the borrower had paid."""
    return await chargebacks.take_back(
        session, f"rail:{asked.client_ref}", asked.amount, on=on, now=now
    )


async def has_wallet(session: AsyncSession, loan: Loan) -> bool:
    """Whether there is a wallet of the borrower's that can be asked."""
    if agreed_rules.from_document(loan.rules).pays_borrower:
        return True
    contact = await contacts.find(session, loan.borrower_id)
    return contact is not None and contact.phone is not None


async def _wallet(
    session: AsyncSession, vault: Vault, loan: Loan, payout: Payout, *, now: datetime
) -> str | None:
    if agreed_rules.from_document(loan.rules).pays_borrower:
        return await origination.account_of(session, vault, payout, now=now)
    contact = await contacts.find(session, loan.borrower_id)
    return await contacts.phone_of(session, vault, contact, now=now) if contact else None


async def _chat(session: AsyncSession, loan: Loan) -> str:
    contact = await contacts.get(session, loan.borrower_id)
    if contact.telegram_chat_id is None:
        raise NoChat()
    return telegram.address(contact.telegram_chat_id, contact.locale)


def _movable(amount: Money, rail: str | None, most: Money) -> Money:
    """Or the next higher one that the rail moves: what is over is the borrower's credit.

    Of a payoff the next lower: what is over would wait for ever, as no rail moves it back.
    """
    unit = SMALLEST.get(rail or "", 1)
    above = Money(-(-amount.minor // unit) * unit, amount.currency)
    below = Money(amount.minor // unit * unit, amount.currency)
    return below if below.minor and above.minor > most.minor else above


REQUESTS = Orders(
    model=PaymentRequest,
    machine=PAYMENT_REQUEST,
    direction=Direction.COLLECT,
    job=COLLECT,
    settled=settle,
    failed=fail,
    returned=come_back,
)
