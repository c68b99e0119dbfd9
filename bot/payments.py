"""Cards: Telegram is answered in ten seconds whatever happens, and what it says was paid is kept.

Neither takes part in the conversation: they wait for no other update, and are never given up.
"""

import asyncio
import html

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramRetryAfter
from aiogram.types import Message, PreCheckoutQuery, SuccessfulPayment, Update, User
from sqlalchemy.ext.asyncio import AsyncSession

from bot.context import Office
from bot.text import Words, matching_locale
from kit.clock import business_date
from kit.db import reading, unit_of_work
from kit.errors import DomainError
from kit.money import Money
from onboarding import dossiers
from servicing import card_tasks, cards
from servicing.cards import CardPayment

log = structlog.get_logger(__name__)

# Of Telegram's ten seconds: to look it up, and then to be heard, trying again.
_LOOK_UP_SECONDS = 3.0
_ANSWER_SECONDS = 4.0
_TRY_SECONDS = 2
_PAUSE_SECONDS = 0.2


async def took(bot: Bot, office: Office, update: Update) -> bool:
    """True when the update was about a card; raises when it has to come again."""
    if update.pre_checkout_query is not None:
        await _answer(bot, update.pre_checkout_query, await _refusal(office, update))
        return True
    message = update.message
    if message is not None and message.successful_payment is not None:
        await _keep(office, message, message.successful_payment)
        return True
    return False


async def _keep(office: Office, message: Message, paid: SuccessfulPayment) -> None:
    async with unit_of_work(office.sessions) as session:
        await card_tasks.announce(
            session,
            CardPayment(
                telegram_id=paid.telegram_payment_charge_id,
                provider_id=paid.provider_payment_charge_id,
                reference=paid.invoice_payload,
                amount=Money(paid.total_amount, paid.currency),
                at=message.date,
            ),
        )


async def _refusal(office: Office, update: Update) -> str | None:
    """Why the card may not be charged; None: it may. Who cannot be asked in time has not agreed."""
    query = update.pre_checkout_query
    assert query is not None
    words = Words(office.texts, matching_locale(query.from_user.language_code, office.texts))
    try:
        async with asyncio.timeout(_LOOK_UP_SECONDS), reading(office.sessions) as session:
            words = await _spoken_to(office, session, query.from_user) or words
            await _check(office, session, query)
    except DomainError as refused:
        return html.unescape(words.refusal(refused))
    except Exception:
        log.exception("bot.checkout_not_checked", update_id=update.update_id)
        return html.unescape(words("pay-card-later"))
    return None


async def _check(office: Office, session: AsyncSession, query: PreCheckoutQuery) -> None:
    now = office.clock.now()
    await cards.check(
        session,
        reference=query.invoice_payload,
        amount=Money(query.total_amount, query.currency),
        payer=query.from_user.id,
        on=business_date(now, office.settings.timezone),
        now=now,
    )


async def _spoken_to(office: Office, session: AsyncSession, person: User) -> Words | None:
    dossier = await dossiers.find(session, telegram_id=person.id)
    if dossier is None:
        return None
    return Words(office.texts, matching_locale(dossier.borrower.locale, office.texts))


async def _answer(bot: Bot, query: PreCheckoutQuery, refusal: str | None) -> None:
    """Never raises: when Telegram did not hear us, it takes nothing from the card."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            while not await _is_heard(bot, query, refusal):
                pass
    except TimeoutError:
        log.warning("bot.checkout_not_answered", query=query.id)


async def _is_heard(bot: Bot, query: PreCheckoutQuery, refusal: str | None) -> bool:
    """A refusal of Telegram's ends it too: the query is too old, or was answered before."""
    try:
        await bot.answer_pre_checkout_query(
            query.id, ok=refusal is None, error_message=refusal, request_timeout=_TRY_SECONDS
        )
    except TelegramBadRequest as refused:
        log.info("bot.checkout_not_wanted", why=refused.message)
    except AiogramError as failure:  # Also an answer that cannot be read.
        log.warning("bot.checkout_again", why=type(failure).__name__)
        pause = failure.retry_after if isinstance(failure, TelegramRetryAfter) else _PAUSE_SECONDS
        await asyncio.sleep(pause)
        return False
    return True
