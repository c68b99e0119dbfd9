"""The Twilio REST server, driven by the official SDK and checked by its own request validator."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import FastAPI, Request, Response
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from sandbox.sms import segments
from tests.sandbox.serving import (
    ACCOUNT_SID,
    AMINA,
    AUTH_TOKEN,
    OUR_NUMBER,
    Running,
    plain_server,
    running_sandbox,
    serving,
)

AMINAS_PHONE = "+12025550101"


class Redirected(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's client; only the host is another."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=10)
        self.base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return super().request(method, f"{self.base}{parts.path}{query}", *args, **kwargs)


class Product:
    """Our webhooks: they take a form only when Twilio's own validator agrees."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.post("/status")(self.status)
        self.app.post("/inbound")(self.inbound)
        self.base = ""
        self.statuses: list[tuple[str, str | None]] = []
        self.received: list[dict[str, str]] = []
        self.answer = ""

    async def _form(self, request: Request) -> dict[str, str]:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        url = f"{self.base}{request.url.path}"
        signature = request.headers["X-Twilio-Signature"]
        assert RequestValidator(AUTH_TOKEN).validate(url, form, signature)
        assert not RequestValidator("another").validate(url, form, signature)
        return form

    async def status(self, request: Request) -> Response:
        form = await self._form(request)
        self.statuses.append((form["MessageStatus"], form.get("ErrorCode")))
        return Response(status_code=204)

    async def inbound(self, request: Request) -> Response:
        self.received.append(await self._form(request))
        return Response(self.answer, media_type="text/xml")

    async def until_statuses(self, count: int) -> list[tuple[str, str | None]]:
        for _ in range(200):
            if len(self.statuses) >= count:
                break
            await asyncio.sleep(0.02)
        return self.statuses


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    product = Product()
    async with serving(plain_server(product.app)) as base:
        product.base = base
        yield product


@pytest.fixture
async def sandbox(product: Product) -> AsyncIterator[Running]:
    async with running_sandbox(inbound_url=f"{product.base}/inbound") as running:
        yield running


@pytest.fixture
def client(sandbox: Running) -> Client:
    http_client = Redirected(f"{sandbox.base}/sandbox/twilio")
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http_client)


async def send(client: Client, **given: Any) -> Any:
    wanted = {"to": AMINAS_PHONE, "from_": OUR_NUMBER, "body": "Your code is 123456"} | given
    return await asyncio.to_thread(client.messages.create, **wanted)


async def refusal(client: Client, **given: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refused:
        await send(client, **given)
    return refused.value.status, refused.value.code


async def inbox(sandbox: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sandbox.http.get(f"/people/{AMINA}/sms")).json()
    return found


async def inbox_of(sandbox: Running, count: int) -> list[dict[str, Any]]:
    """The inbox once it holds `count` messages."""
    for _ in range(200):
        if len(found := await inbox(sandbox)) >= count:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"{count} messages never came")


class TestSending:
    async def test_a_message_is_delivered_and_told_about(
        self, sandbox: Running, client: Client, product: Product
    ) -> None:
        created = await send(client, status_callback=f"{product.base}/status")
        assert (created.status, created.num_segments) == ("queued", "1")
        assert await product.until_statuses(2) == [("sent", None), ("delivered", None)]

        fetched = await asyncio.to_thread(client.messages(created.sid).fetch)
        assert fetched.status == "delivered"
        assert fetched.date_sent is not None
        assert [message["body"] for message in await inbox(sandbox)] == ["Your code is 123456"]

    async def test_through_a_messaging_service(self, client: Client, product: Product) -> None:
        created = await asyncio.to_thread(
            client.messages.create,
            to=AMINAS_PHONE,
            messaging_service_sid="MG" + "1" * 32,
            body="x",
            status_callback=f"{product.base}/status",
        )
        assert (created.status, created.from_, created.num_segments) == ("accepted", None, "0")
        await product.until_statuses(2)
        fetched = await asyncio.to_thread(client.messages(created.sid).fetch)
        assert (fetched.from_, fetched.num_segments) == (OUR_NUMBER, "1")

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"to": ""}, (400, 21604)),
            ({"to": "12345"}, (400, 21211)),
            ({"to": "+15005550001"}, (400, 21211)),
            ({"to": "+15005550002"}, (400, 21612)),
            ({"to": "+15005550003"}, (400, 21408)),
            ({"to": "+15005550004"}, (400, 21610)),
            ({"to": "+15005550009"}, (400, 21614)),
            ({"from_": ""}, (400, 21603)),
            ({"from_": "+15005550001"}, (400, 21212)),
            ({"from_": "+15005550007"}, (400, 21606)),
            ({"from_": "+15005550008"}, (429, 21611)),
            ({"from_": "+12025550199"}, (400, 21606)),
            ({"body": ""}, (400, 21602)),
            ({"body": "x" * 1601}, (400, 21617)),
            ({"status_callback": "nowhere"}, (400, 21609)),
        ],
    )
    async def test_refusals(
        self, client: Client, given: dict[str, str], expected: tuple[int, int]
    ) -> None:
        assert await refusal(client, **given) == expected

    async def test_wrong_credentials(self, sandbox: Running) -> None:
        http_client = Redirected(f"{sandbox.base}/sandbox/twilio")
        stranger = Client(ACCOUNT_SID, "wrong", http_client=http_client)
        assert await refusal(stranger) == (401, 20003)

    async def test_an_unknown_message(self, client: Client) -> None:
        with pytest.raises(TwilioRestException) as refused:
            await asyncio.to_thread(client.messages("SM" + "9" * 32).fetch)
        assert (refused.value.status, refused.value.code) == (404, 20404)

    async def test_listing_by_number_page_by_page(self, client: Client) -> None:
        for number in range(3):
            await send(client, body=f"number {number}")
        await send(client, to="+12025550102", body="for Bruno")

        listed = await asyncio.to_thread(client.messages.list, to=AMINAS_PHONE, page_size=2)
        assert [message.body for message in listed] == ["number 2", "number 1", "number 0"]

    async def test_a_body_is_redacted_and_a_message_deleted(
        self, sandbox: Running, client: Client
    ) -> None:
        created = await send(client)
        redacted = await asyncio.to_thread(client.messages(created.sid).update, body="")
        assert redacted.body == ""
        assert await asyncio.to_thread(client.messages(created.sid).delete)
        assert await inbox(sandbox) == []


