"""One stream of events for a phone: first everything that is there, then what happens."""

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from sandbox.people import Person
from sandbox.phone import chat
from sandbox.store import Json
from sandbox.telegram import account
from sandbox.world import World

_HEARTBEAT_SECONDS = 15


def routes(world: World) -> APIRouter:
    router = APIRouter()

    @router.get("/people/{person_id}/events")
    async def events(person_id: int) -> StreamingResponse:
        person = world.people.get(person_id)
        return StreamingResponse(
            _stream(world, person),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


async def _stream(world: World, person: Person) -> AsyncIterator[str]:
    own = world.telegram.enrol(person)
    topics = (own.topic, f"sms:{person.phone}", f"wallet:{person.account}")
    with world.bus.subscribe(*topics, "clock", "people", "menu") as subscription:
        yield _event(_everything(world, person))
        while True:
            try:
                event = await subscription.next(_HEARTBEAT_SECONDS)
            except EOFError:
                return
            if event is None:
                yield ": still here\n\n"
            elif event["kind"] == "menu":
                commands = account.commands_in(world.telegram, own)
                yield _event({"kind": "menu", "commands": commands})
            else:
                yield _event(event)


def _event(event: Json) -> str:
    return f"data: {json.dumps(event)}\n\n"


def _everything(world: World, person: Person) -> Json:
    return {
        "kind": "everything",
        "person": person.model_dump(),
        "people": [other.model_dump() for other in world.people.list()],
        "chat": chat.shown(world, world.telegram.enrol(person)),
        "sms": world.sms.of_phone(person.phone),
        "sms_number": world.sms.account.number,
        "wallet": world.wallet.shown(person.account),
        "now": world.control.now().isoformat(),
    }
