"""The application on a database, and the people who work with it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.models import StaffMember, StaffSession
from api.roles import Role
from api.staff import name_key, sha256
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from onboarding import decisioning
from onboarding.decisioning import Underwriter
from tests.api.desk import AtDesk
from tests.onboarding.people import SETTINGS
from tests.servicing.lending import Lender

CAST = {
    "Uma": Role.UNDERWRITER,
    "Usha": Role.UNDERWRITER,
    "Carl": Role.COLLECTOR,
    "Aude": Role.AUDITOR,
    "Ada": Role.ADMIN,
    "Ann": Role.ANALYST,
    "Abel": Role.ANALYST,
}


@pytest.fixture(scope="session")
def underwriter() -> Underwriter:
    return decisioning.load(SETTINGS)


class SetClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock(now: datetime) -> SetClock:
    return SetClock(now)


@pytest.fixture
def wall(now: datetime) -> SetClock:
    """Real time, which a moved product clock leaves alone."""
    return SetClock(now)


@pytest.fixture
def settings(shared_url: str) -> Settings:
    return Settings(
        database_url=shared_url,
        public_url="https://kopa.example",
        telegram_webhook_secret="telegram-secret",
        twilio_auth_token="twilio-token",
        rail_webhook_secret="rail-secret",
        metrics_token="metrics-token",
    )


@pytest.fixture
def app(
    settings: Settings, sessions: Sessions, clock: SetClock, vault: Vault, wall: SetClock
) -> FastAPI:
    return create_app(settings, sessions, clock, vault, wall=wall)


def client_of(app: FastAPI, address: str = "192.0.2.7", **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=(address, 40_000)),
        base_url="https://kopa.example",
        headers=headers,
    )


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a token."""
    async with client_of(app) as client:
        yield client


Enter = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def enter(app: FastAPI, sessions: Sessions, now: datetime) -> AsyncIterator[Enter]:
    """Opens the door for one of the cast, without the slow password."""
    clients: dict[str, httpx.AsyncClient] = {}

    async def _enter(name: str) -> httpx.AsyncClient:
        if name not in clients:
            async with unit_of_work(sessions) as session:
                member = StaffMember(
                    name=name, name_key=name_key(name), role=CAST[name], created_at=now
                )
                session.add(member)
                await session.flush()
                session.add(
                    StaffSession(
                        staff_id=member.id,
                        token_sha256=sha256(f"token of {name}"),
                        created_at=now,
                        expires_at=now + timedelta(hours=8),
                    )
                )
            clients[name] = client_of(app, Authorization=f"Bearer token of {name}")
        return clients[name]

    yield _enter
    for client in clients.values():
        await client.aclose()


Sit = Callable[[str], Awaitable[AtDesk]]


@pytest.fixture
async def sit(app: FastAPI, enter: Enter) -> AsyncIterator[Sit]:
    """Seats one of the cast at the console, signed in."""
    desks: dict[str, AtDesk] = {}

    async def _sit(name: str) -> AtDesk:
        if name not in desks:
            await enter(name)
            desks[name] = AtDesk(client_of(app))
            desks[name].http.cookies.set("kopa_console", f"token of {name}", path="/console")
        return desks[name]

    yield _sit
    for desk in desks.values():
        await desk.http.aclose()


@pytest.fixture
async def uma(enter: Enter) -> httpx.AsyncClient:
    return await enter("Uma")


@pytest.fixture
async def usha(enter: Enter) -> httpx.AsyncClient:
    return await enter("Usha")


@pytest.fixture
async def carl(enter: Enter) -> httpx.AsyncClient:
    return await enter("Carl")


@pytest.fixture
async def aude(enter: Enter) -> httpx.AsyncClient:
    return await enter("Aude")


@pytest.fixture
async def ada(enter: Enter) -> httpx.AsyncClient:
    return await enter("Ada")


@pytest.fixture
def lender(sessions: Sessions, clock: SetClock) -> Lender:
    return Lender(sessions, clock.at)
