"""Where the outside calls us: proven first, stored once, answered after the commit."""

from fastapi import APIRouter

from api.webhooks import rail, telegram, twilio


def include_in(parent: APIRouter) -> None:
    parent.include_router(telegram.router)
    parent.include_router(twilio.router)
    parent.include_router(rail.router)
