"""A running sandbox for each test, and independent clients that talk to it."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from tests.sandbox.serving import TOKEN, Running, running_sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    async with running_sandbox() as running:
        yield running


@pytest.fixture
async def bot(sandbox: Running) -> AsyncIterator[Bot]:
    """aiogram's own client, with nothing but its base URL changed."""
    server = TelegramAPIServer.from_base(f"{sandbox.base}/sandbox/telegram")
    async with Bot(TOKEN, session=AiohttpSession(api=server)) as bot:
        yield bot
