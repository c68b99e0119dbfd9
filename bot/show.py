"""Tells the borrower, after the commit: sends, edits in place, answers the pressed button."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from aiogram import Bot
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, LinkPreviewOptions

from bot.screens.base import Reply, Screen

log = structlog.get_logger(__name__)
T = TypeVar("T")

_TRIES = 4
_LONGEST_WAIT_SECONDS = 30
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


async def show(bot: Bot, chat_id: int, query: CallbackQuery | None, reply: Reply) -> None:
    """Never raises: what is committed stays true, and the next message shows it."""
    try:
        pressed = await _answered(bot, query, reply)
        screens = list(reply.screens)
        if reply.is_in_place and pressed and await _edited(bot, chat_id, pressed, screens[0]):
            screens = screens[1:]
        elif reply.settled is not None and pressed:
            await _edited(bot, chat_id, pressed, Screen(reply.settled))
        await send(bot, chat_id, *screens)
    except TelegramForbiddenError:
        log.info("bot.blocked_by_person")
    except TelegramAPIError:
        log.exception("bot.answer_not_shown")


async def send(bot: Bot, chat_id: int, *screens: Screen) -> None:
    for screen in screens:
        await _patiently(
            bot.send_message,
            chat_id=chat_id,
            text=screen.text,
            parse_mode=ParseMode.HTML,
            reply_markup=screen.keyboard,
            link_preview_options=_NO_PREVIEW,
        )


async def _answered(bot: Bot, query: CallbackQuery | None, reply: Reply) -> int | None:
    """Stop the button's spinner; the id of the message that the button is under."""
    if query is None:
        return None
    try:
        await _patiently(bot.answer_callback_query, query.id, text=reply.toast or None)
    except TelegramBadRequest:
        log.info("bot.query_too_old")
    return query.message.message_id if query.message else None


async def _edited(bot: Bot, chat_id: int, message_id: int, screen: Screen) -> bool:
    keyboard = screen.keyboard
    if keyboard is not None and not isinstance(keyboard, InlineKeyboardMarkup):
        return False  # Telegram edits inline keyboards only.
    try:
        await _patiently(
            bot.edit_message_text,
            text=screen.text,
            chat_id=chat_id,
            message_id=message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard,
            link_preview_options=_NO_PREVIEW,
        )
    except TelegramBadRequest as refused:
        # Too old to be edited, or deleted: then it is sent anew.
        return "not modified" in refused.message
    return True


async def _patiently(call: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
    """Try again when Telegram asks to wait or cannot be reached."""
    for failures in range(1, _TRIES):
        try:
            return await call(*args, **kwargs)
        except TelegramRetryAfter as asked:
            await asyncio.sleep(min(asked.retry_after, _LONGEST_WAIT_SECONDS))
        except (TelegramNetworkError, TelegramServerError):
            await asyncio.sleep(0.2 * 3**failures)
    return await call(*args, **kwargs)
