"""What payment rails tell us: signed by them over the raw body, taken in once, then answered."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.deps import Now, Session, Today, Wired
from servicing import rail_events
from servicing.rails.base import RailEvent, Rails

router = APIRouter(prefix="/webhooks/rail", tags=["webhooks"])


async def _proven(name: str, request: Request, wiring: Wired) -> list[RailEvent]:
    rail = wiring.service(Rails).get(name)
    return rail.parse_callback(dict(request.headers), await request.body())


# Named before the session: a stranger's slow upload must not hold a transaction open.
Told = Annotated[list[RailEvent], Depends(_proven)]


@router.post("/{name}", response_class=Response)
async def receive_rail_event(
    told: Told, session: Session, now: Now, today: Today, wiring: Wired
) -> Response:
    """Any answer but 2xx makes the rail tell it again; repeats change nothing."""
    zone = wiring.settings.timezone
    for event in told:
        await rail_events.apply(session, event, on=today, zone=zone, now=now)
    return Response(status_code=204)
