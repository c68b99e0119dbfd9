"""One transaction per Telegram update: a repeat does nothing, a failure leaves nothing behind.

aiogram's own dispatcher calls an update handled when its handler crashed. Here an update counts
as handled when what it caused is committed; the borrower is told after that.
"""

from datetime import datetime
from typing import Any

import structlog
from aiogram import Bot, Dispatcher
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.types import Update, User
from sqlalchemy import bindparam, exists, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import payments, refusals, show
from bot.context import Office, UpdateContext, opened, sender
from bot.models import TelegramUpdate
from bot.screens.base import Reply, Screen
from bot.text import Words, matching_locale
from kit import ids
from kit.db import insert_once, unit_of_work
from kit.errors import DomainError
from notifications import hearing
from onboarding import dossiers

log = structlog.get_logger(__name__)

_HEARD_MOST = 10_000
TRIES = 3
"""An update that crashes us this often is given up, so that it cannot block those behind it."""


class UpdateDispatcher(Dispatcher):
    def __init__(self, office: Office) -> None:
        # The application row is the conversation's memory: aiogram's own stays off.
        super().__init__(disable_fsm=True)
        self.office = office
        self._heard: dict[int, datetime] = {}
        """When each person was last noted as awake, by this process."""

    async def feed_update(self, bot: Bot, update: Update, **kwargs: Any) -> None:
        """Handle one update and show the answer. Raises when it should be delivered again."""
        if update.bot != bot:
            update = Update.model_validate(update.model_dump(), context={"bot": bot})
        if await payments.took(bot, self.office, update):
            return
        person = sender(update)
        if person is None:
            return
        try:
            reply = await self._handled_or_refused(bot, update, person, kwargs)
        except OperationalError:
            raise  # The database is away: the update comes again when it is back.
        except Exception as failure:
            if not await self._fail(bot, update, person, failure):
                raise
            return
        if reply is not None:
            await show.show(bot, person.id, update.callback_query, reply)

    async def _handled_or_refused(
        self, bot: Bot, update: Update, person: User, kwargs: dict[str, Any]
    ) -> Reply | None:
        try:
            return await self._handle(bot, update, person, kwargs)
        except DomainError as refusal:
            return await self._refuse(bot, update, person, refusal)

    async def _handle(
        self, bot: Bot, update: Update, person: User, kwargs: dict[str, Any]
    ) -> Reply | None:
        now = self.office.clock.now()
        async with unit_of_work(self.office.sessions) as session:
            if not await _claim(session, bot, update, person, now):
                return None
            context = await opened(self.office, session, person, update, now)
            is_news = update.my_chat_member is None and await self._listen(context)
            answer = await super().feed_update(bot, update, context=context, **kwargs)
        if is_news:
            self._heard[person.id] = now
        return _as_reply(answer)

    async def _listen(self, context: UpdateContext) -> bool:
        """Let the messages to this person know that they are awake, once in a while."""
        last, now = self._heard.get(context.person.id), context.now
        if context.dossier is None or (last is not None and now - last < hearing.PRECISION):
            return False
        if len(self._heard) >= _HEARD_MOST:
            self._heard.clear()
        await hearing.heard(context.session, context.dossier.borrower.id, now=now)
        return True

    async def _refuse(
        self, bot: Bot, update: Update, person: User, refusal: DomainError
    ) -> Reply | None:
        """The work is rolled back; say why in one sentence and ask the same question again."""
        now = self.office.clock.now()
        async with unit_of_work(self.office.sessions) as session:
            if not await _claim(session, bot, update, person, now):
                return None
            context = await opened(self.office, session, person, update, now)
            said = update.message.text if update.message is not None else None
            return await refusals.explain(context, refusal, said)

    async def _fail(self, bot: Bot, update: Update, person: User, failure: Exception) -> bool:
        """Note the crash and apologize. True when the update is given up."""
        now = self.office.clock.now()
        async with unit_of_work(self.office.sessions) as session:
            row = await _noted(session, bot, update, now)
            row.failures += 1
            is_given_up = row.failures >= TRIES
            if is_given_up:
                row.handled_at = now
        log.exception(
            "bot.update_failed", reference=row.reference, failures=row.failures, exc_info=failure
        )
        if is_given_up or row.failures == 1:
            words = Words(
                self.office.texts, matching_locale(person.language_code, self.office.texts)
            )
            key = "error-unexpected-given-up" if is_given_up else "error-unexpected"
            screen = Screen(words(key, reference=row.reference or ""))
            await show.show(bot, person.id, update.callback_query, Reply((screen,)))
        return is_given_up


async def _claim(
    session: AsyncSession, bot: Bot, update: Update, person: User, now: datetime
) -> bool:
    """Make this transaction the one that handles the update, and hold the person's affairs."""
    key = {"bot_id": bot.id, "update_id": update.update_id}
    if session.get_bind().dialect.name == "postgresql":
        values = {"bot": bot.id, "update": update.update_id, "now": now, "telegram_id": person.id}
        is_new = await session.scalar(_CLAIM_AND_HOLD, values)
    else:  # SQLite has one writer, who holds everything.
        is_new = await insert_once(session, TelegramUpdate, **key, received_at=now, handled_at=now)
    if is_new:
        return True
    row = await session.get_one(TelegramUpdate, (bot.id, update.update_id), with_for_update=True)
    if row.handled_at is not None:
        return False
    row.handled_at = now
    return True


async def _noted(session: AsyncSession, bot: Bot, update: Update, now: datetime) -> TelegramUpdate:
    key = {"bot_id": bot.id, "update_id": update.update_id}
    reference = ids.reference("E", 6)
    await insert_once(session, TelegramUpdate, **key, received_at=now, reference=reference)
    return await session.get_one(TelegramUpdate, (bot.id, update.update_id), with_for_update=True)


_CLAIMED = (
    postgresql.insert(TelegramUpdate)
    .values(
        bot_id=bindparam("bot"),
        update_id=bindparam("update"),
        received_at=bindparam("now"),
        handled_at=bindparam("now"),
    )
    .on_conflict_do_nothing()
    .returning(TelegramUpdate.update_id)
    .cte("claimed")
)
# One trip to the server instead of two, for every update.
_CLAIM_AND_HOLD = select(exists(select(_CLAIMED.c.update_id)), dossiers.HELD.scalar_subquery())


def _as_reply(answer: Any) -> Reply | None:
    if answer is None or answer is UNHANDLED:
        return None
    return Reply((answer,)) if isinstance(answer, Screen) else answer
