"""What the stand-ins answer, against independent descriptions of the two services."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.telegram.methods import METHODS
from tests.sandbox.serving import (
    ACCOUNT_SID,
    AMINA,
    AUTH_TOKEN,
    OUR_NUMBER,
    PROVIDER,
    TOKEN,
    Running,
)
from tests.sandbox.test_telegram_aiogram import picture

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="no ../shared/specs here")

PLAIN = {
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "True": lambda value: value is True,
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


class BotApi:
    """The published description of the Bot API, as a checker of values."""

    def __init__(self) -> None:
        published = json.loads((SPECS / "telegram_bot_api.json").read_text())
        self.types, self.methods = published["types"], published["methods"]

    def faults(self, value: Any, kinds: list[str], place: str) -> list[str]:
        """Why `value` is none of `kinds`; empty when it is one of them."""
        tried = [list(self._faults(value, kind, place)) for kind in kinds]
        return [] if [] in tried else min(tried, key=len)

    def _faults(self, value: Any, kind: str, place: str) -> Iterator[str]:
        if kind in PLAIN:
            if not PLAIN[kind](value):
                yield f"{place}: {value!r} is no {kind}"
        elif kind.startswith("Array of "):
            yield from self._list_faults(value, kind.removeprefix("Array of "), place)
        elif subtypes := self.types[kind].get("subtypes"):
            yield from self.faults(value, subtypes, place)
        elif not isinstance(value, dict):
            yield f"{place}: {value!r} is no {kind}"
        else:
            yield from self._object_faults(value, kind, place)

    def _list_faults(self, value: Any, kind: str, place: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{place}: {value!r} is no list"
            return
        for number, item in enumerate(value):
            yield from self.faults(item, [kind], f"{place}[{number}]")

    def _object_faults(self, value: dict[str, Any], kind: str, place: str) -> Iterator[str]:
        fields = {field["name"]: field for field in self.types[kind].get("fields", [])}
        for name in value.keys() - fields.keys():
            yield f"{place}: {kind} has no {name}"
        for name, field in fields.items():
            if name in value:
                yield from self.faults(value[name], field["types"], f"{place}.{name}")
            elif field["required"]:
                yield f"{place}: {kind} needs {name}"


@pytest.fixture(scope="module")
def bot_api() -> BotApi:
    return BotApi()


INLINE = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
CONTACT = {"keyboard": [[{"text": "Mine", "request_contact": True}]]}
FILE = {"file": ("a.bin", b"bytes")}

# Every method once, in an order that works; `$last` is the id of the message sent last.
CALLS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("getMe", {}, {}),
    ("setMyCommands", {"commands": [{"command": "loan", "description": "x"}]}, {}),
    ("getMyCommands", {}, {}),
    ("deleteMyCommands", {}, {}),
    ("setMyName", {"name": "Kopa"}, {}),
    ("getMyName", {}, {}),
    ("setMyDescription", {"description": "x"}, {}),
    ("getMyDescription", {}, {}),
    ("setMyShortDescription", {"short_description": "x"}, {}),
    ("getMyShortDescription", {}, {}),
    ("setChatMenuButton", {"menu_button": {"type": "commands"}}, {}),
    ("getChatMenuButton", {"chat_id": AMINA}, {}),
    ("getChat", {"chat_id": AMINA}, {}),
    ("sendChatAction", {"action": "typing"}, {}),
    ("sendContact", {"phone_number": "1", "first_name": "x"}, {}),
    ("sendLocation", {"latitude": 1.5, "longitude": 2}, {}),
    ("sendVideo", {"video": "attach://file"}, FILE),
    ("sendVideoNote", {"video_note": "attach://file"}, FILE),
    ("sendVoice", {"voice": "attach://file"}, FILE),
    ("sendAudio", {"audio": "attach://file"}, FILE),
    ("sendAnimation", {"animation": "attach://file"}, FILE),
    ("sendSticker", {"sticker": "attach://file"}, FILE),
    ("sendDocument", {"document": "attach://file", "caption": "x", "protect_content": True}, FILE),
    ("editMessageCaption", {"message_id": "$last", "caption": "y"}, {}),
    ("sendPhoto", {"photo": "attach://photo"}, {"photo": ("a.png", picture())}),
    (
        "sendMediaGroup",
        {
            "media": [
                {"type": "document", "media": "attach://file"},
                {"type": "document", "media": "attach://file", "caption": "x"},
            ]
        },
        FILE,
    ),
    (
        "sendInvoice",
        {
            "title": "Loan",
            "description": "x",
            "payload": "C1",
            "provider_token": PROVIDER,
            "currency": "KES",
            "prices": [{"label": "Loan", "amount": 560_000}],
            "start_parameter": "C1",
        },
        {},
    ),
    ("sendMessage", {"text": "Number?", "reply_markup": CONTACT}, {}),
    (
        "sendMessage",
        {
            "text": "<b>x</b> <a href='https://a.bc'>y</a><pre><code class='language-py'>z</code>"
            "</pre>",
            "parse_mode": "HTML",
            "reply_markup": INLINE,
        },
        {},
    ),
    ("editMessageText", {"message_id": "$last", "text": "new", "reply_markup": INLINE}, {}),
    ("editMessageReplyMarkup", {"message_id": "$last"}, {}),
    ("deleteMessage", {"message_id": "$last"}, {}),
    ("deleteMessages", {"message_ids": [1]}, {}),
    ("getUpdates", {}, {}),
    ("setWebhook", {"url": "http://127.0.0.1:9/x", "allowed_updates": ["message"]}, {}),
    ("getWebhookInfo", {}, {}),
    ("deleteWebhook", {}, {}),
    ("close", {}, {}),
    ("logOut", {}, {}),
]
TRIED_ELSEWHERE = {"getFile", "answerCallbackQuery", "answerPreCheckoutQuery"}


class Caller:
    def __init__(self, sandbox: Running, bot_api: BotApi) -> None:
        self.base = f"{sandbox.base}/sandbox/telegram/bot{TOKEN}"
        self.http = sandbox.http
        self.bot_api = bot_api

    async def call(self, method: str, given: dict[str, Any], files: dict[str, Any]) -> Any:
        """The result of a call, after both were held against the description."""
        fields = {field["name"]: field for field in self.bot_api.methods[method].get("fields", [])}
        assert given.keys() <= fields.keys()
        form = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in given.items()
        }
        answer = await self.http.post(f"{self.base}/{method}", data=form, files=files or None)
        body = answer.json()
        assert body["ok"] is True, body
        kinds = self.bot_api.methods[method]["returns"]
        assert self.bot_api.faults(body["result"], kinds, method) == []
        return body["result"]


@needs_specs
class TestTelegram:
    async def test_every_answer_is_as_described(self, sandbox: Running, bot_api: BotApi) -> None:
        await sandbox.act(AMINA, "say", text="hi", wait=0)
        caller = Caller(sandbox, bot_api)
        last = 0
        for method, given, files in CALLS:
            fields = {f["name"] for f in bot_api.methods[method].get("fields", [])}
            addressed = given | ({"chat_id": AMINA} if "chat_id" in fields else {})
            concrete = {k: last if v == "$last" else v for k, v in addressed.items()}
            result = await caller.call(method, concrete, files)
            if isinstance(result, dict) and "message_id" in result:
                last = result["message_id"]

    async def test_every_update_is_as_described(self, sandbox: Running, bot_api: BotApi) -> None:
        caller = Caller(sandbox, bot_api)
        await sandbox.act(AMINA, "say", text="/start https://kopa.dev a@b.cd", wait=0)
        offer = await caller.call(
            "sendMessage", {"chat_id": AMINA, "text": "?", "reply_markup": INLINE}, {}
        )
        pressed = await sandbox.act(
            AMINA, "press", message_id=offer["message_id"], data="yes", wait=0
        )
        query = {"callback_query_id": pressed["query_id"], "text": "ok"}
        assert await caller.call("answerCallbackQuery", query, {}) is True
        await caller.call(
            "sendMessage", {"chat_id": AMINA, "text": "?", "reply_markup": CONTACT}, {}
        )
        await sandbox.act(AMINA, "contact", wait=0)
        mine = (await sandbox.chat(AMINA))["messages"][0]["message_id"]
        await sandbox.act(AMINA, "edit", message_id=mine, text="other", wait=0)
        for kind in ("photo", "document", "video", "video_note", "voice", "audio", "sticker"):
            sent = await sandbox.http.post(
                f"/people/{AMINA}/send/{kind}", files={"file": ("a.png", picture(200, 100))}
            )
            assert sent.is_success, sent.text
        await sandbox.act(AMINA, "block", blocked=True, wait=0)

        updates = await caller.call("getUpdates", {}, {})
        kinds = {name for update in updates for name in update} - {"update_id"}
        assert kinds == {"message", "edited_message", "callback_query", "my_chat_member"}
        photo = next(u["message"]["photo"] for u in updates if "photo" in u.get("message", {}))
        file = await caller.call("getFile", {"file_id": photo[-1]["file_id"]}, {})
        assert file["file_path"].startswith("photos/")

    async def test_a_payment_is_as_described(self, sandbox: Running, bot_api: BotApi) -> None:
        caller = Caller(sandbox, bot_api)
        await sandbox.act(AMINA, "say", text="hi", wait=0)
        invoice = next(given for method, given, _ in CALLS if method == "sendInvoice")
        shown = await caller.call("sendInvoice", {"chat_id": AMINA, **invoice}, {})
        hi = await caller.call("getUpdates", {}, {})
        paying = asyncio.ensure_future(
            sandbox.act(AMINA, "pay", message_id=shown["message_id"], wait=0)
        )
        later = {"offset": hi[-1]["update_id"] + 1, "timeout": 20}
        (asked,) = await caller.call("getUpdates", later, {})
        agreed = {"pre_checkout_query_id": asked["pre_checkout_query"]["id"], "ok": True}
        assert await caller.call("answerPreCheckoutQuery", agreed, {}) is True
        assert (await paying)["outcome"] == "paid"

        told = await caller.call("getUpdates", later | {"offset": asked["update_id"] + 1}, {})
        assert told[0]["message"]["successful_payment"]["invoice_payload"] == "C1"

    def test_the_checker_itself_finds_faults(self, bot_api: BotApi) -> None:
        good = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}
        assert bot_api.faults(good, ["Message"], "m") == []
        bad: dict[str, Any]
        for bad in ({"message_id": "1"}, {"chat": {"id": 1}}, {"colour": "red"}, {"photo": [{}]}):
            assert bot_api.faults(good | bad, ["Message"], "m") != []

    def test_every_method_is_tried_here(self) -> None:
        assert {method for method, _, _ in CALLS} | TRIED_ELSEWHERE == set(METHODS)


@needs_specs
async def test_a_twilio_message_is_as_described(sandbox: Running) -> None:
    published = json.loads((SPECS / "twilio_api_v2010.json").read_text())["components"]["schemas"]
    described = published["api.v2010.account.message"]["properties"]
    url = f"{sandbox.base}/sandbox/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    form = {"To": "+12025550101", "From": OUR_NUMBER, "Body": "x"}
    async with httpx.AsyncClient(auth=(ACCOUNT_SID, AUTH_TOKEN)) as client:
        message = (await client.post(url, data=form)).json()

    assert message.keys() == described.keys()
    for name, value in message.items():
        rule = described[name]
        if reference := rule.get("$ref"):
            assert value in published[reference.rpartition("/")[2]]["enum"], name
        elif value is None:
            assert rule["nullable"], name
        elif pattern := rule.get("pattern"):
            assert re.match(pattern, value), name
