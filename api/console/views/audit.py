"""The trail of who did what to which record."""

from fastapi import APIRouter
from fastapi.responses import Response

from api import listings
from api.console import drawing
from api.console.door import HOME, AtDesk
from api.console.files import AskedFile
from api.console.forms import Key, Words
from api.deps import Session
from kit import audit

router = APIRouter(prefix=f"{HOME}/audit", include_in_schema=False)


@router.get("", name="list_audit")
async def show_trail(
    desk: AtDesk,
    session: Session,
    file: AskedFile,
    subject: Words = None,
    actor: Words = None,
    after: Key = None,
) -> Response:
    if (answer := await file.of(listings.AUDIT, listings.trail(subject, actor))) is not None:
        return answer
    rows = await audit.list_events(
        session, subject=subject, actor=actor, after=after, limit=drawing.PAGE_SIZE
    )
    names = await desk.names(session)
    return drawing.page(
        desk,
        "audit.html",
        subject=subject,
        actor=actor,
        members=sorted(names.items(), key=lambda each: each[1]),
        about=listings.page_of(subject) if subject else None,
        events=drawing.table(desk, listings.AUDIT, rows, names=names, after=drawing.last_key(rows)),
    )
