"""Invoices over the wire, against the stand-in Telegram: shown, refused, lost, and paid once."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from kit.clock import SystemClock
from kit.config import Settings
from kit.money import Money
from servicing.rails import configured, telegram
from servicing.rails.base import (
    AckStatus,
    Direction,
    Instruction,
    OutcomeStatus,
    SignatureInvalid,
)
from servicing.rails.telegram import TelegramRail
from tests.sandbox.serving import AMINA, BRUNO, PROVIDER, TOKEN, Running, running_sandbox
from tests.servicing.lending import kes


def settings(sandbox: Running) -> Settings:
    return Settings(
        _env_file=None,
        telegram_bot_token=SecretStr(TOKEN),
        telegram_api_url=f"{sandbox.base}/sandbox/telegram",
        telegram_payment_provider_token=SecretStr(PROVIDER),
        rail_base_url=f"{sandbox.base}/sandbox/wallet",
        lender_name="Kopa Lending",
    )


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    async with running_sandbox() as running:
        await running.act(AMINA, "say", text="hi", wait=0)
        yield running


@pytest.fixture
async def rail(sandbox: Running) -> AsyncIterator[TelegramRail]:
    rail = telegram.of(settings(sandbox), SystemClock())
    yield rail
    await rail.close()


def order(
    amount: Money | None = None, *, to: int = AMINA, locale: str = "en", rail_id: str | None = None
) -> Instruction:
    return Instruction(
        client_ref="C" + "0" * 31 + "1",
        direction=Direction.COLLECT,
        account=telegram.address(to, locale),
        amount=amount or kes(5600),
        description="Loan L-7K3QFWXM",
        rail_id=rail_id,
    )


async def invoices(sandbox: Running) -> list[dict[str, object]]:
    messages = (await sandbox.chat(AMINA))["messages"]
    return [message["invoice"] for message in messages if "invoice" in message]


class TestShowing:
    @pytest.mark.parametrize(
        ("locale", "title", "words"),
        [("en", "Loan L-7K3QFWXM", "Payment of"), ("es-MX", "Préstamo L-7K3QFWXM", "Pago de")],
    )
    async def test_says_what_it_is_for_in_the_readers_language(
        self, sandbox: Running, rail: TelegramRail, locale: str, title: str, words: str
    ) -> None:
        ack = await rail.submit(order(locale=locale))

        (shown,) = await invoices(sandbox)
        assert ack.status is AckStatus.ACCEPTED
        assert ack.rail_id is not None
        assert (shown["title"], shown["currency"], shown["total_amount"]) == (title, "KES", 560_000)
        assert words in str(shown["description"])
        assert shown["start_parameter"] == "C" + "0" * 31 + "1"

    @pytest.mark.parametrize(
        ("amount", "code"),
        [
            (kes(1), "currency_total_amount_invalid"),
            (kes(2_000_000), "currency_total_amount_invalid"),
            (Money(100_000, "XAF"), "currency_not_taken"),
        ],
    )
    async def test_outside_telegrams_limits_fails(
        self, sandbox: Running, rail: TelegramRail, amount: Money, code: str
    ) -> None:
        ack = await rail.submit(order(amount))

        assert (ack.status, ack.code) == (AckStatus.REJECTED, code)
        assert await invoices(sandbox) == []

    async def test_to_somebody_who_blocked_us_fails(
        self, sandbox: Running, rail: TelegramRail
    ) -> None:
        await sandbox.act(AMINA, "block", blocked=True, wait=0)
        ack = await rail.submit(order())
        assert (ack.status, ack.code) == (AckStatus.REJECTED, "blocked_by_borrower")

        ack = await rail.submit(order(to=BRUNO))  # He never wrote to the bot.
        assert (ack.status, ack.code) == (AckStatus.REJECTED, "bad_request")

    async def test_that_was_held_up_at_the_gate_goes_later(
        self, sandbox: Running, rail: TelegramRail
    ) -> None:
        await sandbox.trouble("telegram", "fail", target="sendInvoice", retry_after=3)

        assert (await rail.submit(order())).status is AckStatus.NOT_SENT
        assert await invoices(sandbox) == []

    async def test_to_nobody_there_goes_later(self, sandbox: Running) -> None:
        away = settings(sandbox).model_copy(update={"telegram_api_url": "http://127.0.0.1:9"})
        rail = telegram.of(away, SystemClock())
        ack = await rail.submit(order())
        await rail.close()

        assert (ack.status, ack.code) == (AckStatus.NOT_SENT, "not_reached")

    async def test_without_an_answer_is_unknown_and_is_shown_again(
        self, sandbox: Running, rail: TelegramRail
    ) -> None:
        await sandbox.trouble("telegram", "lose_answer", target="sendInvoice")

        assert (await rail.submit(order())).status is AckStatus.UNKNOWN
        assert (await rail.query(order())).status is OutcomeStatus.NOT_FOUND
        assert (await rail.submit(order())).status is AckStatus.ACCEPTED
        assert len(await invoices(sandbox)) == 2


async def test_telegram_cannot_be_asked_and_gives_no_statement(rail: TelegramRail) -> None:
    shown = await rail.query(order(rail_id="message:7"))

    assert shown.status is OutcomeStatus.PENDING
    assert await rail.statement(SystemClock().now().date(), "KES") is None


async def test_nobody_may_call_us_in_its_name(rail: TelegramRail) -> None:
    with pytest.raises(SignatureInvalid):
        rail.parse_callback({}, b"{}")


async def test_it_stands_beside_the_rail_that_takes_new_orders(sandbox: Running) -> None:
    rails = configured.rails(settings(sandbox), SystemClock())
    names = [rail.name for rail in rails.all]
    for rail in rails.all:
        await rail.close()

    assert names == ["wallet", "telegram"]
    assert rails.main.name == "wallet"
