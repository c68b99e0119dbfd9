"""The web application: its routes, what they work with, and what stands around them."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from aiogram import Bot, Dispatcher
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from api import deps, handbook, health, invitations, problems, v1, webhooks
from api.console import refusals
from api.console import routes as console
from api.metrics import Metrics
from api.middleware import Guard
from api.throttle import Throttle
from kit.clock import Clock, SystemClock
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions

_TAGS = [
    {"name": "session", "description": "Logging in and out."},
    {"name": "cases", "description": "What needs a person: evidence, questions, decisions."},
    {"name": "borrowers", "description": "Persons: masked, unless somebody says why not."},
    {"name": "loans", "description": "Schedules, statements, repayments, the books."},
    {"name": "treasury", "description": "Money that needs a person."},
    {"name": "proposals", "description": "Acts of two people that wait for the second one."},
    {"name": "calculator", "description": "What a loan would cost, for anybody who asks."},
    {"name": "risk", "description": "Models and policies: who decides, and what would have been."},
    {"name": "operations", "description": "Jobs that died, and who did what."},
    {"name": "webhooks", "description": "For Telegram, Twilio and payment rails, not for people."},
    {"name": "health", "description": "For the machines that watch this one."},
]


def create_app(
    settings: Settings,
    sessions: Sessions,
    clock: Clock,
    vault: Vault,
    *,
    telegram: tuple[Bot, Dispatcher] | None = None,
    services: Mapping[type, object] | None = None,
    routers: Sequence[APIRouter] = (),
    programs: Mapping[str, ASGIApp] | None = None,
    wall: Clock | None = None,
) -> FastAPI:
    """`services` are the adapters that jobs work with too. `programs` are whole applications:
    they get every request under their prefix (`/sandbox`) as it came, and the caller starts and
    stops them."""
    metrics = Metrics()
    app = lay_out(routers)
    app.state.wiring = deps.Wiring(
        settings=settings,
        sessions=sessions,
        clock=clock,
        wall=wall or SystemClock(),
        vault=vault,
        metrics=metrics,
        throttle=Throttle(),
        telegram=telegram,
        services=services or {},
    )
    app.add_middleware(
        Guard,
        metrics=metrics,
        https=settings.base_url.startswith("https://"),
        programs=programs or {},
    )
    return app


def lay_out(routers: Sequence[APIRouter] = ()) -> FastAPI:
    """Every route, of whichever installation."""
    app = _empty()
    app.router.routes.extend(_ours())
    for router in routers:
        app.include_router(router)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


@cache
def _ours() -> tuple[BaseRoute, ...]:
    """The routes that every application has, worked out once in a process.

    FastAPI looks at what a route takes when the route is first looked for, at all of them for half
    a second: here, before there is a request that would wait for it.
    """
    app = _empty()
    app.router.routes.clear()  # Its own description of itself: each application brings that.
    webhooks.include_in(app.router)
    v1.include_in(app.router)
    app.include_router(invitations.router)
    console.include_in(app.router)
    app.include_router(health.router)
    app.include_router(handbook.router)
    for _ in iter_route_contexts(app.routes):
        pass
    return tuple(app.routes)


def _empty() -> FastAPI:
    app = FastAPI(
        title="Kopa",
        summary="The lending assistant's staff API and webhooks.",
        version="0.1.0",
        openapi_tags=_TAGS,
        responses=problems.documented(),
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    refusals.install(app)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        schema["components"]["schemas"]["Problem"] = problems.SCHEMA
        app.openapi_schema = schema
    return app.openapi_schema
