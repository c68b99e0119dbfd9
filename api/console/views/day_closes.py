"""The end of each business day: how far it is, and which loans stayed behind."""

from fastapi import APIRouter
from fastapi.responses import Response

from api import exports, listings
from api.console import drawing
from api.console.door import HOME, AtDesk
from api.console.files import AskedFile
from api.console.forms import Day
from api.deps import Session
from servicing.closing import parts

router = APIRouter(prefix=f"{HOME}/day-closes", include_in_schema=False)


@router.get("", name="list_day_closes")
async def show_days(desk: AtDesk, session: Session, file: AskedFile, after: Day = None) -> Response:
    behind = await parts.list_behind(session)
    answer = await file.of(listings.DAYS, listings.days()) or await file.of(
        listings.BEHIND, exports.listed(behind), part="behind"
    )
    if answer is not None:
        return answer
    runs = await parts.list_runs(session, before=after, limit=drawing.PAGE_SIZE)
    return drawing.page(
        desk,
        "day_closes.html",
        days=drawing.table(
            desk, listings.DAYS, runs, after=drawing.last_key(runs, "business_date")
        ),
        behind=drawing.table(desk, listings.BEHIND, behind, part="behind"),
    )
