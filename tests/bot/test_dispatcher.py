"""One transaction per update: repeats, crashes and crowds, on databases of the tests' own."""

import asyncio
from datetime import datetime

import pytest
import sqlalchemy as sa
from aiogram import Router
from aiogram.exceptions import TelegramRetryAfter
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import Message
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import polling
from bot.context import NotRegistered, UpdateContext
from bot.dispatcher import TRIES
from bot.models import TelegramUpdate
from bot.screens.base import Screen
from kit import audit
from kit.crypto import Vault
from kit.db import Sessions, sessions_of, unit_of_work
from onboarding.models import ProductVersion
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender, open_lender
from tests.journeys.story import Story


class Trouble:
    """A handler of the tests that writes a row and then may crash."""

    def __init__(self) -> None:
        self.crashes = 0
        self.is_refused = False

    async def note(self, message: Message, context: UpdateContext) -> Screen:
        audit.record(context.session, actor="test", action="noted", subject="test", now=context.now)
        await context.session.flush()
        if self.is_refused:
            raise NotRegistered()
        if self.crashes:
            self.crashes -= 1
            raise ZeroDivisionError
        return Screen(f"noted {message.message_id}")


@pytest.fixture
def trouble() -> Trouble:
    return Trouble()


@pytest.fixture
def sessions(engine: AsyncEngine, vault: Vault) -> Sessions:
    return sessions_of(engine, vault)


@pytest.fixture
async def lender(sessions: Sessions, now: datetime, trouble: Trouble) -> Lender:
    lender = await open_lender(sessions, now)
    router = Router()
    router.message.register(trouble.note, Command("note"))
    lender.dispatcher.sub_routers.insert(0, router)
    return lender


@pytest.fixture
def amina(lender: Lender) -> Chatter:
    return lender.chatter()


async def count(sessions: Sessions, model: type[audit.AuditEvent | TelegramUpdate]) -> int:
    async with sessions() as session:
        return await session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


class TestARepeatedUpdate:
    async def test_is_handled_and_answered_once(self, amina: Chatter, sessions: Sessions) -> None:
        update = amina.message(text="/note")
        first, second = await amina.sends(update), await amina.sends(update)

        assert "noted" in first
        assert second == ""
        assert await count(sessions, audit.AuditEvent) == 1

    async def test_at_the_same_time_is_handled_once(
        self, amina: Chatter, sessions: Sessions
    ) -> None:
        update = amina.message(text="/note")
        await asyncio.gather(*(amina.sends(update) for _ in range(5)))

        assert await count(sessions, audit.AuditEvent) == 1
        assert len(amina.chat) == 1


class TestACrash:
    async def test_leaves_nothing_and_the_next_delivery_works(
        self, amina: Chatter, sessions: Sessions, trouble: Trouble
    ) -> None:
        update, trouble.crashes = amina.message(text="/note"), 1
        with pytest.raises(ZeroDivisionError):
            await amina.sends(update)
        apology = amina.last.text
        written = await count(sessions, audit.AuditEvent)
        shown = await amina.sends(update)

        assert "Sorry" in apology
        assert written == 0
        assert "noted" in shown
        assert await count(sessions, audit.AuditEvent) == 1

    async def test_every_time_is_given_up_with_a_reference_that_stays(
        self, amina: Chatter, sessions: Sessions, trouble: Trouble
    ) -> None:
        update, trouble.crashes = amina.message(text="/note"), 100
        for _ in range(TRIES - 1):
            with pytest.raises(ZeroDivisionError):
                await amina.sends(update)
        last = await amina.sends(update)
        after = await amina.sends(update)

        async with sessions() as session:
            row = (await session.scalars(sa.select(TelegramUpdate))).one()
        assert row.reference is not None
        assert row.reference in last
        assert row.reference in amina.chat[0].text
        assert after == ""
        assert 100 - trouble.crashes == TRIES

    async def test_while_a_refusal_is_explained_is_given_up_too(
        self, amina: Chatter, sessions: Sessions, trouble: Trouble
    ) -> None:
        update, trouble.is_refused = amina.message(text="/note"), True
        async with unit_of_work(sessions) as session:  # The place to go back to cannot be drawn.
            await session.execute(sa.update(ProductVersion).values(body={}, body_sha256="?"))
        for _ in range(TRIES - 1):
            with pytest.raises(ValidationError):
                await amina.sends(update)
        last = await amina.sends(update)
        after = await amina.sends(update)

        async with sessions() as session:
            row = (await session.scalars(sa.select(TelegramUpdate))).one()
        assert row.reference is not None
        assert row.reference in last
        assert after == ""


class TestManyUpdates:
    async def test_of_one_person_at_once_lose_nothing(
        self, amina: Chatter, sessions: Sessions
    ) -> None:
        await asyncio.gather(*(amina.says("/note") for _ in range(20)))

        assert await count(sessions, audit.AuditEvent) == 20
        assert len(amina.chat) == 20

    async def test_by_polling_keep_their_order_and_outlast_crashes(
        self, lender: Lender, amina: Chatter, sessions: Sessions, trouble: Trouble
    ) -> None:
        trouble.crashes = 2
        updates = [amina.update(amina.message(text="/note")) for _ in range(3)]
        await polling.handle(lender.bot, lender.dispatcher, updates)

        noted = [shown.text for shown in amina.chat if "noted" in shown.text]
        assert noted == [
            f"noted {update.message.message_id}" for update in updates if update.message
        ]
        assert await count(sessions, audit.AuditEvent) == 3


class TestTwoTaps:
    async def test_at_once_are_one_answer(self, lender: Lender, amina: Chatter) -> None:
        story = Story(lender, amina)
        await story.begins()
        await story.until("employment")
        shown = amina.last
        data = shown.buttons["I am a farmer"]
        await asyncio.gather(*(amina.sends(amina.press(shown, data)) for _ in range(2)))

        assert await lender.step(amina) == "employment_since"
        assert max(amina.telegram.toasts) == "This button is old."


class TestTelling:
    async def test_waits_when_telegram_asks_for_a_pause(
        self, amina: Chatter, lender: Lender
    ) -> None:
        pause = TelegramRetryAfter(SendMessage(chat_id=1, text="x"), "slow down", 0)
        amina.telegram.broken.append(pause)

        assert "noted" in await amina.says("/note")

    async def test_does_not_wait_for_a_chat_that_is_closed_for_long(self, amina: Chatter) -> None:
        pause = TelegramRetryAfter(SendMessage(chat_id=1, text="x"), "slow down", 30)
        amina.telegram.broken.append(pause)

        assert await asyncio.wait_for(amina.says("/note"), timeout=5) == ""
        assert "noted" in await amina.says("/note")

    async def test_waits_a_few_seconds_in_all(self, amina: Chatter) -> None:
        pause = TelegramRetryAfter(SendMessage(chat_id=1, text="x"), "slow down", 2)
        amina.telegram.broken += [pause] * 3

        assert await asyncio.wait_for(amina.says("/note"), timeout=4) == ""

    async def test_ignores_groups_and_bots(self, amina: Chatter, sessions: Sessions) -> None:
        update = amina.message(text="/note")
        update["message"]["chat"] = {"id": -5, "type": "group", "title": "G"}
        await amina.sends(update)

        assert await count(sessions, TelegramUpdate) == 0
        assert amina.chat == []
