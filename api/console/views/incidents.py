"""Where the outside contradicts what we know about money."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import listings, resolved
from api.console import acts, drawing, forms
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile
from api.console.forms import Flag, Key
from api.console.words import Refusal
from api.deps import Session
from api.v1.proposals import Reasoned
from kit import four_eyes
from servicing import incidents, lookups

router = APIRouter(prefix=f"{HOME}/incidents", include_in_schema=False)


@router.get("", name="list_incidents")
async def show_incidents(
    desk: AtDesk, session: Session, file: AskedFile, is_over: Flag = None, after: Key = None
) -> Response:
    lists = resolved.INCIDENTS
    table = lists.table(is_over=is_over)
    if (answer := await file.of(table, lists.every(is_over=is_over))) is not None:
        return answer
    rows = await lists.page(session, is_over=is_over, after=after, limit=drawing.PAGE_SIZE)
    drawn = drawing.table(desk, table, rows, after=drawing.last_key(rows))
    return drawing.page(desk, "incidents.html", incidents=drawn, is_over=is_over)


@router.get("/{incident_id}", name="list_incidents")
async def show_incident(incident_id: UUID, desk: AtDesk, session: Session) -> Response:
    return await _page(incident_id, desk, session)


@router.post("/{incident_id}/resolve", name="resolve_incident")
async def resolve_incident(incident_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Reasoned)
        return acts.outcome(
            await incidents.resolve(
                session, incident_id, staff_id=desk.who.id, reason=body.reason, now=desk.now
            )
        )

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _page(incident_id, desk, session, status=status, refusal=refusal)

    return await acts.carry_out(desk, act, then=f"{HOME}/incidents/{incident_id}", again=again)


async def _page(incident_id: UUID, desk: Desk, session: AsyncSession, **answer: Any) -> Response:
    incident = await lookups.get_incident(session, incident_id)
    return drawing.page(
        desk,
        "incident.html",
        incident=incident,
        about=listings.page_of(incident.subject),
        proposals=await four_eyes.list_open(session, subject=f"incident:{incident.id}"),
        names=await desk.names(session),
        **{"refusal": None, **answer},
    )
