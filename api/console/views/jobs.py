"""Jobs that died: what they were to do, why they gave up, whose money it is, and another try."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, job_tables, listings
from api.console import acts, drawing, forms
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile
from api.console.words import Refusal
from api.deps import Session
from api.job_tables import Died
from api.v1 import operations
from api.v1.operations import JobNotDead, Retry
from kit.errors import DomainError
from servicing import order_history
from servicing.disbursements import PAYOUTS
from servicing.order_history import History
from servicing.payment_requests import REQUESTS
from servicing.refunds import REFUNDS

PAGE = f"{HOME}/jobs"
router = APIRouter(prefix=PAGE, include_in_schema=False)
_ORDERS = {kind.machine.name: kind for kind in (PAYOUTS, REQUESTS, REFUNDS)}


@router.get("", name="list_dead_jobs")
async def show_jobs(desk: AtDesk, session: Session, file: AskedFile) -> Response:
    rows = await job_tables.list_died(session, desk.wiring.settings.url)
    if (answer := await file.of(job_tables.DEAD, exports.listed(rows))) is not None:
        return answer
    return _list(desk, rows)


@router.get("/one", name="list_dead_jobs")
async def show_job(
    desk: AtDesk, session: Session, key: Annotated[str, Query(max_length=300)]
) -> Response:
    rows = await job_tables.list_died(session, desk.wiring.settings.url)
    found = next((row for row in rows if row.job.key == key), None)
    if found is None:
        raise JobNotDead()
    return drawing.page(
        desk,
        "job.html",
        row=found,
        about=listings.page_of(found.subject) if found.subject else None,
        concerns=await _concerns(session, found),
    )


@router.post("/retry", name="retry_job")
async def retry(desk: AtDesk) -> Response:
    async def act() -> str:
        await operations.retry_job(forms.read(desk, Retry), desk.wiring, desk.who, desk.now)
        return "run_again"

    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        rows = await job_tables.list_died(session, desk.wiring.settings.url)
        return _list(desk, rows, status=status, refusal=refusal)

    return await acts.answer(desk, act, then=PAGE, again=again)


def _list(desk: Desk, rows: Any, **answer: Any) -> Response:
    return drawing.page(
        desk,
        "jobs.html",
        jobs=drawing.table(desk, job_tables.DEAD, rows),
        is_cut=len(rows) == job_tables.MOST,
        most=job_tables.MOST,
        **{"refusal": None, **answer},
    )


async def _concerns(session: AsyncSession, row: Died) -> History | None:
    """The order that it works on, with its amount and its loan."""
    kind, _, key = (row.subject or "").partition(":")
    if kind not in _ORDERS:
        return None
    try:
        return await order_history.of_order(session, _ORDERS[kind], UUID(key))
    except DomainError:
        return None  # Never written: the job died on it, or the record is gone.
