"""Telegram's webhook: nobody else gets in, and an answer means that the work is done."""

from collections.abc import AsyncIterator

import httpx
import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Message

from api.app import create_app
from kit.clock import Clock
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions
from tests.api.conftest import client_of

SECRET = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/webhooks/telegram"


def said(text: str) -> dict[str, object]:
    person = {"id": 7, "is_bot": False, "first_name": "Amina"}
    chat = {"id": 7, "type": "private"}
    message = {"message_id": 1, "date": 1_700_000_000, "chat": chat, "from": person, "text": text}
    return {"update_id": 1, "message": message}


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
async def telegram(
    heard: list[str], settings: Settings, sessions: Sessions, clock: Clock, vault: Vault
) -> AsyncIterator[httpx.AsyncClient]:
    bot, dispatcher = Bot("42:TEST"), Dispatcher()

    @dispatcher.message()
    async def hear(message: Message) -> None:
        if message.text == "crash":
            raise ZeroDivisionError
        heard.append(message.text or "")

    app = create_app(settings, sessions, clock, vault, telegram=(bot, dispatcher))
    async with client_of(app) as client:
        yield client


async def test_hands_an_update_to_the_bot(telegram: httpx.AsyncClient, heard: list[str]) -> None:
    answer = await telegram.post(PATH, json=said("hi"), headers={SECRET: "telegram-secret"})

    assert (answer.status_code, heard) == (200, ["hi"])


@pytest.mark.parametrize(
    "given", [None, "", "telegram-secre", "telegram-secret2", "TELEGRAM-SECRET", "\xe9"]
)
async def test_refuses_without_the_secret(
    telegram: httpx.AsyncClient, heard: list[str], given: str | None
) -> None:
    headers = {} if given is None else {SECRET.encode(): given.encode("latin-1")}

    answer = await telegram.post(PATH, json=said("hi"), headers=headers)

    assert (answer.status_code, answer.json()["code"], heard) == (401, "webhook_forged", [])


async def test_refuses_everybody_while_no_secret_is_set(
    settings: Settings, sessions: Sessions, clock: Clock, vault: Vault
) -> None:
    app = create_app(Settings(database_url=settings.url), sessions, clock, vault)
    async with client_of(app) as client:
        assert (await client.post(PATH, json=said("hi"), headers={SECRET: ""})).status_code == 401


async def test_is_not_answered_with_success_when_the_work_failed(
    telegram: httpx.AsyncClient,
) -> None:
    answer = await telegram.post(PATH, json=said("crash"), headers={SECRET: "telegram-secret"})

    assert answer.status_code == 500


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"{", b'{"update_id": "x"}', b"\xff"])
async def test_refuses_what_is_no_update(
    telegram: httpx.AsyncClient, heard: list[str], body: bytes
) -> None:
    answer = await telegram.post(PATH, content=body, headers={SECRET: "telegram-secret"})

    assert (answer.status_code, answer.json()["code"]) == (422, "webhook_not_understood")
    assert heard == []


async def test_is_off_without_a_bot(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post(PATH, json=said("hi"), headers={SECRET: "telegram-secret"})

    assert (answer.status_code, answer.json()["code"]) == (404, "webhook_off")
