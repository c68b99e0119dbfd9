"""A mobile money provider on the wire, watched by the official description of its API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from fastapi import FastAPI

from kit.clock import SystemClock
from sandbox.gsma import shapes
from sandbox.gsma.app import CLIENT_ID, create_app
from sandbox.wallet.state import Wallet
from servicing.rails.addresses import Addresses
from servicing.rails.base import Direction, Instruction
from servicing.rails.gsma.client import ClientCredentials
from servicing.rails.gsma.rail import GsmaRail
from tests.sandbox.serving import RAIL_KEY, Running, plain_server, running_sandbox, serving
from tests.servicing.lending import kes
from tests.servicing.rails import gsma_spec

ACCOUNT = "12025550101"
OURS = "organisationid@kopa"
SECRET = "nobody knows it"
PAYOUT = Instruction(f"P{'0' * 32}", Direction.PAYOUT, ACCOUNT, kes(1_500), "Loan KP-1")
COLLECT = replace(PAYOUT, client_ref=f"C{'0' * 32}", direction=Direction.COLLECT)


@dataclass
class Provider:
    base: str
    sandbox: Running
    wire: gsma_spec.Recorder

    @property
    def wallet(self) -> Wallet:
        return self.sandbox.world.wallet

    async def trouble(self, kind: str, **order: Any) -> None:
        await self.sandbox.trouble("wallet", kind, **order)

    def conforms(self) -> None:
        found = {
            f"{one.method} {one.path} {one.status}": faults
            for one in self.wire.exchanges
            if "/oauth/" not in one.path and one.status and (faults := gsma_spec.faults(one))
        }
        assert found == {}


@asynccontextmanager
async def running_provider(incoming_url: str = "") -> AsyncIterator[Provider]:
    """All that goes over its wire must be as described, or the test fails at its end."""
    async with running_sandbox(rail_callback_url=incoming_url) as sandbox:
        wallet = sandbox.world.wallet
        wallet.account = replace(wallet.account, callback_tongue=shapes.TONGUE)
        wire = gsma_spec.Recorder(create_app(wallet))
        async with serving(plain_server(wire)) as base:  # type: ignore[arg-type]
            provider = Provider(base, sandbox, wire)
            yield provider
        provider.conforms()


def gsma_rail(base: str, callbacks: str = "http://127.0.0.1:9", **changed: Any) -> GsmaRail:
    given: dict[str, Any] = {
        "account": OURS,
        "addresses": Addresses(callbacks, SECRET),
        "clock": SystemClock(),
        "auth": httpx.BasicAuth(CLIENT_ID, RAIL_KEY),
        "timeout_seconds": 5.0,
    }
    return GsmaRail(base, **(given | changed))


def with_tokens(base: str, secret: str = RAIL_KEY) -> ClientCredentials:
    return ClientCredentials(f"{base}/oauth/token", CLIENT_ID, secret, SystemClock())


def answering(answer: Any) -> FastAPI:
    """A provider that says what the test lets it say."""
    app = FastAPI()
    app.add_api_route("/{path:path}", answer, methods=["GET", "POST"])
    return app
