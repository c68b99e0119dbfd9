"""Tells the borrower, after the commit: sends, edits in place, answers the pressed button."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
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
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
)

from bot.screens.base import Paper, Reply, Screen

log = structlog.get_logger(__name__)
T = TypeVar("T")

_TRIES = 4
_JOB_PATIENCE_SECONDS = 90.0
_PATIENCE_SECONDS = 3.0
"""For the answer to an update: others wait behind it, and /status shows the place at any time."""
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass
class _Patience:
    """How many seconds may be spent on waiting, in all."""

    left: float

    async def wait(self, seconds: float) -> bool:
        """False at once when it takes longer than there is patience."""
        if seconds > self.left:
            return False
        self.left -= seconds
        await asyncio.sleep(seconds)
        return True


async def show(bot: Bot, chat_id: int, query: CallbackQuery | None, reply: Reply) -> None:
    """Never raises: what is committed stays true, and the next message shows it."""
    patience = _Patience(_PATIENCE_SECONDS)
    try:
        pressed = await _answered(bot, query, reply, patience)
        screens = list(reply.screens)
        if (
            reply.is_in_place
            and pressed
            and await _edited(bot, chat_id, pressed, screens[0], patience)
        ):
            screens = screens[1:]
        elif reply.settled is not None and pressed:
            await _edited(bot, chat_id, pressed, Screen(reply.settled), patience)
        await send(bot, chat_id, *screens, patience=patience)
    except TelegramForbiddenError:
        log.info("bot.blocked_by_person")
    except TelegramAPIError:
        log.exception("bot.answer_not_shown")


async def send(bot: Bot, chat_id: int, *screens: Screen, patience: _Patience | None = None) -> None:
    """What a job says, unless a `patience` is given: a job may wait longer."""
    for screen in screens:
        patient = patience or _Patience(_JOB_PATIENCE_SECONDS)
        if screen.paper is not None:
            await _send_paper(bot, chat_id, screen, screen.paper, patient)
            continue
        await _patiently(
            patient,
            bot.send_message,
            chat_id=chat_id,
            text=screen.text,
            parse_mode=ParseMode.HTML,
            reply_markup=screen.keyboard,
            link_preview_options=_NO_PREVIEW,
        )


async def _send_paper(
    bot: Bot, chat_id: int, screen: Screen, paper: Paper, patience: _Patience
) -> None:
    file = BufferedInputFile(await asyncio.to_thread(paper.make), paper.name)
    sending: Callable[..., Awaitable[object]]
    sending = partial(bot.send_photo, photo=file) if paper.is_picture else partial(
        bot.send_document, document=file
    )  # fmt: skip
    try:
        await _patiently(
            patience,
            sending,
            chat_id=chat_id,
            caption=screen.text or None,
            parse_mode=ParseMode.HTML,
            reply_markup=screen.keyboard,
        )
    except TelegramBadRequest:
        log.exception("bot.paper_not_taken")  # What is said besides it is still said.


async def _answered(
    bot: Bot, query: CallbackQuery | None, reply: Reply, patience: _Patience
) -> int | None:
    """Stop the button's spinner; the id of the message that the button is under."""
    if query is None:
        return None
    try:
        await _patiently(patience, bot.answer_callback_query, query.id, text=reply.toast or None)
    except TelegramBadRequest:
        log.info("bot.query_too_old")
    return query.message.message_id if query.message else None


async def _edited(
    bot: Bot, chat_id: int, message_id: int, screen: Screen, patience: _Patience
) -> bool:
    keyboard = screen.keyboard
    if keyboard is not None and not isinstance(keyboard, InlineKeyboardMarkup):
        return False  # Telegram edits inline keyboards only.
    try:
        await _patiently(
            patience,
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


async def _patiently(
    patience: _Patience, call: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any
) -> T:
    """Try again when Telegram asks to wait or cannot be reached."""
    for failures in range(1, _TRIES):
        try:
            return await call(*args, **kwargs)
        except TelegramRetryAfter as asked:
            if not await patience.wait(asked.retry_after):
                raise
        except (TelegramNetworkError, TelegramServerError):
            if not await patience.wait(0.2 * 3**failures):
                raise
    return await call(*args, **kwargs)
