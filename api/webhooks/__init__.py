"""Where the outside calls us: proven first, stored once, answered after the commit."""

from fastapi import APIRouter

from api.webhooks import rail, telegram, twilio


def routes() -> APIRouter:
    router = APIRouter()
    router.include_router(telegram.router)
    router.include_router(twilio.router)
    router.include_router(rail.router)
    return router
