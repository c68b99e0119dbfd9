"""Updates by webhook: in order, again until taken, with the secret; and what a restart keeps."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.methods import SendMessage
from aiogram.types import Message
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from tests.sandbox.serving import (
    AMINA,
    BRUNO,
    TOKEN,
    Running,
    plain_server,
    running_sandbox,
    serving,
)
from tests.sandbox.test_telegram_aiogram import echo_routes

SECRET = "s3cret_-9"


class Product:
    """An application with a webhook, as ours will have one."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.seen: list[dict[str, Any]] = []
        self.refuse_next = 0
        self.slow_text = ""
        self.may_go_on = asyncio.Event()
        self.answer: Response | None = None
        self.app.post("/webhooks/telegram")(self.receive)

    async def receive(self, request: Request) -> Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given, SECRET):
            return Response(status_code=403)
        self.seen.append(await request.json())
        if self.slow_text and self.texts()[-1] == self.slow_text:
            await self.may_go_on.wait()
        if self.refuse_next:
            self.refuse_next -= 1
            return Response(status_code=500)
        return self.answer or Response()

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.seen]


@asynccontextmanager
async def listening(bot: Bot, product: Product, **settings: Any) -> AsyncIterator[str]:
    async with serving(plain_server(product.app)) as base:
        await bot.set_webhook(f"{base}/webhooks/telegram", secret_token=SECRET, **settings)
        yield f"{base}/webhooks/telegram"


class TestWebhook:
    async def test_a_bot_answers_through_its_webhook(self, sandbox: Running, bot: Bot) -> None:
        dispatcher = Dispatcher()
        dispatcher.include_router(echo_routes())
        app = FastAPI()

        @app.post("/hook")
        async def hook(request: Request) -> None:
            assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == SECRET
            await dispatcher.feed_raw_update(bot, await request.json())

        async with serving(plain_server(app)) as base:
            await bot.set_webhook(f"{base}/hook", secret_token=SECRET)
            done = await sandbox.act(AMINA, "say", text="hi")

        assert done["taken"] is True
        assert await sandbox.texts(AMINA) == ["hi", "Echo: hi"]

    async def test_it_is_tried_until_it_takes_the_update(self, sandbox: Running, bot: Bot) -> None:
        product = Product()
        product.refuse_next = 2
        async with listening(bot, product):
            done = await sandbox.act(AMINA, "say", text="hi")
            info = await bot.get_webhook_info()

        assert done["taken"] is True
        assert product.texts() == ["hi", "hi", "hi"]
        assert len({update["update_id"] for update in product.seen}) == 1
        assert info.pending_update_count == 0
        assert info.last_error_message == (
            "Wrong response from the webhook: 500 Internal Server Error"
        )

    async def test_one_chat_is_served_in_order_and_others_do_not_wait(
        self, sandbox: Running, bot: Bot
    ) -> None:
        product = Product()
        product.slow_text = "one"
        async with listening(bot, product):
            for text in ("one", "two"):
                await sandbox.act(AMINA, "say", text=text, wait=0)
            await sandbox.act(BRUNO, "say", text="I do not wait", wait=5)
            assert product.texts() == ["one", "I do not wait"]
            product.may_go_on.set()
            await sandbox.act(AMINA, "say", text="three")

        assert [text for text in product.texts() if text != "I do not wait"] == [
            "one",
            "two",
            "three",
        ]

    async def test_the_answer_may_carry_a_call(self, sandbox: Running, bot: Bot) -> None:
        product = Product()
        call = {"method": "sendMessage", "chat_id": AMINA, "text": "at once"}
        product.answer = JSONResponse(call)
        async with listening(bot, product):
            await sandbox.act(AMINA, "say", text="hi")

        assert await sandbox.texts(AMINA) == ["hi", "at once"]

    async def test_aiograms_own_answer_in_the_response(self, sandbox: Running, bot: Bot) -> None:
        """aiogram writes multipart here, which is read by the same code as a call."""
        from aiogram.webhook.aiohttp_server import SimpleRequestHandler
        from aiohttp import web

        dispatcher = Dispatcher()

        @dispatcher.message()
        async def answer(message: Message) -> SendMessage:
            return message.answer(f"Echo: {message.text}")

        application = web.Application()
        SimpleRequestHandler(
            dispatcher, bot, handle_in_background=False, secret_token=SECRET
        ).register(application, "/hook")
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address = runner.addresses[0]
        await bot.set_webhook(f"http://127.0.0.1:{address[1]}/hook", secret_token=SECRET)

        await sandbox.act(AMINA, "say", text="hi")
        await bot.delete_webhook()
        await runner.cleanup()

        assert await sandbox.texts(AMINA) == ["hi", "Echo: hi"]

    async def test_polling_and_webhook_exclude_each_other(self, sandbox: Running, bot: Bot) -> None:
        async with listening(bot, Product()) as url:
            with pytest.raises(TelegramConflictError, match="webhook is active"):
                await bot.get_updates()
            assert (await bot.get_webhook_info()).url == url
            await bot.delete_webhook()

        assert await bot.get_updates() == []

    async def test_bad_settings_are_refused(self, sandbox: Running, bot: Bot) -> None:
        with pytest.raises(TelegramBadRequest, match="HTTPS URL must be provided"):
            await bot.set_webhook("ftp://example.org")
        with pytest.raises(TelegramBadRequest, match="unallowed characters"):
            await bot.set_webhook("http://127.0.0.1/x", secret_token="not allowed")

    async def test_pending_updates_are_delivered_or_dropped(
        self, sandbox: Running, bot: Bot
    ) -> None:
        product = Product()
        await sandbox.act(AMINA, "say", text="early", wait=0)
        async with listening(bot, product):
            await sandbox.act(AMINA, "say", text="later")
        assert product.texts() == ["early", "later"]

        await bot.delete_webhook()
        await sandbox.act(AMINA, "say", text="forgotten", wait=0)
        await bot.delete_webhook(drop_pending_updates=True)
        assert await bot.get_updates() == []


