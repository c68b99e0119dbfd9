"""Cards in the chat: what is offered, what Telegram is answered in time, and what it tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.exceptions import AiogramError, ClientDecodeError, TelegramNetworkError
from aiogram.methods import AnswerPreCheckoutQuery
from aiogram.types import Update
from pydantic import SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import polling
from bot.app import create_bot, create_dispatcher
from bot.dispatcher import UpdateDispatcher
from kit import jobs
from kit.config import Settings
from kit.crypto import Vault, vault_of
from kit.db import Sessions, create_engine, sessions_of, unit_of_work
from kit.money import Money
from kit.worker import Worker
from notifications.channels.telegram import TelegramChannel
from onboarding.payees import KnownPayees
from servicing import incidents, payment_requests, queries
from servicing.models import Loan, PaymentRequest
from servicing.orders import Payees
from servicing.rails import telegram
from servicing.rails.base import Rails
from servicing.states import OrderStatus
from tests.journeys.chat import Chatter, Telegram, numbers
from tests.journeys.lender import SETTINGS, Lender, SetClock, open_lender
from tests.journeys.story import Story
from tests.sandbox.serving import AMINA, PROVIDER, TOKEN, Running, running_sandbox
from tests.servicing.lending import PaperRail

CARDS = SETTINGS.model_copy(update={"telegram_payment_provider_token": SecretStr(PROVIDER)})
AMOUNT = Money(560_000, "KES")


@pytest.fixture
async def lender(sessions: Sessions, now: datetime) -> Lender:
    return await open_lender(sessions, now, CARDS)


@pytest.fixture
async def own_lender(engine: AsyncEngine, vault: Vault, now: datetime) -> Lender:
    """On a database of the test's own."""
    return await open_lender(sessions_of(engine, vault), now, CARDS)


async def borrows(lender: Lender, person: Chatter) -> Loan:
    await Story(lender, person).gets_the_money()
    loan = (await lender.dossier(person)).loan
    assert loan is not None
    return loan


async def is_asked(lender: Lender, loan: Loan) -> PaymentRequest:
    """By an invoice that has been shown."""
    async with unit_of_work(lender.sessions) as session:
        asked = await payment_requests.request(
            session, vault_of(session), loan_id=loan.id, amount=AMOUNT, on=lender.today,
            now=lender.clock.now(), by_card=True,
        )  # fmt: skip
        asked.status = OrderStatus.PENDING
    return asked


async def requests(lender: Lender) -> list[tuple[str | None, str]]:
    async with unit_of_work(lender.sessions) as session:
        rows = await session.scalars(select(PaymentRequest).order_by(PaymentRequest.id))
        return [(row.rail, row.amount.major) for row in rows]


def checkout(person: Chatter, reference: str, **changed: Any) -> dict[str, Any]:
    number = next(numbers)
    query = {
        "id": f"q{number}",
        "from": person.user,
        "currency": "KES",
        "total_amount": AMOUNT.minor,
        "invoice_payload": reference,
    }
    return {"update_id": number, "pre_checkout_query": query | changed}


async def asks(person: Chatter, update: dict[str, Any]) -> AnswerPreCheckoutQuery:
    """What Telegram was answered."""
    await person.dispatcher.feed_raw_update(person.bot, update)
    answers = [c for c in person.telegram.calls if isinstance(c, AnswerPreCheckoutQuery)]
    assert answers[-1].pre_checkout_query_id == update["pre_checkout_query"]["id"]
    return answers[-1]


class TestTheOffer:
    async def test_stands_beside_the_wallet(self, lender: Lender, amina: Chatter) -> None:
        await borrows(lender, amina)
        await amina.says("/pay")
        assert "How much" in await amina.presses("Card, here")
        assert "is coming" in await amina.presses("Next")
        assert [rail for rail, _ in await requests(lender)] == ["telegram"]

        assert "above in this chat" in await amina.says("/pay")
        await amina.says("/pay 700")
        assert "KES 700" in await amina.presses("By card")
        assert (await requests(lender))[-1] == ("telegram", "700.00")

    async def test_gives_way_to_the_wallet_and_not_the_other_way_round(
        self, lender: Lender, amina: Chatter
    ) -> None:
        await borrows(lender, amina)
        await amina.says("/pay 700")
        await amina.presses("By card")
        await amina.says("/pay 700")
        confirm = amina.last
        assert "confirm" in await amina.presses("Pay KES")
        said = await amina.sends(amina.press(confirm, by_label(confirm.buttons, "By card")))

        assert "is waiting in your wallet" in said
        assert [rail for rail, _ in await requests(lender)] == ["telegram", None]

    async def test_is_not_made_where_no_provider_is_set(
        self, sessions: Sessions, now: datetime
    ) -> None:
        plain = await open_lender(sessions, now)
        person = plain.chatter()
        loan = await borrows(plain, person)
        await person.says("/pay")
        assert "ard" not in " ".join(person.labels)

        forged = f"c:{loan.reference}:{AMOUNT.minor}"
        await person.sends(person.press(person.last, forged))
        assert await requests(plain) == []