class TestTrouble:
    async def test_too_many_requests_once(self, sandbox: Running, client: Client) -> None:
        await sandbox.trouble("sms", "fail", code=20429)
        assert await refusal(client) == (429, 20429)
        assert (await send(client)).status == "queued"

    async def test_undelivered(self, sandbox: Running, client: Client, product: Product) -> None:
        await sandbox.trouble("sms", "undeliver", target=AMINAS_PHONE, code=30005)
        await send(client, status_callback=f"{product.base}/status")
        assert await product.until_statuses(2) == [("sent", None), ("undelivered", "30005")]
        assert await inbox(sandbox) == []

    async def test_callbacks_in_the_wrong_order_and_twice(
        self, sandbox: Running, client: Client, product: Product
    ) -> None:
        await sandbox.trouble("sms", "reorder_callbacks")
        await sandbox.trouble("sms", "repeat_callback")
        await send(client, status_callback=f"{product.base}/status")
        assert [status for status, _ in await product.until_statuses(3)] == [
            "delivered",
            "delivered",
            "sent",
        ]

    async def test_a_lost_callback(
        self, sandbox: Running, client: Client, product: Product
    ) -> None:
        await sandbox.trouble("sms", "lose_callback")
        await send(client, status_callback=f"{product.base}/status")
        assert await product.until_statuses(1) == [("delivered", None)]

    async def test_a_lost_answer_is_a_sent_message(
        self, sandbox: Running, client: Client, product: Product
    ) -> None:
        await sandbox.trouble("sms", "lose_answer")
        assert await refusal(client, status_callback=f"{product.base}/status") == (500, 20500)
        await product.until_statuses(2)
        assert len(await inbox(sandbox)) == 1


class TestInbound:
    async def write(self, sandbox: Running, product: Product, body: str) -> None:
        answer = await sandbox.http.post(f"/people/{AMINA}/sms", json={"body": body})
        assert answer.status_code == 201, answer.text
        before = len(product.received)
        for _ in range(100):
            if len(product.received) > before:
                return
            await asyncio.sleep(0.01)

    async def test_a_reply_reaches_the_webhook_signed(
        self, sandbox: Running, product: Product
    ) -> None:
        product.answer = (
            "<?xml version='1.0'?><Response><Message>We heard &amp; thank you</Message></Response>"
        )
        await self.write(sandbox, product, "¿Cuánto debo?")
        assert product.received[0]["From"] == AMINAS_PHONE
        assert product.received[0]["To"] == OUR_NUMBER
        assert product.received[0]["Body"] == "¿Cuánto debo?"
        assert [m["body"] for m in await inbox_of(sandbox, 2)] == [
            "¿Cuánto debo?",
            "We heard & thank you",
        ]

    async def test_stop_holds_until_start(
        self, sandbox: Running, product: Product, client: Client
    ) -> None:
        await self.write(sandbox, product, " stop ")
        assert await refusal(client) == (400, 21610)
        assert "successfully been unsubscribed" in (await inbox_of(sandbox, 2))[-1]["body"]

        await self.write(sandbox, product, "START")
        assert (await send(client)).status == "queued"
        assert [form["Body"] for form in product.received] == [" stop ", "START"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("👍" * 35, 1),
        ("👍" * 36, 2),
        ("я" * 66 + "👍" + "я" * 66, 3),
        ("no break\u00a0space" + "a" * 60, 2),
    ],
)
def test_segments(body: str, expected: int) -> None:
    assert segments.count(body) == expected
