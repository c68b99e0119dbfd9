"""All pages of the console, its style, and the page for addresses that lead nowhere."""

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response

from api.console import door, drawing
from api.console.door import HOME
from api.console.views import (
    audit,
    borrowers,
    cases,
    cash,
    day_closes,
    funding,
    home,
    incidents,
    jobs,
    ledger,
    line_up,
    loans,
    orders,
    pairs,
    papers,
    payments,
    pools,
    proposals,
    reconciliation,
    seals,
    sign_in,
    stakes,
    suspense,
    watching,
)

_open = APIRouter(prefix=HOME, include_in_schema=False)
_MEDIA_TYPES = {"console.css": "text/css", "icon.svg": "image/svg+xml"}


@_open.get("/static/{name}")
async def read_asset(name: str) -> Response:
    if name not in _MEDIA_TYPES:
        raise HTTPException(404)
    return Response(
        drawing.asset(name),
        media_type=_MEDIA_TYPES[name],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


_nowhere = APIRouter(prefix=HOME, include_in_schema=False)


@_nowhere.api_route("/{rest:path}", methods=["GET", "POST"])
async def find_nothing(rest: str) -> Response:
    raise HTTPException(404)


def include_in(parent: APIRouter) -> None:
    parent.include_router(sign_in.entrance)
    parent.include_router(_open)
    for subject in (
        sign_in,
        home,
        ledger,
        loans,
        payments,
        papers,
        borrowers,
        orders,
        proposals,
        cases,
        suspense,
        incidents,
        reconciliation,
        jobs,
        pools,
        stakes,
        cash,
        funding,
        day_closes,
        seals,
        watching,
        line_up,
        pairs,
        audit,
    ):
        parent.include_router(subject.router, dependencies=[Depends(door.entered)])
    parent.include_router(_nowhere)
