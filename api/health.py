"""Is the process alive, can it work, and how is it doing."""

import hmac
from datetime import timedelta
from functools import cache
from ipaddress import ip_address
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, func, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import Wired, Wiring, address_of
from kit import jobs, migrate
from kit.errors import DomainError, Kind
from kit.worker import WorkerHeartbeat

router = APIRouter(tags=["health"])
_DEAD_COUNTED = 1_000
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers. It looks at nothing else: a restart would mend nothing else."""
    return {"status": "ok"}


@router.get("/health/ready", responses={503: {"description": "Send nobody here yet."}})
async def ready(wiring: Wired, response: Response) -> dict[str, Any]:
    """503 while the database cannot be reached or its schema is not ours.

    Without a worker the state is `degraded`: what comes in is kept until one runs.
    """
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        async with wiring.sessions() as session:
            connection = await session.connection()
            checks["database"] = True
            checks["migrations"] = await connection.run_sync(_is_at_head)
            checks["worker"] = await _has_worker(session, wiring)
    except (SQLAlchemyError, OSError):
        pass
    able = checks["database"] and checks["migrations"]
    if not able:
        response.status_code = 503
    status = ("ok" if checks["worker"] else "degraded") if able else "unavailable"
    return {"status": status, "checks": checks}


class MetricsClosed(DomainError):
    """The numbers are for our own machine, or for whoever knows the token."""

    kind = Kind.UNAUTHENTICATED
    code = "metrics_closed"


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, wiring: Wired) -> Response:
    """For Prometheus: with `Authorization: Bearer <KOPA_METRICS_TOKEN>`, or from this machine."""
    if not (_knows_token(request, wiring) or _is_from_here(request)):
        raise MetricsClosed()
    dead = await jobs.list_dead(wiring.settings.url, limit=_DEAD_COUNTED)
    wiring.metrics.jobs_dead.set(len(dead))
    return Response(wiring.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _knows_token(request: Request, wiring: Wiring) -> bool:
    token = wiring.settings.metrics_token.get_secret_value()
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def _is_from_here(request: Request) -> bool:
    """Not through a proxy on this machine, which speaks for anybody."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(address_of(request)).is_loopback
    except ValueError:
        return False


def _is_at_head(connection: Connection) -> bool:
    return set(MigrationContext.configure(connection).get_current_heads()) == _heads()


@cache
def _heads() -> set[str]:
    scripts = ScriptDirectory.from_config(migrate.alembic_config(""))
    return set(scripts.get_heads())


async def _has_worker(session: AsyncSession, wiring: Wiring) -> bool:
    """An embedded database has its worker in the one process that may open it."""
    if make_url(wiring.settings.url).get_backend_name() == "sqlite":
        return True
    newest = await session.scalar(select(func.max(WorkerHeartbeat.seen_at)))
    alive = timedelta(seconds=wiring.settings.worker_dead_after_seconds)
    return newest is not None and newest > wiring.wall.now() - alive
