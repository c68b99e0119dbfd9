"""With credentials the program talks to the world: here to stand-ins in another process."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from twilio.request_validator import RequestValidator

from tests.e2e.phone import Phone
from tests.fleet import programs
from tests.fleet.applicant import Trouble, amina
from tests.fleet.programs import Program, Site, answers, printed_variables, says, until

pytestmark = pytest.mark.xdist_group("fleet")
SECRET = "the-secret-that-we-gave-to-telegram"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class World:
    """One lender on SQLite, and the outside that it reaches by environment variables only."""

    site: Site
    outside: str
    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lender(self) -> Program:
        return self.site.programs[-1]

    def opens(self) -> None:
        program = self.site.start("kopa", "run", "--port", str(self.port))
        until("the lender is ready", answers(f"{self.base}/health/ready"), program)

    def phone(self, name: str) -> Phone:
        return self.site.phone(self.outside, name)

    def telegram(self, method: str) -> dict[str, Any]:
        """Ask the Bot API as an operator would with curl."""
        token = self.site.environment["TELEGRAM_BOT_TOKEN"]
        address = f"{self.outside}/sandbox/telegram/bot{token}/{method}"
        result: dict[str, Any] = httpx.get(address).raise_for_status().json()["result"]
        return result


def world(folder: Path, mode: str) -> Iterator[World]:
    ports = programs.free_port(), programs.free_port()
    site = programs.site(
        folder,
        f"sqlite+aiosqlite:///{folder / 'kopa.db'}",
        KOPA_PORT=str(ports[1]),
        TELEGRAM_MODE=mode,
        TELEGRAM_WEBHOOK_SECRET=SECRET if mode == "webhook" else "",
    )
    try:
        outside = site.start("sandbox", "sandbox", "--port", str(ports[0]))
        until("the sandbox prints", says(outside, "RAIL_WEBHOOK_SECRET="), outside)
        site.environment |= printed_variables(outside)
        opened = World(site, f"http://127.0.0.1:{ports[0]}", ports[1])
        until("the sandbox answers", answers(f"{opened.outside}/sandbox/api/people"), outside)
        opened.opens()
        yield opened
    finally:
        site.close()


@pytest.fixture(scope="module")
def polling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from world(tmp_path_factory.mktemp("polling"), "polling")


@pytest.fixture(scope="module")
def webhook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from world(tmp_path_factory.mktemp("webhook"), "webhook")


class TestPolling:
    def test_what_was_written_while_the_lender_was_away_is_answered(self, polling: World) -> None:
        person = amina(polling.phone("Amina"), polling.site.folder)
        assert polling.telegram("getWebhookInfo")["url"] == ""
        person.begins()
        person.answers_until("region")
        polling.lender.kill()
        for word in ("Kisumu", "and this is no answer to the next question"):
            address = f"{polling.outside}/sandbox/api/people/{person.phone.person_id}/say"
            httpx.post(address, json={"text": word}).raise_for_status()

        polling.opens()

        until("both are answered", lambda: person.heard("one of the buttons"))
        person.asked.remove("region")
        person.answers_until("income")

        person.sends()
        trouble = Trouble(person.phone)
        trouble.order("lose_answer", seconds=3_600)
        trouble.order("lose_callback")
        person.signs()
        until("the rail has paid", trouble.has_begun)
        polling.lender.kill()
        polling.opens()
        person.phone.sees("💸", seconds=60)
        assert len(person.movements()) == 1


def said(person: int, update_id: int, text: str) -> dict[str, Any]:
    sender = {"id": person, "is_bot": False, "first_name": "Chen", "language_code": "en"}
    message = {
        "message_id": update_id,
        "date": 1_790_000_000,
        "chat": {"id": person, "type": "private"},
        "from": sender,
        "text": text,
        "entities": [{"type": "bot_command", "offset": 0, "length": len(text)}],
    }
    return {"update_id": update_id, "message": message}


class TestWebhook:
    def test_is_registered_with_telegram(self, webhook: World) -> None:
        address = f"{webhook.base}/webhooks/telegram"
        until("it is", lambda: webhook.telegram("getWebhookInfo")["url"] == address)

        chen = webhook.phone("Chen")
        chen.says("/start")

        chen.sees("language")

    @pytest.mark.parametrize("secret", [None, "", "guessed", SECRET.upper()])
    def test_nobody_else_gets_in(self, webhook: World, secret: str | None) -> None:
        chen = webhook.phone("Chen")
        before = chen.messages()

        answer = httpx.post(
            f"{webhook.base}/webhooks/telegram",
            json=said(chen.person_id, 99_000_001, "/help"),
            headers={} if secret is None else {HEADER: secret},
        )

        assert (answer.status_code, answer.json()["code"]) == (401, "webhook_forged")
        assert chen.messages() == before
        assert not webhook.site.rows(
            "SELECT 1 FROM telegram_updates WHERE update_id = :id", id=99_000_001
        )

    def test_the_same_update_twice_is_one(self, webhook: World) -> None:
        chen = webhook.phone("Chen")
        chen.says("/start")
        before = len(chen.messages())

        for _ in range(2):
            answer = httpx.post(
                f"{webhook.base}/webhooks/telegram",
                json=said(chen.person_id, 99_000_002, "/help"),
                headers={HEADER: SECRET},
            )
            assert answer.status_code == 200

        assert len(chen.messages()) == before + 1


def delivery(webhook: World) -> Any:
    (row,) = webhook.site.rows("SELECT id, status, provider_id FROM deliveries")
    return row


@pytest.fixture(scope="module")
def message(webhook: World) -> dict[str, str]:
    """A message whose receipts are lost, so that only what the test sends can change it."""
    trouble = {"kind": "lose_callback", "times": 2}
    httpx.post(f"{webhook.outside}/sandbox/api/sms/trouble", json=trouble).raise_for_status()
    bruno = webhook.phone("Bruno")
    bruno.says("/start")
    bruno.presses("English")
    bruno.presses("Apply")
    bruno.presses("I agree")
    bruno.shares_contact()
    bruno.code()
    until("the gateway's answer is stored", lambda: delivery(webhook)[2])
    number, _, sid = delivery(webhook)
    return {"MessageSid": str(sid), "id": str(number)}


class TestTwilio:
    def test_a_message_went_through_the_sdk(self, webhook: World, message: dict[str, str]) -> None:
        sid = webhook.site.environment["TWILIO_ACCOUNT_SID"]
        address = f"{webhook.outside}/sandbox/twilio/2010-04-01/Accounts/{sid}/Messages"
        credentials = (sid, webhook.site.environment["TWILIO_AUTH_TOKEN"])

        taken = httpx.get(f"{address}/{message['MessageSid']}.json", auth=credentials).json()

        assert taken["from"] == webhook.site.environment["TWILIO_FROM"]
        assert taken["status"] == "delivered"
        assert delivery(webhook)[1] == "accepted"

    def test_receipts_count_only_with_twilios_signature(
        self, webhook: World, message: dict[str, str]
    ) -> None:
        url = f"{webhook.base}/webhooks/twilio/status/{message['id']}"
        form = {"MessageSid": message["MessageSid"], "MessageStatus": "delivered"}
        token = webhook.site.environment["TWILIO_AUTH_TOKEN"]
        forged: tuple[dict[str, str], ...] = (
            {},
            {"X-Twilio-Signature": ""},
            {"X-Twilio-Signature": RequestValidator("guessed").compute_signature(url, form)},
            {"X-Twilio-Signature": RequestValidator(token).compute_signature(url + "?", form)},
            {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, {})},
        )
        for headers in forged:
            refused = httpx.post(url, data=form, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (401, "webhook_forged")
        assert delivery(webhook)[1] == "accepted"

        signature = RequestValidator(token).compute_signature(url, form)
        for _ in range(2):
            taken = httpx.post(url, data=form, headers={"X-Twilio-Signature": signature})
            assert taken.status_code == 204

        assert delivery(webhook)[1] == "delivered"