def by_label(buttons: dict[str, str], words: str) -> str:
    return next(data for label, data in buttons.items() if words in label)


class TestTheQuestionBeforeTheCharge:
    async def test_is_refused_with_a_sentence(self, lender: Lender, amina: Chatter) -> None:
        asked = await is_asked(lender, await borrows(lender, amina))
        cases: list[tuple[dict[str, Any], str]] = [
            ({"total_amount": 559_999}, "The amount of this invoice has changed"),
            ({"currency": "UGX"}, "The amount of this invoice has changed"),
            ({"invoice_payload": "nothing"}, "can no longer be paid"),
            ({"currency": "??"}, "I cannot read this as an amount"),
        ]
        for changed, sentence in cases:
            answer = await asks(amina, checkout(amina, asked.client_ref, **changed))
            assert not answer.ok
            assert sentence in str(answer.error_message)

        other = lender.chatter(7002, "es")
        answer = await asks(other, checkout(other, asked.client_ref))
        assert not answer.ok
        assert "ya no se puede pagar" in str(answer.error_message)

    @pytest.mark.parametrize(
        "lost",
        [
            TelegramNetworkError(AnswerPreCheckoutQuery(pre_checkout_query_id="", ok=True), "no"),
            ClientDecodeError("no", ValueError("no JSON"), "<html>502 Bad Gateway"),
        ],
    )
    async def test_is_agreed_to_until_telegram_hears_it(
        self, lender: Lender, amina: Chatter, lost: AiogramError
    ) -> None:
        asked = await is_asked(lender, await borrows(lender, amina))
        update = checkout(amina, asked.client_ref)
        amina.telegram.broken.append(lost)
        before = len(amina.telegram.calls)

        answer = await asks(amina, update)
        assert (answer.ok, answer.error_message) == (True, None)
        assert len(amina.telegram.calls) - before == 2

    async def test_without_a_database_is_answered_too(self, now: datetime, vault: Vault) -> None:
        nowhere = create_engine("sqlite+aiosqlite:////nowhere/at/all.db")
        there = sessions_of(nowhere, vault)
        bot = create_bot(CARDS, Telegram())
        dispatcher = create_dispatcher(there, SetClock(now), CARDS, cast(Any, None))
        person = Chatter(dispatcher, bot)

        answer = await asks(person, checkout(person, "C1"))
        await nowhere.dispose()
        assert not answer.ok
        assert "try again in a minute" in str(answer.error_message)

    async def test_waits_for_nobody_who_writes(self, own_lender: Lender) -> None:
        """Not for the loan's lock, and on SQLite not for the one who has its turn."""
        amina = own_lender.chatter()
        loan = await borrows(own_lender, amina)
        asked = await is_asked(own_lender, loan)

        async with unit_of_work(own_lender.sessions) as session:
            await queries.get_loan(session, loan.id, lock=True)
            await session.execute(text("UPDATE loans SET closed_on = NULL"))
            assert (await asks(amina, checkout(amina, asked.client_ref))).ok


