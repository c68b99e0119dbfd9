"""What routes ask for by name: the transaction, the time, who is calling."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, TypeVar

import structlog
from aiogram import Bot, Dispatcher
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from api import auth, roles
from api.metrics import Metrics
from api.throttle import Throttle
from kit.clock import Clock, business_date
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from kit.errors import DomainError, Kind
from servicing import late_policy
from servicing.late_policy import LatePolicy

T = TypeVar("T")


class NotConnected(DomainError):
    """This installation was started without something that the request needs."""

    kind = Kind.UNAVAILABLE
    code = "service_not_connected"


@dataclass(frozen=True)
class Wiring:
    """What this installation's routes work with."""

    settings: Settings
    sessions: Sessions
    clock: Clock
    wall: Clock
    """Real time, also where the product's clock is moved: tokens and throttles live in it."""
    vault: Vault
    metrics: Metrics
    throttle: Throttle
    """Of what is open to everybody."""
    telegram: tuple[Bot, Dispatcher] | None
    services: Mapping[type, object]
    """The adapters of this installation, the same that jobs work with."""

    @property
    def late_policy(self) -> LatePolicy:
        return late_policy.of(self.settings.late_policy_file, self.settings.country)

    def service(self, kind: type[T]) -> T:
        found = self.services.get(kind)
        if not isinstance(found, kind):
            raise NotConnected(service=kind.__name__)
        return found


# Every dependency here is a coroutine: the framework sends plain functions to a thread.
async def wiring_of(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(wiring_of)]


def address_of(request: Request) -> str:
    """The server's own view: a header that names another address may be made up."""
    return request.client.host if request.client else ""


async def throttled(request: Request, wiring: Wired) -> None:
    wiring.throttle.admit(address_of(request))


async def _session(wiring: Wired) -> AsyncIterator[AsyncSession]:
    async with unit_of_work(wiring.sessions) as session:
        yield session


# scope="function": the default ends, and commits, after the answer has gone.
Session = Annotated[AsyncSession, Depends(_session, scope="function")]


async def _now(wiring: Wired) -> datetime:
    return wiring.clock.now()


async def _today(wiring: Wired, now: Annotated[datetime, Depends(_now)]) -> date:
    return business_date(now, wiring.settings.timezone)


async def _wall_now(wiring: Wired) -> datetime:
    return wiring.wall.now()


async def _vault(wiring: Wired) -> Vault:
    return wiring.vault


Now = Annotated[datetime, Depends(_now)]
Today = Annotated[date, Depends(_today)]
WallNow = Annotated[datetime, Depends(_wall_now)]
OurVault = Annotated[Vault, Depends(_vault)]

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="staff token",
    description="The `token` that `POST /v1/session` answered.",
)


async def _staff(
    wiring: Wired,
    wall_now: WallNow,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> auth.Staff:
    if credentials is None:
        raise auth.NotLoggedIn()
    # In a transaction of its own: some routes have none, and may not hold one open.
    async with unit_of_work(wiring.sessions) as session:
        staff = await auth.identify(session, credentials.credentials, now=wall_now)
    structlog.contextvars.bind_contextvars(actor=staff.actor)
    return staff


Staff = Annotated[auth.Staff, Depends(_staff)]


async def permitted(request: Request, staff: Staff) -> None:
    """Guards every route of `/v1`: what the table of roles does not allow is refused."""
    route = request.scope["route"].name
    if not roles.allows(route, staff.role):
        raise auth.RoleForbids(role=staff.role, action=route)
