"""Where the outside calls us: proven first, stored once, answered after the commit."""

from fastapi import APIRouter

from api.webhooks import telegram


def routes() -> APIRouter:
    router = APIRouter()
    router.include_router(telegram.router)
    return router
