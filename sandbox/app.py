"""The sandbox as one web application: stand-ins, the phone page, and the doors for trouble."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from kit.clock import Clock
from sandbox import trouble
from sandbox.clock import ClockControl
from sandbox.gsma.app import create_app as create_gsma
from sandbox.guard import Guard
from sandbox.mpesa.app import create_app as create_mpesa
from sandbox.phone import chat, events, page, people, refusals, sms, wallet
from sandbox.phone import clock as clock_bar
from sandbox.sms.app import create_app as create_sms
from sandbox.telegram.app import create_app as create_telegram
from sandbox.vendor.app import create_app as create_vendor
from sandbox.wallet.app import create_app as create_wallet
from sandbox.world import SandboxConfig, World

__all__ = ["SandboxConfig", "create_app"]


def create_app(config: SandboxConfig, clock: Clock, hooks: ClockControl) -> FastAPI:
    """Everything under `/sandbox/`. `app.state.world` holds what is inside.

    An application that mounts this one calls `world.start()` and `world.close()` itself: mounted
    applications get no start and stop of their own.
    """
    world = World(config, clock, hooks)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        world.start()
        yield
        await world.close()

    app = FastAPI(title="Kopa sandbox", openapi_url=None, lifespan=lifespan)
    app.state.world = world
    app.add_middleware(Guard, hosts=config.hosts)
    refusals.install(app)
    app.mount("/sandbox/telegram", create_telegram(world.telegram))
    app.mount("/sandbox/twilio", create_sms(world.sms))
    app.mount("/sandbox/wallet", create_wallet(world.wallet))
    app.mount("/sandbox/mpesa", create_mpesa(world.mpesa))
    app.mount("/sandbox/gsma", create_gsma(world.wallet))
    app.mount("/sandbox/vendor", create_vendor(world.vendor))
    static = Path(__file__).parent / "phone" / "static"
    app.mount("/sandbox/static", StaticFiles(directory=static))
    app.include_router(_api(world), prefix="/sandbox/api")
    app.include_router(page.routes(), prefix="/sandbox")
    return app


def _api(world: World) -> APIRouter:
    router = APIRouter()
    for routes in (people, chat, sms, wallet, events, clock_bar):
        router.include_router(routes.routes(world))
    router.include_router(trouble.routes(world.telegram.door), prefix="/telegram")
    router.include_router(trouble.routes(world.vendor.door), prefix="/vendor")
    router.include_router(trouble.routes(world.sms.door), prefix="/sms")
    router.include_router(trouble.routes(world.wallet.door), prefix="/wallet")
    router.include_router(trouble.routes(world.mpesa.door), prefix="/mpesa")
    return router
