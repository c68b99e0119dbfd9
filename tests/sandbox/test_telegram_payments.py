"""Invoices in the stand-in Telegram: its rules, its ten seconds, and two libraries that use it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import LabeledPrice, PreCheckoutQuery, Update
from telegram import LabeledPrice as PtbPrice
from telegram import Update as PtbUpdate
from telegram.ext import Application, ContextTypes, MessageHandler, PreCheckoutQueryHandler, filters

from tests.sandbox.serving import AMINA, PROVIDER, TOKEN, Running, running_sandbox

PRICES = [LabeledPrice(label="Loan L-7K3QFWXM", amount=560_000)]


@pytest.fixture
async def impatient() -> AsyncIterator[Running]:
    """Ten seconds are over at once."""
    async with running_sandbox(checkout_seconds=0.05) as running:
        await running.act(AMINA, "say", text="hi", wait=0)
        yield running


async def invoice(bot: Bot, **changed: Any) -> int:
    given: dict[str, Any] = {
        "title": "Loan L-7K3QFWXM",
        "description": "Payment",
        "payload": "C1",
        "provider_token": PROVIDER,
        "currency": "KES",
        "prices": PRICES,
    }
    return (await bot.send_invoice(AMINA, **(given | changed))).message_id


class Payer:
    """Presses Pay, while somebody reads what the bot is asked."""

    def __init__(self, sandbox: Running, bot: Bot) -> None:
        self.sandbox, self.bot = sandbox, bot
        self.offset = 0

    def pays(self, message_id: int, card: str = "good") -> "asyncio.Future[dict[str, Any]]":
        return asyncio.ensure_future(
            self.sandbox.act(AMINA, "pay", message_id=message_id, card=card, wait=0)
        )

    async def next(self) -> Update:
        while True:
            for update in await self.bot.get_updates(offset=self.offset, timeout=20):
                self.offset = update.update_id + 1
                if update.message is None or update.message.text is None:
                    return update

    async def question(self) -> PreCheckoutQuery:
        query = (await self.next()).pre_checkout_query
        assert query is not None
        return query


@pytest.fixture
async def payer(sandbox: Running, bot: Bot) -> Payer:
    await sandbox.act(AMINA, "say", text="hi", wait=0)
    return Payer(sandbox, bot)


class TestAnInvoice:
    async def test_is_shown_with_a_button(self, payer: Payer, bot: Bot) -> None:
        await invoice(bot)
        shown = (await payer.sandbox.chat(AMINA))["messages"][-1]

        assert shown["invoice"]["total_amount"] == 560_000
        assert shown["reply_markup"]["inline_keyboard"][0][0]["pay"] is True

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"provider_token": "1:TEST:other"}, "PAYMENT_PROVIDER_INVALID"),
            ({"title": "x" * 33}, "INVOICE_TITLE_INVALID"),
            ({"description": "x" * 256}, "INVOICE_DESCRIPTION_INVALID"),
            ({"payload": "x" * 129}, "INVOICE_PAYLOAD_INVALID"),
            ({"prices": [LabeledPrice(label="x", amount=10_789)]}, "CURRENCY_TOTAL_AMOUNT"),
            ({"prices": [LabeledPrice(label="x", amount=107_901_557)]}, "CURRENCY_TOTAL_AMOUNT"),
        ],
    )
    async def test_outside_the_limits_is_refused(
        self, payer: Payer, bot: Bot, changed: dict[str, Any], why: str
    ) -> None:
        with pytest.raises(TelegramBadRequest, match=why):
            await invoice(bot, **changed)


class TestPaying:
    async def test_charges_the_card_once_the_bot_agrees(self, payer: Payer, bot: Bot) -> None:
        message_id = await invoice(bot)
        paying = payer.pays(message_id)
        asked = await payer.question()
        assert (asked.invoice_payload, asked.total_amount, asked.currency) == ("C1", 560_000, "KES")
        await asked.answer(ok=True)
        assert (await paying)["outcome"] == "paid"
        message = (await payer.next()).message
        assert message is not None
        assert message.successful_payment is not None
        assert message.successful_payment.total_amount == 560_000

        again = await payer.sandbox.http.post(
            f"/people/{AMINA}/pay", json={"message_id": message_id}
        )
        assert "paid already" in again.text

    async def test_says_why_when_the_bot_refuses(self, payer: Payer, bot: Bot) -> None:
        paying = payer.pays(await invoice(bot))
        await (await payer.question()).answer(ok=False, error_message="Too late, sorry")

        done = await paying
        assert (done["outcome"], done["text"]) == ("refused", "Too late, sorry")

    async def test_by_a_declined_card_can_be_tried_again(self, payer: Payer, bot: Bot) -> None:
        message_id = await invoice(bot)
        for card, outcome in (("declined", "declined"), ("good", "paid")):
            paying = payer.pays(message_id, card)
            await (await payer.question()).answer(ok=True)
            assert (await paying)["outcome"] == outcome

    async def test_of_an_unanswered_invoice_takes_nothing(self, impatient: Running) -> None:
        server = TelegramAPIServer.from_base(f"{impatient.base}/sandbox/telegram")
        async with Bot(TOKEN, session=AiohttpSession(api=server)) as bot:
            payer = Payer(impatient, bot)
            done = await payer.pays(await invoice(bot))
            assert done["outcome"] == "unanswered"

            with pytest.raises(TelegramBadRequest, match="too old"):
                await (await payer.question()).answer(ok=True)
        assert "successful_payment" not in str(await impatient.chat(AMINA))


async def _agrees(update: PtbUpdate, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.pre_checkout_query is not None
    await update.pre_checkout_query.answer(ok=True)


async def test_another_library_takes_a_payment(sandbox: Running) -> None:
    heard: list[int] = []

    async def thanks(update: PtbUpdate, _: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        assert update.message.successful_payment is not None
        heard.append(update.message.successful_payment.total_amount)

    await sandbox.act(AMINA, "say", text="hi", wait=0)
    application = (
        Application.builder()
        .token(TOKEN)
        .base_url(f"{sandbox.base}/sandbox/telegram/bot")
        .base_file_url(f"{sandbox.base}/sandbox/telegram/file/bot")
        .build()
    )
    application.add_handler(PreCheckoutQueryHandler(_agrees))
    application.add_handler(MessageHandler(filters.SUCCESSFUL_PAYMENT, thanks))
    async with application:
        assert application.updater is not None
        await application.start()
        await application.updater.start_polling(timeout=2)
        shown = await application.bot.send_invoice(
            AMINA, "Loan", "Payment", "C1", "KES", [PtbPrice("Loan", 560_000)], PROVIDER
        )
        done = await sandbox.act(AMINA, "pay", message_id=shown.message_id, wait=20)
        assert done["outcome"] == "paid"
        for _ in range(500):
            if heard:
                break
            await asyncio.sleep(0.02)
        await application.updater.stop()
        await application.stop()

    assert heard == [560_000]
