"""The rails' statements against our books: runs, and what differed."""

from fastapi import APIRouter
from fastapi.responses import Response

from api import exports, listings
from api.console import drawing
from api.console.door import HOME, AtDesk
from api.console.files import AskedFile
from api.deps import Session
from servicing import lookups, reconciliation

router = APIRouter(prefix=f"{HOME}/reconciliation", include_in_schema=False)


@router.get("", name="list_breaks")
async def show_reconciliation(desk: AtDesk, session: Session, file: AskedFile) -> Response:
    breaks = await reconciliation.list_open(session)
    runs = await lookups.list_runs(session, limit=exports.PAGE)
    answer = await file.of(listings.BREAKS, exports.listed(breaks), part="breaks") or await file.of(
        listings.RUNS, exports.listed(runs), part="runs"
    )
    if answer is not None:
        return answer
    return drawing.page(
        desk,
        "reconciliation.html",
        breaks=drawing.table(desk, listings.BREAKS, breaks, part="breaks"),
        runs=drawing.table(desk, listings.RUNS, runs[: drawing.PAGE_SIZE], part="runs"),
    )
