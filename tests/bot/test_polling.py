"""Long polling: nothing is confirmed before it is handled, nothing unreadable blocks the rest."""

import asyncio
from datetime import timedelta

import sqlalchemy as sa
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError
from aiogram.methods import GetUpdates, SetMyCommands

from bot import polling, tasks
from bot.app import run_polling, set_up
from bot.models import TelegramUpdate
from kit.db import unit_of_work
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender


class TestFetching:
    async def test_leaves_out_only_what_cannot_be_read(
        self, lender: Lender, amina: Chatter
    ) -> None:
        good, odd = amina.message(text="/start"), {"update_id": 9_000_000, "message": {"poll": 1}}
        answer = {"ok": True, "result": [good, odd]}
        amina.telegram.broken.append(ClientDecodeError("no", ValueError("poll"), answer))
        fetched = await polling.fetch(lender.bot, None)

        assert [update.update_id for update in fetched.updates] == [good["update_id"]]
        assert fetched.next_offset == 9_000_001

    async def test_keeps_the_money_of_what_cannot_be_read(
        self, lender: Lender, amina: Chatter
    ) -> None:
        payment = {
            "currency": "KES",
            "total_amount": 560_000,
            "invoice_payload": "C1",
            "telegram_payment_charge_id": "t1",
            "provider_payment_charge_id": "p1",
        }
        odd = amina.message(successful_payment=payment, poll=1)
        answer = {"ok": True, "result": [odd]}
        amina.telegram.broken.append(ClientDecodeError("no", ValueError("poll"), answer))
        (update,) = (await polling.fetch(lender.bot, None)).updates

        assert update.message is not None
        assert update.message.successful_payment is not None
        assert update.message.successful_payment.total_amount == 560_000

    async def test_of_nothing_keeps_the_place(self, lender: Lender) -> None:
        assert (await polling.fetch(lender.bot, 77)).next_offset == 77


class TestRunning:
    async def test_outlasts_a_network_failure_and_confirms_what_is_handled(
        self, lender: Lender, amina: Chatter
    ) -> None:
        telegram = amina.telegram
        away = TelegramNetworkError(GetUpdates(), "no route")
        telegram.broken += [away] * 3
        telegram.waiting.append(amina.update(amina.message(text="/start")))
        polls = asyncio.ensure_future(run_polling(lender.bot, lender.dispatcher))
        await asyncio.wait_for(telegram.all_confirmed.wait(), timeout=30)
        polls.cancel()
        await asyncio.gather(polls, return_exceptions=True)

        assert "language" in amina.last.text
        assert telegram.waiting == []


class TestSetUp:
    async def test_names_the_commands_in_every_language(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await set_up(lender.bot)

        calls = [call for call in amina.telegram.calls if isinstance(call, SetMyCommands)]
        assert [call.language_code for call in calls] == [None, "es"]
        assert all(len(one.description) <= 256 for call in calls for one in call.commands)


class TestForgetting:
    async def test_is_for_updates_that_cannot_come_again(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await amina.says("/start")
        lender.clock.move(days=7, seconds=1)
        await amina.says("/start")
        async with unit_of_work(lender.sessions) as session:
            now = lender.clock.now()
            await tasks.forget_updates(session, now=now, tick=now - timedelta(minutes=1))
            left = await session.scalar(sa.select(sa.func.count()).select_from(TelegramUpdate))

        assert left == 1