class TestPolling:
    async def test_lets_who_pays_pass_those_who_are_slow(
        self, lender: Lender, amina: Chatter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(polling, "_LOOK_SECONDS", 0.01)
        slow, paid = Slow(lender.dispatcher), amina.telegram
        paid.waiting.append(amina.update(amina.message(text="slow")))
        polls = asyncio.ensure_future(polling.run(lender.bot, cast(UpdateDispatcher, slow)))
        await slow.has_begun.wait()
        paid.waiting.append(amina.update(checkout(amina, "C1")))
        await asyncio.wait_for(slow.was_asked.wait(), timeout=30)
        assert not slow.may_end.is_set()
        slow.may_end.set()
        await asyncio.wait_for(paid.all_confirmed.wait(), timeout=30)
        polls.cancel()
        await asyncio.gather(polls, return_exceptions=True)

        answers = [c for c in paid.calls if isinstance(c, AnswerPreCheckoutQuery)]
        assert answers


class Slow:
    """The real dispatcher, before which one message takes for ever and who pays stumbles once."""

    def __init__(self, dispatcher: UpdateDispatcher) -> None:
        self._dispatcher = dispatcher
        self.tries = 0
        self.has_begun, self.was_asked, self.may_end = (asyncio.Event() for _ in range(3))

    async def feed_update(self, bot: Any, update: Update) -> None:
        if update.message is not None:
            self.has_begun.set()
            await self.may_end.wait()
            return
        self.tries += 1
        if self.tries == 1:
            raise ValueError("once")
        await self._dispatcher.feed_update(bot, update)
        self.was_asked.set()


class Street:
    """The bot polls the stand-in Telegram, a worker runs the jobs: nothing here calls them."""

    def __init__(self, lender: Lender, sandbox: Running, worker: Worker) -> None:
        self.lender, self.sandbox, self.worker = lender, sandbox, worker

    async def says(self, words: str) -> None:
        assert (await self.sandbox.act(AMINA, "say", text=words, wait=30))["taken"]

    async def presses(self, label: str) -> None:
        for message in reversed((await self.sandbox.chat(AMINA))["messages"]):
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            for button in (button for row in rows for button in row):
                if label in button["text"]:
                    press = {"message_id": message["message_id"], "data": button["callback_data"]}
                    assert (await self.sandbox.act(AMINA, "press", wait=30, **press))["taken"]
                    return
        raise AssertionError(f"no button {label!r}")

    async def invoice(self) -> int:
        await self.worker.until_idle()
        messages = (await self.sandbox.chat(AMINA))["messages"]
        return int([m for m in messages if "invoice" in m][-1]["message_id"])

    async def pays(self, card: str = "good") -> dict[str, Any]:
        done = await self.sandbox.act(
            AMINA, "pay", wait=30, message_id=await self.invoice(), card=card
        )
        await self.worker.until_idle()
        return done

    async def received(self, loan: Loan) -> list[tuple[str, str | None]]:
        async with unit_of_work(self.lender.sessions) as session:
            rows = await queries.list_repayments(session, loan.id)
            return [(row.amount.major, row.rail) for row in rows]


@asynccontextmanager
async def street(lender: Lender, sandbox: Running, database_url: str) -> AsyncIterator[Street]:
    settings = CARDS.model_copy(
        update={
            "telegram_bot_token": SecretStr(TOKEN),
            "telegram_api_url": f"{sandbox.base}/sandbox/telegram",
            "database_url": database_url,
            "job_polling_seconds": 0.02,
        }
    )
    bot = create_bot(settings)
    rail = telegram.of(settings, lender.clock)
    services: dict[type, object] = {
        **lender.context.services,
        Bot: bot,
        TelegramChannel: TelegramChannel(bot),
        Rails: Rails((PaperRail(), rail)),
        Payees: KnownPayees(),
        Settings: settings,
    }
    worker = Worker(settings, jobs.Context(lender.sessions, lender.clock, services))
    dispatcher = create_dispatcher(lender.sessions, lender.clock, settings, lender.underwriter)
    polls = asyncio.ensure_future(polling.run(bot, dispatcher))
    await worker.start()
    try:
        yield Street(lender, sandbox, worker)
    finally:
        polls.cancel()
        await asyncio.gather(polls, return_exceptions=True)
        await worker.stop()
        await rail.close()
        await bot.session.close()


async def test_over_the_wire_a_card_repays_the_loan_once(
    own_lender: Lender, database_url: str
) -> None:
    loan = await borrows(own_lender, own_lender.chatter(AMINA))
    async with unit_of_work(own_lender.sessions) as session:
        for payout in await queries.list_payouts(session, loan.id):
            payout.status = OrderStatus.SETTLED  # Told by hand, above: no worker sends it again.
    async with running_sandbox() as sandbox, street(own_lender, sandbox, database_url) as chat:
        await chat.says("/pay 700")
        await chat.presses("By card")
        assert (await chat.pays("declined"))["outcome"] == "declined"
        assert await chat.received(loan) == []

        # The news of the payment comes twice, and the second one late.
        await sandbox.trouble("telegram", "repeat_update", target="message")
        assert (await chat.pays())["outcome"] == "paid"
        assert await chat.received(loan) == [("700.00", "telegram")]

        # Of an invoice that another way to pay has replaced, the card is not charged.
        own_lender.clock.move(minutes=5)
        await chat.says("/pay 800")
        await chat.presses("By card")
        await chat.invoice()
        await chat.says("/pay 800")
        await chat.presses("Pay KES")
        refused = await chat.pays()
        assert (refused["outcome"], "no longer" in refused["text"]) == ("refused", True)
        assert await chat.received(loan) == [("700.00", "telegram")]

        async with unit_of_work(own_lender.sessions) as session:
            assert await incidents.list_open(session) == []
            settled = select(func.count(PaymentRequest.id)).where(
                PaymentRequest.status == OrderStatus.SETTLED
            )
            assert await session.scalar(settled) == 1
