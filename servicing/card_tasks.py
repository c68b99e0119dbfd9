"""The jobs of card payments: what Telegram told is kept at once, and taken in by a worker."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.db import unit_of_work
from kit.money import Money
from servicing import cards
from servicing.cards import CardPayment

_TAKE_IN = "servicing.take_in_card_payment"
_EXPIRE = "servicing.expire_invoices"


async def announce(session: AsyncSession, paid: CardPayment) -> None:
    """Nothing here can fail but the database: whatever is odd about it, the job finds out, and
    stays where staff see it."""
    told = asdict(paid) | {"at": paid.at.isoformat(), "amount": paid.amount.minor}
    await jobs.enqueue(
        session, _TAKE_IN, key=f"card:{paid.key}:{paid.amount}:{paid.reference}",
        currency=paid.amount.currency, **told,
    )  # fmt: skip


@jobs.effect(_TAKE_IN)
async def take_in_card_payment(
    context: jobs.Context,
    *,
    telegram_id: str,
    provider_id: str,
    reference: str,
    amount: int,
    currency: str,
    at: str,
) -> None:
    paid = CardPayment(
        telegram_id, provider_id, reference, Money(amount, currency), datetime.fromisoformat(at)
    )
    now, zone = context.clock.now(), context.service(Settings).timezone
    async with unit_of_work(context.sessions) as session:
        await cards.take_in(session, paid, on=business_date(now, zone), zone=zone, now=now)


@jobs.every("40 * * * *", "servicing.look_for_unpaid_invoices")
async def look_for_unpaid_invoices(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    await jobs.enqueue(session, _EXPIRE, key=f"expire_invoices:{tick.isoformat()}")


@jobs.effect(_EXPIRE)
async def expire_invoices(context: jobs.Context) -> None:
    now, zone = context.clock.now(), context.service(Settings).timezone
    async with unit_of_work(context.sessions) as session:
        await cards.expire(session, on=business_date(now, zone), zone=zone, now=now)
