"""The door for trouble of the Bot API server."""

import asyncio

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramForbiddenError, TelegramRetryAfter, TelegramServerError

from tests.sandbox.serving import AMINA, BRUNO, Running


@pytest.fixture
async def started(sandbox: Running, bot: Bot) -> Running:
    await sandbox.act(AMINA, "say", text="hello", wait=0)
    await bot.get_updates(offset=(await bot.get_updates())[-1].update_id + 1)
    return sandbox


async def said(sandbox: Running, *texts: str) -> None:
    for text in texts:
        await sandbox.act(AMINA, "say", text=text, wait=0)


async def received(bot: Bot) -> list[str]:
    return [str(update.message and update.message.text) for update in await bot.get_updates()]


class TestCalls:
    async def test_the_next_calls_fail_and_then_no_more(self, started: Running, bot: Bot) -> None:
        order = {"target": "sendMessage", "times": 2, "retry_after": 3}
        await started.trouble("telegram", "fail", **order)
        for _ in range(2):
            with pytest.raises(TelegramRetryAfter) as refused:
                await bot.send_message(AMINA, "x")
            assert refused.value.retry_after == 3
        assert await bot.send_message(AMINA, "x")

    async def test_other_methods_and_chats_are_spared(self, started: Running, bot: Bot) -> None:
        await started.trouble("telegram", "fail", target=str(BRUNO), code=500)
        assert await bot.send_message(AMINA, "x")
        await started.trouble(
            "telegram", "fail", code=403, description="Forbidden: user is deactivated"
        )
        with pytest.raises(TelegramForbiddenError, match="deactivated"):
            await bot.get_me()

    async def test_a_lost_answer_is_a_message_all_the_same(
        self, started: Running, bot: Bot
    ) -> None:
        await started.trouble("telegram", "lose_answer", target="sendMessage")
        with pytest.raises(TelegramServerError):
            await bot.send_message(AMINA, "arrived")
        assert "arrived" in await started.texts(AMINA)

    async def test_a_slow_answer(self, started: Running, bot: Bot) -> None:
        await started.trouble("telegram", "delay", target="getMe", seconds=0.3)
        loop = asyncio.get_running_loop()
        start = loop.time()
        await bot.get_me()
        assert loop.time() - start >= 0.3


class TestUpdates:
    async def test_one_is_dropped(self, started: Running, bot: Bot) -> None:
        await started.trouble("telegram", "drop_update")
        await said(started, "lost", "kept")
        assert await received(bot) == ["kept"]

    async def test_one_comes_twice(self, started: Running, bot: Bot) -> None:
        await started.trouble("telegram", "repeat_update")
        await said(started, "twice", "once")
        assert await received(bot) == ["twice", "twice", "once"]
        first, second, *_ = await bot.get_updates()
        assert first.update_id == second.update_id

    async def test_two_change_places(self, started: Running, bot: Bot) -> None:
        await started.trouble("telegram", "reorder_updates", times=2)
        await said(started, "first")
        assert await received(bot) == []
        await said(started, "second", "third")
        assert await received(bot) == ["second", "first", "third"]


class TestTheDoorItself:
    async def test_orders_are_listed_and_cleared(self, started: Running) -> None:
        await started.trouble("telegram", "drop_update", times=5)
        assert (await started.http.get("/telegram/trouble")).json()[0]["times"] == 5
        await started.http.delete("/telegram/trouble")
        assert (await started.http.get("/telegram/trouble")).json() == []

    async def test_an_unknown_kind_is_refused(self, started: Running) -> None:
        answer = await started.http.post("/telegram/trouble", json={"kind": "earthquake"})
        assert answer.status_code == 422
        assert "kind is one of fail" in answer.json()["detail"]
