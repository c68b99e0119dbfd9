"""Cards in Telegram: an invoice in the chat, which the provider that BotFather named collects.

Telegram knows no key of ours and tells nothing about invoices: an invoice carries our reference as
payload, and may be shown twice, since it is paid once (`servicing.cards`).
"""

import re
from collections.abc import Mapping
from datetime import date

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import LabeledPrice
from aiohttp import ClientConnectorError

from kit import money
from kit.clock import Clock
from kit.config import Settings
from notifications.channels import telegram
from servicing.papers.words import Words
from servicing.rails.base import (
    Ack,
    AckStatus,
    Caps,
    Instruction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    SignatureInvalid,
    StatementLine,
)

NAME = "telegram"
TITLE_MOST, DESCRIPTION_MOST = 32, 255
# Telegram's own list, https://core.telegram.org/bots/payments/currencies.json: digits after the
# point. An invoice is for about 1 to 10,000 US dollars; the exact limits change every day.
_HUNDREDTHS = (
    "AED AFN ALL AMD ARS AUD AZN BAM BDT BGN BND BOB BRL CAD CHF CNY COP CRC CZK DKK DOP DZD EGP"
    " EUR GBP GEL GTQ HKD HNL HRK HUF IDR ILS INR JMD KES KGS KZT LBP LKR MAD MDL MNT MUR MVR MXN"
    " MYR MZN NGN NIO NOK NPR NZD PAB PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TJS TRY TTD"
    " TWD TZS UAH USD UYU UZS YER ZAR"
)
_WHOLE = "CLP ISK JPY KRW PYG UGX VND"
EXPONENTS = {**dict.fromkeys(_HUNDREDTHS.split(), 2), **dict.fromkeys(_WHOLE.split(), 0)}
_CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)+\Z")


def takes(currency: str) -> bool:
    """Where Telegram and we mean the same by a minor unit."""
    return EXPONENTS.get(currency) == money.exponent(currency)


def is_offered(settings: Settings, currency: str) -> bool:
    return bool(settings.telegram_payment_provider_token.get_secret_value()) and takes(currency)


def address(chat_id: int, locale: str) -> str:
    """The "account" of an order: where the invoice is shown, and in which language."""
    return f"{chat_id}/{locale}"


def of(settings: Settings, clock: Clock) -> "TelegramRail":
    return TelegramRail(
        telegram.client(settings),
        provider_token=settings.telegram_payment_provider_token.get_secret_value(),
        lender=settings.lender_name,
    )


class TelegramRail:
    name = NAME
    caps = Caps(honours_keys=True)

    def __init__(self, bot: Bot, *, provider_token: str, lender: str) -> None:
        self._bot = bot
        self._provider_token = provider_token
        self._lender = lender

    async def close(self) -> None:
        await self._bot.session.close()

    async def submit(self, instruction: Instruction) -> Ack:
        amount = instruction.amount
        if not takes(amount.currency):
            return Ack(AckStatus.REJECTED, code="currency_not_taken")
        chat_id, _, locale = instruction.account.partition("/")
        words = Words(locale)
        title = words("invoice-title", reference=instruction.description.rpartition(" ")[2])
        described = words("invoice-description", lender=self._lender, amount=words.money(amount))
        try:
            shown = await self._bot.send_invoice(
                chat_id=int(chat_id),
                title=title[:TITLE_MOST],
                description=described[:DESCRIPTION_MOST],
                payload=instruction.client_ref,
                provider_token=self._provider_token,
                currency=amount.currency,
                prices=[LabeledPrice(label=title[:TITLE_MOST], amount=amount.minor)],
                # With it, a copy that is passed on to others has no button to pay.
                start_parameter=instruction.client_ref,
            )
        except (TelegramRetryAfter, TelegramUnauthorizedError) as refused:
            return Ack(AckStatus.NOT_SENT, code=type(refused).__name__)
        except TelegramForbiddenError:
            return Ack(AckStatus.REJECTED, code="blocked_by_borrower")
        except TelegramBadRequest as refused:
            return Ack(AckStatus.REJECTED, code=_code(refused.message))
        except (TelegramNetworkError, TelegramAPIError, ClientDecodeError) as failure:
            if isinstance(failure.__cause__, ClientConnectorError):
                return Ack(AckStatus.NOT_SENT, code="not_reached")
            return Ack(AckStatus.UNKNOWN)
        return Ack(AckStatus.ACCEPTED, rail_id=f"message:{shown.message_id}")

    async def query(self, instruction: Instruction) -> Outcome:
        """Telegram cannot be asked. Of an invoice whose answer was lost we know nothing: it is
        shown once more."""
        is_shown = instruction.rail_id is not None
        return Outcome(OutcomeStatus.PENDING if is_shown else OutcomeStatus.NOT_FOUND)

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, path: str = ""
    ) -> list[RailEvent]:
        """What was paid is told to the bot. Nobody calls us here."""
        raise SignatureInvalid()

    async def statement(self, day: date, currency: str) -> list[StatementLine] | None:
        """Telegram gives none; the provider's is for people to compare."""
        return None


def _code(description: str) -> str:
    """`Bad Request: CURRENCY_TOTAL_AMOUNT_INVALID` in a word of ours."""
    last = description.rpartition(" ")[2]
    return last.lower()[:60] if _CODE.match(last) else "bad_request"
