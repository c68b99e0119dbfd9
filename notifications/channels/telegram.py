"""Telegram through aiogram. The Bot API knows no key of ours and no look-up of sent messages."""

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiohttp import ClientConnectorError

from kit.config import Settings
from notifications.channels.base import (
    Accepted,
    Button,
    Message,
    NotTaken,
    Outcome,
    Refusal,
    Refused,
    Unknown,
    Wait,
)
from notifications.states import DeliveryStatus

# Bad requests that say the chat is gone, as against a slip of ours in the message.
_CLOSED = ("chat not found", "user is deactivated", "peer_id_invalid", "user not found")


def client(settings: Settings, session: BaseSession | None = None) -> Bot:
    """Of Telegram, or of whatever speaks its protocol at TELEGRAM_API_URL."""
    if session is None and settings.telegram_api_url:
        session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api_url))
    return Bot(settings.telegram_bot_token.get_secret_value(), session=session)


class TelegramChannel:
    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, message: Message) -> Outcome:
        try:
            sent = await self._bot.send_message(
                chat_id=int(message.to),
                text=message.text,
                parse_mode=ParseMode.HTML,
                reply_markup=_keyboard(message.button),
            )
        except TelegramRetryAfter as pause:
            return Wait(pause.retry_after)
        except TelegramServerError as failure:
            return NotTaken(type(failure).__name__)
        except (TelegramNetworkError, ClientDecodeError) as failure:
            is_connected = not isinstance(failure.__cause__, ClientConnectorError)
            return (Unknown if is_connected else NotTaken)(type(failure).__name__)
        except TelegramAPIError as refusal:
            return _refused(refusal)
        return Accepted(f"{sent.chat.id}:{sent.message_id}", DeliveryStatus.SENT)


def _refused(error: TelegramAPIError) -> Refused:
    if isinstance(error, TelegramForbiddenError):
        return Refused(Refusal.BLOCKED, "telegram_forbidden")
    if isinstance(error, TelegramUnauthorizedError):
        return Refused(Refusal.ALARM, "telegram_unauthorized")
    if isinstance(error, TelegramBadRequest) and _is_closed(error.message):
        return Refused(Refusal.BLOCKED, "telegram_chat_not_found")
    return Refused(Refusal.PERMANENT, "telegram_bad_request")


def _is_closed(description: str) -> bool:
    return any(words in description.lower() for words in _CLOSED)


def _keyboard(button: Button | None) -> InlineKeyboardMarkup | None:
    if button is None:
        return None
    row = [InlineKeyboardButton(text=button.label, callback_data=button.callback_data)]
    return InlineKeyboardMarkup(inline_keyboard=[row])
