"""Papers of a loan, as the API draws them, for the borrower who asks at the desk."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.console.door import HOME, AtDesk
from api.v1 import papers
from api.v1.papers import Language

router = APIRouter(prefix=f"{HOME}/loans/{{loan_id}}", include_in_schema=False)


@router.get("/schedule.png", name="get_schedule_picture")
async def draw_schedule(loan_id: UUID, desk: AtDesk, language: Language = None) -> Response:
    return await papers.get_schedule_picture(loan_id, desk.wiring, desk.today, language)


@router.get("/schedule.ics", name="get_schedule_calendar")
async def write_calendar(loan_id: UUID, desk: AtDesk, language: Language = None) -> Response:
    return await papers.get_schedule_calendar(loan_id, desk.wiring, desk.today, desk.now, language)


@router.get("/statement.pdf", name="get_statement_paper")
async def print_statement(loan_id: UUID, desk: AtDesk, language: Language = None) -> Response:
    return await papers.get_statement_paper(loan_id, desk.wiring, desk.today, desk.now, language)


@router.get("/repayments/{repayment_id}/receipt.pdf", name="get_receipt")
async def print_receipt(
    loan_id: UUID, repayment_id: UUID, desk: AtDesk, language: Language = None
) -> Response:
    return await papers.get_receipt(loan_id, repayment_id, desk.wiring, desk.now, language)
