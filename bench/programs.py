"""The two bots as processes of their own, and the databases of ours."""

import asyncio
import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import sqlalchemy as sa

from bench.load import SECRET, Webhook
from kit import migrate
from kit.crypto import Vault
from kit.db import Base
from kit.jobs import sync_url
from migrations.tables import load_models
from tests.postgres import own_server

_ROOT = Path(__file__).resolve().parent.parent
_MASTER, _INDEX = b"m" * 32, b"i" * 32
_READY_SECONDS = 90.0
_STOP_SECONDS = 30.0


class NotStarted(Exception):
    """A program ended, or opened no port in time."""


def vault() -> Vault:
    return Vault([_MASTER], _INDEX)


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """Empty databases of the newest schema, both of which write to the disk before they answer."""
    with own_server(os.environ.get("TEST_DATABASE_URL"), durable=True) as server:
        name = "kopa_template_bench"
        server.create(name)
        urls = {
            "SQLite": f"sqlite+aiosqlite:///{folder / 'kopa.db'}",
            "PostgreSQL": server.url(name),
        }
        for url in urls.values():
            _build(url)
        yield urls
        server.drop(name)


@asynccontextmanager
async def kopa(url: str, telegram_url: str, folder: Path) -> AsyncIterator[Webhook]:
    """The program with the bot behind its webhook: on SQLite everything runs in one process."""
    port, program = _free_port(), "run" if "sqlite" in url else "api"
    environment = {
        "KOPA_DATABASE_URL": url,
        "KOPA_VAR": str(folder),
        "KOPA_PORT": str(port),
        "KOPA_SANDBOX": "false",
        "KOPA_MASTER_KEY": base64.b64encode(_MASTER).decode(),
        "KOPA_INDEX_KEY": base64.b64encode(_INDEX).decode(),
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_BOT_TOKEN": "4242:bench",
        "TELEGRAM_API_URL": telegram_url,
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        # Nobody is sent money or an SMS here, but the program insists on both.
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "bench",
        "TWILIO_FROM": "+15005550006",
        "RAIL_BASE_URL": telegram_url,
        "RAIL_API_KEY": "bench",
        "RAIL_WEBHOOK_SECRET": "bench",
    }
    async with _running(["-m", "cli.main", program], environment, folder, port) as process:
        yield Webhook(port, process)


@asynccontextmanager
async def echo(telegram_url: str, folder: Path) -> AsyncIterator[Webhook]:
    port = _free_port()
    command = ["-m", "bench.echo", str(port), telegram_url]
    async with _running(command, {}, folder, port) as process:
        yield Webhook(port, process)


@asynccontextmanager
async def _running(
    command: list[str], environment: dict[str, str], folder: Path, port: int
) -> AsyncIterator[int]:
    """The id of the program's process, once its port is open."""
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            env={**os.environ, **environment, "PYTHONPATH": str(_ROOT)},
            cwd=folder,  # Away from a .env that is meant for the real installation.
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        await _until_open(process, port)
        yield process.pid
    except NotStarted:
        said = await asyncio.to_thread(log.read_text)
        raise RuntimeError(f"a bot did not start:\n{said[-4000:]}") from None
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)


async def _until_open(process: asyncio.subprocess.Process, port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.returncode is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        # Our program speaks to Telegram before it opens its port, so the loop must run.
        await asyncio.sleep(0.05)
    raise NotStarted


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _build(url: str) -> None:
    migrate.upgrade(url)
    load_models()
    engine = sa.create_engine(sync_url(url))
    Base.metadata.create_all(engine)
    engine.dispose()
