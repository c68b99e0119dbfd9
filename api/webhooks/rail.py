"""What payment rails tell us: proven to come from them, taken in once, then answered."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from api.deps import Now, Session, Today, Wired, Wiring, address_of
from kit.db import unit_of_work
from servicing import hints, incidents, rail_events
from servicing.rails.base import (
    CALLER,
    CallbackMalformed,
    Correspondent,
    Rail,
    RailEvent,
    Rails,
    Unbookable,
    Witness,
)

router = APIRouter(prefix="/webhooks/rail", tags=["webhooks"])
# M-Pesa calls no address in which it reads its own name.
_KNOWN_AS = {"daraja": "mpesa"}


@dataclass(frozen=True)
class _Told:
    rail: Rail
    path: str
    events: list[RailEvent]


async def _proven(name: str, request: Request, wiring: Wired, rest: str = "") -> _Told:
    rail = wiring.service(Rails).get(_KNOWN_AS.get(name, name))
    headers = {**request.headers, CALLER: address_of(request)}
    body = await request.body()
    try:
        return _Told(rail, rest, rail.parse_callback(headers, body, path=rest))
    except Unbookable as why:
        await _note(wiring, "rail_event_unbookable", f"{rail.name}:{why.about}", field=why.field)
        return _Told(rail, rest, [])
    except CallbackMalformed as why:
        # Told again it would read no better. A person is told instead, of nothing that it said.
        about = _unreadable(rail, rest, body, wiring)
        await _note(wiring, "rail_event_unreadable", f"{rail.name}:{about}", **why.params)
        return _Told(rail, rest, [])


def _unreadable(rail: Rail, rest: str, body: bytes, wiring: Wiring) -> str:
    """What was signed is told of each time: it is about money. Whoever knows an address may write
    what he likes there: of hints once a day, by the address without its proof."""
    if isinstance(rail, Witness):
        return f"{rest.rpartition('/')[0]}:{wiring.clock.now():%Y-%m-%d}"
    return sha256(body).hexdigest()[:24]


async def _note(wiring: Wired, kind: str, subject: str, **facts: object) -> None:
    async with unit_of_work(wiring.sessions) as session:
        await incidents.report(
            session, kind=kind, subject=subject[:120], now=wiring.clock.now(), **facts
        )


# Named before the session: a stranger's slow upload must not hold a transaction open.
Told = Annotated[_Told, Depends(_proven)]


async def receive_rail_event(
    told: Told, session: Session, now: Now, today: Today, wiring: Wired
) -> Response:
    """Any answer but 2xx makes the rail tell it again; repeats change nothing."""
    is_welcome = True
    for event in told.events:
        if event.is_question:
            is_welcome = await hints.is_welcome(session, event)
        else:
            await rail_events.apply(
                session, event, on=today, zone=wiring.settings.timezone, now=now
            )
    if isinstance(told.rail, Correspondent):
        return JSONResponse(told.rail.answer(told.path, is_welcome=is_welcome))
    return Response(status_code=204)


for _path, _method, _name in (
    ("/{name}", "POST", "receive_rail_event"),
    ("/{name}/{rest:path}", "POST", "receive_rail_event_at"),
    ("/{name}/{rest:path}", "PUT", "receive_rail_event_put"),
):
    router.add_api_route(
        _path, receive_rail_event, methods=[_method], name=_name, response_class=Response
    )
