"""Runs applications on free loopback ports inside the test's own loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from kit.clock import ShiftedClock
from sandbox.app import SandboxConfig, create_app
from sandbox.clock import ClockControl, ShiftedControl
from sandbox.mpesa.state import MpesaAccount
from sandbox.server import LoopbackServer
from sandbox.sms.state import SmsAccount
from sandbox.telegram.state import BotAccount
from sandbox.wallet.state import WalletAccount
from sandbox.world import World

TOKEN = "7000000001:the-sandbox-token"
ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "the-auth-token"
OUR_NUMBER = "+15005550006"
PROVIDER = "284685063:TEST:the-provider"
RAIL_KEY = "the-rail-key"
RAIL_SECRET = "the-rail-secret"

AMINA, BRUNO, CHEN = 71_000_001, 71_000_002, 71_000_003


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def serving(server: uvicorn.Server) -> AsyncIterator[str]:
    """The base URL under which `server` answers."""
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.config.port}"
    finally:
        server.should_exit = True
        await running


def plain_server(app: FastAPI) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=free_port(), log_level="warning")
    )


@dataclass
class Running:
    """A sandbox that is up, and a client that does what the phone page does."""

    base: str
    world: World
    http: httpx.AsyncClient
    clock: ShiftedClock

    async def act(self, person: int, what: str, *, wait: float = 5, **body: Any) -> dict[str, Any]:
        answer = await self.http.post(f"/people/{person}/{what}", json=body, params={"wait": wait})
        assert answer.is_success, answer.text
        done: dict[str, Any] = answer.json()
        return done

    async def chat(self, person: int) -> dict[str, Any]:
        shown: dict[str, Any] = (await self.http.get(f"/people/{person}/chat")).json()
        return shown

    async def texts(self, person: int) -> list[str]:
        messages = (await self.chat(person))["messages"]
        return [message.get("text", message.get("caption", "")) for message in messages]

    async def trouble(self, room: str, kind: str, **order: Any) -> None:
        answer = await self.http.post(f"/{room}/trouble", json={"kind": kind, **order})
        assert answer.status_code == 201, answer.text


@asynccontextmanager
async def running_sandbox(
    *,
    folder: Path | None = None,
    inbound_url: str = "",
    rail_callback_url: str = "",
    clock: ShiftedClock | None = None,
    control: ClockControl | None = None,
    checkout_seconds: float = 10.0,
) -> AsyncIterator[Running]:
    clock = clock or ShiftedClock()
    config = SandboxConfig(
        bot=BotAccount(TOKEN, provider_token=PROVIDER, checkout_seconds=checkout_seconds),
        sms=SmsAccount(
            ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, inbound_url=inbound_url, delivery_seconds=0.02
        ),
        wallet=WalletAccount(
            RAIL_KEY, RAIL_SECRET, callback_url=rail_callback_url, settle_seconds=0.02
        ),
        mpesa=MpesaAccount(settle_seconds=0.02),
        folder=folder,
    )
    app = create_app(config, clock, control or ShiftedControl(clock))
    async with (
        serving(LoopbackServer(app, port=free_port())) as base,
        httpx.AsyncClient(base_url=f"{base}/sandbox/api", timeout=30) as http,
    ):
        yield Running(base, app.state.world, http, clock)
