"""What a borrower can keep of a loan, for staff to hand out: in the borrower's language."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import Now, Today, Wired, permitted
from kit.db import unit_of_work
from kit.text import DEFAULT_LOCALE
from notifications import contacts
from servicing import queries
from servicing.models import Loan
from servicing.papers import ics, picture, plan, receipt, statement

router = APIRouter(prefix="/v1/loans/{loan_id}", tags=["loans"], dependencies=[Depends(permitted)])

Language = Annotated[
    str | None, Query(alias="locale", pattern="^[a-z]{2}$", description="Else the borrower's own.")
]


def paper(content: bytes, media_type: str, name: str) -> Response:
    return Response(
        content,
        media_type=media_type,
        headers={
            "Cache-Control": "no-store, private",
            "Content-Disposition": f'inline; filename="{name}"',
        },
    )


def content_of(media_type: str) -> dict[int | str, dict[str, object]]:
    return {200: {"content": {media_type: {}}, "description": "The paper itself."}}


# Each reads in a transaction of its own, and draws when that is over.


@router.get("/schedule.png", response_class=Response, responses=content_of("image/png"))
async def get_schedule_picture(
    loan_id: UUID, wiring: Wired, today: Today, language: Language = None
) -> Response:
    """Every date with its amount, what is paid, and today."""
    async with unit_of_work(wiring.sessions) as session:
        loan = await queries.get_loan(session, loan_id)
        shown = await plan.plan_of(session, loan, on=today)
        locale = language or await _spoken(session, loan)
    drawn = await asyncio.to_thread(picture.png, shown, locale)
    return paper(drawn, "image/png", f"{loan.reference}.png")


@router.get("/schedule.ics", response_class=Response, responses=content_of("text/calendar"))
async def get_schedule_calendar(
    loan_id: UUID, wiring: Wired, today: Today, now: Now, language: Language = None
) -> Response:
    """The dates that are still to be paid, for a calendar."""
    async with unit_of_work(wiring.sessions) as session:
        loan = await queries.get_loan(session, loan_id)
        shown = await plan.plan_of(session, loan, on=today)
        locale = language or await _spoken(session, loan)
    written = ics.calendar(shown, locale, issuer=wiring.settings.lender_name, now=now)
    return paper(written, "text/calendar", f"{loan.reference}.ics")


@router.get("/statement.pdf", response_class=Response, responses=content_of("application/pdf"))
async def get_statement_paper(
    loan_id: UUID, wiring: Wired, today: Today, now: Now, language: Language = None
) -> Response:
    """Where the loan stands today, what happened, what is to come."""
    async with unit_of_work(wiring.sessions) as session:
        loan = await queries.get_loan(session, loan_id)
        shown = await statement.account_of(session, loan, on=today)
        locale = language or await _spoken(session, loan)
    issuer = wiring.settings.lender_name
    printed = await asyncio.to_thread(statement.pdf, shown, locale, issuer=issuer, now=now)
    return paper(printed, "application/pdf", f"{loan.reference}.pdf")


@router.get(
    "/repayments/{repayment_id}/receipt.pdf",
    response_class=Response,
    responses=content_of("application/pdf"),
)
async def get_receipt(
    loan_id: UUID, repayment_id: UUID, wiring: Wired, now: Now, language: Language = None
) -> Response:
    async with unit_of_work(wiring.sessions) as session:
        loan = await queries.get_loan(session, loan_id)
        shown = await receipt.receipt_of(session, loan, repayment_id, now=now)
        locale = language or await _spoken(session, loan)
    issuer = wiring.settings.lender_name
    printed = await asyncio.to_thread(receipt.pdf, shown, locale, issuer=issuer)
    return paper(printed, "application/pdf", f"{shown.number}.pdf")


async def _spoken(session: AsyncSession, loan: Loan) -> str:
    contact = await contacts.find(session, loan.borrower_id)
    return contact.locale if contact is not None else DEFAULT_LOCALE
