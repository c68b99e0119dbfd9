"""Long polling that confirms an update only when it is handled: aiogram's own confirms first."""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, ClientDecodeError, TelegramRetryAfter
from aiogram.types import Update
from pydantic import ValidationError

from bot.context import sender
from bot.dispatcher import UpdateDispatcher

log = structlog.get_logger(__name__)

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member", "pre_checkout_query"]
_WAIT_SECONDS = 25
_LOOK_SECONDS = 2.0
"""How often one looks, while updates are being handled, who else is about to pay."""
_LONGEST_PAUSE_SECONDS = 30.0


async def run(bot: Bot, dispatcher: UpdateDispatcher) -> None:
    """Until cancelled. A cancelled update is not confirmed and comes again at the next start."""
    offset: int | None = None
    failures = 0
    while True:
        try:
            if offset is None:
                await bot.delete_webhook()  # Telegram refuses to be polled beside a webhook.
            fetched = await fetch(bot, offset)
            failures = 0
        except AiogramError as failure:
            failures += 1
            log.warning("bot.polling_failed", why=type(failure).__name__, failures=failures)
            await asyncio.sleep(_pause(failure, failures))
            continue
        await _handled(bot, dispatcher, fetched.updates, offset)
        offset = fetched.next_offset


class Fetched(NamedTuple):
    updates: list[Update]
    next_offset: int


async def fetch(bot: Bot, offset: int | None, *, wait_seconds: int = _WAIT_SECONDS) -> Fetched:
    """The next updates. One that our library cannot read must not hold up all the others."""
    try:
        updates = await bot.get_updates(
            offset=offset,
            timeout=wait_seconds,
            allowed_updates=ALLOWED,
            request_timeout=wait_seconds + 10,
        )
        numbers = [update.update_id for update in updates]
    except ClientDecodeError as unreadable:
        if not isinstance(unreadable.data, dict):
            raise
        raw = unreadable.data.get("result") or []
        updates = [update for update in (_read(bot, one) for one in raw) if update is not None]
        numbers = [int(one["update_id"]) for one in raw]
    return Fetched(updates, max(numbers, default=(offset or 0) - 1) + 1)


def _read(bot: Bot, raw: dict[str, Any]) -> Update | None:
    for form in (raw, _payment_alone(raw)):
        try:
            return Update.model_validate(form, context={"bot": bot})
        except ValidationError:
            log.warning("bot.update_unreadable", update_id=raw.get("update_id"))
    return None


def _payment_alone(raw: dict[str, Any]) -> dict[str, Any]:
    """Without whatever else there is: news of money must not get lost."""
    told = raw.get("message")
    if not isinstance(told, dict) or "successful_payment" not in told:
        return {}
    names = ("message_id", "date", "chat", "from", "successful_payment")
    message = {name: told[name] for name in names if name in told}
    return {"update_id": raw.get("update_id"), "message": message}


async def _handled(
    bot: Bot, dispatcher: UpdateDispatcher, updates: Sequence[Update], offset: int | None
) -> None:
    """Whoever is about to pay has ten seconds, and does not wait for the slowest of the others."""
    work = asyncio.ensure_future(handle(bot, dispatcher, updates))
    answered = {update.update_id for update in updates}
    try:
        while not (await asyncio.wait({work}, timeout=_LOOK_SECONDS))[0]:
            answered |= await _look_for_payers(bot, dispatcher, offset, answered)
        work.result()
    finally:
        work.cancel()  # When we are stopped ourselves.
        await asyncio.gather(work, return_exceptions=True)


async def _look_for_payers(
    bot: Bot, dispatcher: UpdateDispatcher, offset: int | None, answered: set[int]
) -> set[int]:
    """Nothing is confirmed: all that is not about paying comes again with the next updates."""
    try:
        fetched = await fetch(bot, offset, wait_seconds=0)
    except AiogramError:
        return set()
    paying = [
        update
        for update in fetched.updates
        if update.pre_checkout_query is not None and update.update_id not in answered
    ]
    taken = await asyncio.gather(*(_taken(bot, dispatcher, update) for update in paying))
    return {update.update_id for update, is_taken in zip(paying, taken, strict=True) if is_taken}


async def handle(bot: Bot, dispatcher: UpdateDispatcher, updates: Sequence[Update]) -> None:
    """People side by side, the updates of one person in their order; who pays waits for nobody."""
    ordered = sorted(updates, key=lambda update: (_lane(update), update.update_id))
    await asyncio.gather(
        *(_in_order(bot, dispatcher, list(own)) for _, own in groupby(ordered, key=_lane))
    )


async def _in_order(bot: Bot, dispatcher: UpdateDispatcher, updates: Sequence[Update]) -> None:
    for update in updates:
        failures = 0
        while not await _taken(bot, dispatcher, update):
            failures += 1
            await asyncio.sleep(min(0.2 * 2**failures, _LONGEST_PAUSE_SECONDS))


async def _taken(bot: Bot, dispatcher: UpdateDispatcher, update: Update) -> bool:
    """False when it has to be tried again; the dispatcher gives up what crashes every time."""
    try:
        await dispatcher.feed_update(bot, update)
    except Exception as failure:
        log.warning("bot.update_again", update_id=update.update_id, why=type(failure).__name__)
        return False
    return True


def _lane(update: Update) -> int:
    if update.pre_checkout_query is not None:
        return -update.update_id
    person = sender(update)
    return person.id if person is not None else 0


def _pause(failure: AiogramError, failures: int) -> float:
    if isinstance(failure, TelegramRetryAfter):
        seconds: float = failure.retry_after
        return seconds
    return min(0.5 * float(2**failures), _LONGEST_PAUSE_SECONDS)
