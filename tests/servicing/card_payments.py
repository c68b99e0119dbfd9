"""A lender who takes cards: what is asked, paid, heard and held."""

from typing import Any

from sqlalchemy import select

from kit.clock import business_date
from kit.crypto import vault_of
from kit.db import reading, unit_of_work
from kit.errors import DomainError
from kit.ids import new_id
from kit.money import Money
from notifications import contacts
from notifications.models import Notification
from servicing import (
    cards,
    living,
    payment_requests,
    queries,
    suspense,
    tasks,
)
from servicing.cards import CardPayment
from servicing.events import Type
from servicing.happenings import Happening
from servicing.ledger import balances
from servicing.ledger.chart import Account
from servicing.models import Loan, PaymentRequest
from servicing.rails import telegram
from tests.servicing.lending import ZONE, Lender, PaperRail

CHAT = 71_000_001


CHARGE, PROVIDER = "4242_71000001_9f", "ch_3Nabc"


class PaperTelegram(PaperRail):
    """As servicing sees it: an invoice is shown, and nothing can be asked."""

    name = telegram.NAME


async def asks(
    lender: Lender, loan: Loan, amount: Money, *, is_sent: bool = True
) -> PaymentRequest:
    async with unit_of_work(lender.sessions) as session:
        asked = await payment_requests.request(
            session, vault_of(session), loan_id=loan.id, amount=amount, on=lender.on,
            now=lender.now, by_card=True,
        )  # fmt: skip
    if is_sent:
        await tasks.collect(lender.context, request_id=str(asked.id))
    return asked


async def sees(lender: Lender, asked: PaymentRequest) -> PaymentRequest:
    async with lender.sessions() as session:
        return await session.get_one(PaymentRequest, asked.id)


async def may_pay(lender: Lender, asked: PaymentRequest, **changed: Any) -> str:
    """`yes`, or the code of the refusal."""
    given: dict[str, Any] = {
        "reference": asked.client_ref,
        "amount": asked.amount,
        "payer": CHAT,
    }
    try:
        async with reading(lender.sessions) as session:
            await cards.check(session, **(given | changed), on=lender.on, now=lender.now)
    except DomainError as refused:
        return refused.code
    return "yes"


def paid(lender: Lender, asked: PaymentRequest, **changed: Any) -> CardPayment:
    given: dict[str, Any] = {
        "telegram_id": CHARGE,
        "provider_id": PROVIDER,
        "reference": asked.client_ref,
        "amount": asked.amount,
        "at": lender.now,
    }
    return CardPayment(**(given | changed))


async def hears(lender: Lender, payment: CardPayment, times: int = 1) -> None:
    for _ in range(times):
        async with unit_of_work(lender.sessions) as session:
            await cards.take_in(
                session, payment, on=business_date(lender.now, ZONE), zone=ZONE, now=lender.now
            )


async def received(lender: Lender, loan: Loan) -> list[tuple[str, str]]:
    async with lender.sessions() as session:
        rows = await queries.list_repayments(session, loan.id)
    return [(row.amount.major, row.rail or "") for row in rows]


async def waits(lender: Lender) -> list[tuple[str, str, str]]:
    async with lender.sessions() as session:
        rows = await suspense.list_open(session)
    return [(row.reason, str(row.amount), row.rail or "") for row in rows]


async def held_by_card(lender: Lender, currency: str = "KES") -> int:
    async with lender.sessions() as session:
        stands = await balances.cash(session, accounts=[Account.CASH_TELEGRAM])
    return stands[Account.CASH_TELEGRAM, currency].posted_minor


async def told(lender: Lender, loan: Loan) -> list[str]:
    async with lender.sessions() as session:
        rows = await session.scalars(
            select(Notification.template).where(
                Notification.person_id == loan.borrower_id, Notification.template != "disbursed"
            )
        )
    return list(rows)


async def writes_off(lender: Lender, loan: Loan) -> None:
    async with unit_of_work(lender.sessions) as session:
        row = await queries.get_loan(session, loan.id, lock=True)
        act = living.Act("staff:1", lender.on, lender.now)
        await living.happen(
            session, row, act, Happening(Type.WRITE_OFF, lender.on, f"write_off:{new_id()}")
        )


async def takes_cards(lender: Lender) -> Loan:
    """Running, of a borrower whom we write to in Telegram; from now on cards are taken."""
    loan = await lender.lends()
    async with unit_of_work(lender.sessions) as session:
        await contacts.register(
            session, person_id=loan.borrower_id, telegram_chat_id=CHAT, locale="es", timezone=ZONE,
            now=lender.now,
        )  # fmt: skip
    lender.rail = PaperTelegram()
    return loan