async def test_a_restart_keeps_the_chat_and_what_the_bot_has_not_taken(tmp_path: Path) -> None:
    product = Product()
    async with serving(plain_server(product.app)) as base:
        async with running_sandbox(folder=tmp_path) as before:
            photo = {"file": ("a.txt", b"the content")}
            await before.http.post(f"/people/{AMINA}/send/document", files=photo)
            await before.act(AMINA, "say", text="are you there?", wait=0)
            pending = before.world.telegram.updates.pending_count
            kept = await before.chat(AMINA)
            (await before.http.post("/people", json={"first_name": "Dana"})).raise_for_status()

        async with running_sandbox(folder=tmp_path) as after:
            assert after.world.telegram.updates.pending_count == pending == 2
            assert await after.chat(AMINA) == kept
            people = (await after.http.get("/people")).json()
            assert [person["first_name"] for person in people] == [
                "Amina",
                "Bruno",
                "Chen",
                "Dana",
            ]
            server = TelegramAPIServer.from_base(f"{after.base}/sandbox/telegram")
            async with Bot(TOKEN, session=AiohttpSession(api=server)) as bot:
                document = kept["messages"][0]["document"]
                content = await bot.download(document["file_id"])
                assert content is not None
                assert content.read() == b"the content"
                await bot.set_webhook(f"{base}/webhooks/telegram", secret_token=SECRET)
                done = await after.act(AMINA, "say", text="again")
            assert done["taken"] is True

        ids = [update["update_id"] for update in product.seen]
        assert ids == sorted(ids)
        assert len(set(ids)) == 3


async def test_another_host_or_origin_is_refused(sandbox: Running) -> None:
    async with httpx.AsyncClient() as client:
        url = f"{sandbox.base}/sandbox/api/people"
        assert (await client.get(url)).status_code == 200
        assert (await client.get(url, headers={"Host": "evil.example"})).status_code == 403
        foreign = {"Origin": "http://evil.example"}
        assert (await client.post(url, headers=foreign, json={})).status_code == 403
