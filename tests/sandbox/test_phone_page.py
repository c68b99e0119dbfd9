"""The phone page in a real browser, against a small aiogram bot that shows what bots can do."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import (
    BotCommand,
)
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    async_playwright,
    expect,
)

from kit.clock import ShiftedClock
from sandbox.clock import ShiftedControl
from tests.sandbox.demo_bot import demo_routes
from tests.sandbox.serving import (
    ACCOUNT_SID,
    AMINA,
    AUTH_TOKEN,
    OUR_NUMBER,
    RAIL_KEY,
    Running,
    running_sandbox,
)
from tests.sandbox.test_telegram_aiogram import picture

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


SHOTS = os.environ.get("SCREENSHOTS")


pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class DueInAWeek(ShiftedControl):
    """A walk that takes a moment, so that it can be watched."""

    async def move(self, hours: int) -> AsyncIterator[datetime]:
        async for instant in super().move(hours):
            await asyncio.sleep(0.01)
            yield instant

    async def next_due(self, telegram_chat_id: int) -> date | None:
        return (self.now() + timedelta(days=7)).date() if telegram_chat_id == AMINA else None


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    clock = ShiftedClock()
    async with running_sandbox(clock=clock, control=DueInAWeek(clock)) as running:
        yield running


@pytest.fixture
async def chatting(bot: Bot) -> AsyncIterator[None]:
    await bot.set_my_commands([BotCommand(command="loan", description="My loan")])
    dispatcher = Dispatcher()
    dispatcher.include_router(demo_routes())
    running = asyncio.create_task(
        dispatcher.start_polling(
            bot, handle_signals=False, polling_timeout=5, close_bot_session=False
        )
    )
    yield
    await dispatcher.stop_polling()
    await running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def phone(
    browser: Browser, sandbox: Running, person: int = AMINA, **context: Any
) -> AsyncIterator[Page]:
    """The page, watched: a script error, a blocked load or a request elsewhere fails the test."""
    page = await browser.new_page(**({"viewport": {"width": 1100, "height": 900}} | context))
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.extend(_told(message)))
    page.on("request", lambda request: troubles.extend(_elsewhere(request, sandbox.base)))
    await page.goto(f"{sandbox.base}/sandbox/#{person}")
    await page.locator(f"body[data-ready='{person}']").wait_for()
    yield page
    assert troubles == []
    await page.close()


def _told(message: ConsoleMessage) -> list[str]:
    """Errors but one: a refusal that the page shows as a sentence is logged by every browser."""
    is_refusal = "status of 409" in message.text
    return [message.text] if message.type == "error" and not is_refusal else []


def _elsewhere(request: Request, base: str) -> list[str]:
    return [] if request.url.startswith((base, "blob:", "data:")) else [request.url]


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.wait_for_timeout(350)
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def test_a_conversation(
    sandbox: Running, chatting: None, browser: Browser, tmp_path: Path
) -> None:
    async with phone(browser, sandbox) as page:
        log = page.locator("#log")
        await expect(page.get_by_role("note")).to_contain_text("Local simulator, not Telegram")
        await shot(page, "1-start")
        await page.get_by_role("button", name="Start").click()
        await expect(log.locator("strong").first).to_have_text("Your offer")
        await expect(log.locator("pre")).to_contain_text("68.40")
        await shot(page, "2-offer")

        await page.get_by_role("button", name="Why?").click()
        await expect(page.locator("#alert")).to_contain_text("your income allows it")
        await shot(page, "3-alert")
        await page.get_by_role("button", name="OK").click()
        await page.get_by_role("button", name="I agree").click()
        await expect(log).to_contain_text("You chose agree")
        await expect(page.locator("#toast")).to_contain_text("Noted")
        await expect(page.get_by_role("button", name="I agree")).to_have_count(0)

        await shot(page, "4-keyboard")
        await page.get_by_role("button", name="Share my number").click()
        await expect(page.locator("#bot-status")).to_have_text("typing…")
        await expect(log).to_contain_text("Thank you: 12025550101")
        await expect(page.get_by_role("button", name="Not now")).to_have_count(0)

        picture_file = tmp_path / "me.png"
        picture_file.write_bytes(picture(900, 1200))
        await page.get_by_role("button", name="Attach").click()
        await shot(page, "5-attach")
        await page.set_input_files("#pick-photo", picture_file)
        await expect(log).to_contain_text("Seen")
        await expect(log.locator("img.photo")).to_have_count(2)
        async with page.expect_download() as download:
            await log.get_by_role("link", name="agreement.pdf").click()
        assert (await (await download.value).path()).read_bytes() == b"%PDF-1.4 agreement"
        await shot(page, "6-files")
        await page.set_input_files("#pick-video_note", picture_file)
        await expect(log).to_contain_text("A film arrived")


async def test_own_messages_are_edited_and_deleted(
    sandbox: Running, chatting: None, browser: Browser
) -> None:
    await sandbox.act(AMINA, "say", text="nine hundred <b>&", wait=0)
    async with phone(browser, sandbox) as page:
        log = page.locator("#log")
        await expect(log).to_contain_text("Echo: nine hundred <b>&")
        await log.locator(".own").first.hover()
        await page.get_by_role("button", name="Edit: nine hundred").click()
        box = page.get_by_role("textbox", name="Message")
        await expect(box).to_have_value("nine hundred <b>&")
        await box.fill("eight hundred")
        await shot(page, "7-edit")
        await box.press("Enter")
        await expect(log).to_contain_text("Corrected to eight hundred")
        await expect(log.locator(".own").first).to_contain_text("edited")

        await box.fill("/l")
        await page.get_by_role("option", name="/loan").click()
        await expect(log).to_contain_text("Echo: /loan")
        await box.fill("vanish")
        await box.press("Enter")
        await expect(log.get_by_text("vanish")).to_have_count(0)


async def test_an_invoice_is_paid_by_card(
    sandbox: Running, chatting: None, browser: Browser
) -> None:
    await sandbox.act(AMINA, "say", text="bill", wait=0)
    async with phone(browser, sandbox) as page:
        log, dialog, alert = page.locator("#log"), page.locator("#checkout"), page.locator("#alert")
        button = log.get_by_role("button", name="Pay 5\u202f600.00 KES")
        await button.click()
        await expect(dialog).to_contain_text("5\u202f600.00 KES")
        await shot(page, "15-checkout")
        await dialog.get_by_label("is declined").check()
        await dialog.get_by_role("button", name="Pay", exact=True).click()
        await expect(alert).to_contain_text("Your card was declined")
        await alert.get_by_role("button", name="OK").click()

        await button.click()
        await dialog.get_by_role("button", name="Pay", exact=True).click()
        await expect(log).to_contain_text("You paid 5\u202f600.00 KES by card")
        await expect(log).to_contain_text("Received 560000")
        await expect(button).to_have_count(0)
        await shot(page, "16-paid")

        await page.get_by_role("textbox", name="Message").fill("late bill")
        await page.keyboard.press("Enter")
        await button.click()
        await dialog.get_by_role("button", name="Pay", exact=True).click()
        await expect(alert).to_contain_text("This is too late, sorry.")
        await shot(page, "17-refused")


async def test_text_messages_and_the_wallet(
    sandbox: Running, chatting: None, browser: Browser
) -> None:
    async with phone(browser, sandbox) as page:
        await _send_sms(sandbox, "Your Kopa code is 123456")
        await expect(page.locator("#heads-up")).to_contain_text("123456")
        await expect(page.locator("#tab-sms .badge")).to_have_text("1")
        await shot(page, "8-heads-up")
        await page.get_by_role("tab", name="SMS").click()
        await page.get_by_placeholder("Reply by text message").fill("STOP")
        await page.get_by_role("button", name="Send text message").click()
        await expect(page.locator("#sms-log")).to_contain_text("been unsubscribed")
        await shot(page, "9-sms")

        await _order(sandbox, "P-1", "payout", "200.00", "Your loan L-7K3QFWX")
        await _order(sandbox, "C-1", "collect", "68.40", "Installment 1 of loan L-7K3QFWX")
        await page.get_by_role("tab", name="Wallet").click()
        await expect(page.locator(".balance")).to_have_text("700.00 USD")
        await shot(page, "10-wallet")
        await page.get_by_role("button", name="Pay", exact=True).click()
        await expect(page.locator(".balance")).to_have_text("631.60 USD")

        await page.get_by_text("Send by reference").click()
        await page.get_by_role("textbox", name="Reference", exact=True).fill("L-7K3QFWX")
        await page.get_by_role("textbox", name="Amount: Send by reference").fill("31.60")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".balance")).to_have_text("600.00 USD")
        await expect(page.locator(".movements li")).to_have_count(3)
        await shot(page, "11-wallet-paid")


async def _send_sms(sandbox: Running, body: str) -> None:
    url = f"{sandbox.base}/sandbox/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    form = {"To": "+12025550101", "From": OUR_NUMBER, "Body": body}
    answer = await sandbox.http.post(url, data=form, auth=(ACCOUNT_SID, AUTH_TOKEN))
    assert answer.status_code == 201, answer.text


async def _order(
    sandbox: Running, reference: str, direction: str, amount: str, description: str
) -> None:
    order = {
        "reference": reference,
        "direction": direction,
        "account": "12025550101",
        "amount": amount,
        "currency": "USD",
        "description": description,
    }
    headers = {"Authorization": f"Bearer {RAIL_KEY}", "Idempotency-Key": reference}
    url = f"{sandbox.base}/sandbox/wallet/v1/transfers"
    assert (await sandbox.http.post(url, json=order, headers=headers)).status_code == 202


async def test_the_clock_and_the_people(sandbox: Running, chatting: None, browser: Browser) -> None:
    start = sandbox.clock.now()
    async with phone(browser, sandbox) as page:
        await page.get_by_role("button", name="+1 hour").click()
        await expect(page.locator("#clock-status")).to_contain_text("It is")
        assert timedelta(minutes=59) < sandbox.clock.now() - start < timedelta(minutes=62)
        due = (sandbox.clock.now() + timedelta(days=7)).date()
        await page.get_by_role("button", name="To next due date").click()
        await expect(page.locator("#clock-progress")).to_be_visible()
        await expect(page.get_by_role("button", name="+1 day")).to_be_disabled()
        await shot(page, "14-walking")
        await expect(page.locator("#clock-progress")).to_be_hidden()
        await expect(page.get_by_role("button", name="+1 day")).to_be_enabled()
        assert sandbox.clock.now().date() == due

        await page.get_by_role("radio", name="Bruno").click()
        await expect(page.locator("#status-name")).to_have_text("Bruno")
        await page.get_by_role("button", name="To next due date").click()
        await expect(page.locator("#toast")).to_contain_text("Nothing is due")
        await page.get_by_text("Add another phone").click()
        await page.get_by_label("First name").fill("Dana")
        await shot(page, "12-people")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(page.locator("#status-name")).to_have_text("Dana")
        await expect(page.get_by_role("radio", name="Dana")).to_contain_text("+12025550104")

        await page.get_by_role("button", name="Block").click()
        await expect(page.get_by_role("button", name="Unblock the bot")).to_be_visible()


async def test_on_a_small_dark_screen(sandbox: Running, chatting: None, browser: Browser) -> None:
    small: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "color_scheme": "dark"}
    async with phone(browser, sandbox, AMINA, **small) as page:
        await page.get_by_role("button", name="Start").click()
        await expect(page.locator("#log")).to_contain_text("Your offer")
        await shot(page, "13-small-dark")
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width == 390


async def test_a_strict_policy_is_sent(sandbox: Running) -> None:
    page = await sandbox.http.get(f"{sandbox.base}/sandbox/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in page.text.replace("http-equiv", "")


async def test_who_has_no_document_sends_a_specimen(
    sandbox: Running, chatting: None, browser: Browser
) -> None:
    await sandbox.act(AMINA, "say", text="hello", wait=0)
    async with phone(browser, sandbox) as page:
        log = page.locator("#log")
        await page.get_by_role("button", name="Attach").click()
        await page.get_by_role("button", name="Specimen document").click()
        await page.locator("#specimen").get_by_role("button", name="Send").click()
        await expect(log.locator("article.own img.photo")).to_have_count(1, timeout=30_000)
