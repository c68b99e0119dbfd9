"""Loans: how one stands, what is due, what was posted, and everything that happened to it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import exports, ledger_tables, listings
from api.console import drawing
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile
from api.console.forms import Key, LoanState, Words
from api.deps import Session
from api.exports import Table
from api.ledger_tables import Posted
from servicing import lookups, queries
from servicing.ledger import reading
from servicing.models import Loan
from servicing.repayments import REPAYABLE
from servicing.states import LoanStatus

_OPENED_BY = {
    "payments": "charge_repayment_back",
    "payouts": "get_payout_history",
    "requests": "get_payment_request_history",
}
router = APIRouter(prefix=f"{HOME}/loans", include_in_schema=False)


@router.get("", name="list_loans")
async def show_loans(
    desk: AtDesk,
    session: Session,
    file: AskedFile,
    reference: Words = None,
    status: LoanState = None,
    after: Key = None,
) -> Response:
    if (answer := await file.of(listings.LOANS, listings.loans_with(status))) is not None:
        return answer
    if reference is not None:
        found = await queries.find_by_reference(session, reference)
        if found is not None:
            return RedirectResponse(f"{HOME}/loans/{found.id}", 303)
    rows = await queries.list_loans(session, status=status, after=after, limit=drawing.PAGE_SIZE)
    return drawing.page(
        desk,
        "loans.html",
        reference=reference,
        chosen=status,
        statuses=list(LoanStatus),
        loans=drawing.table(desk, listings.LOANS, rows, after=drawing.last_key(rows)),
    )


@router.get("/{loan_id}", name="get_loan")
async def show_loan(loan_id: UUID, desk: AtDesk, session: Session, file: AskedFile) -> Response:
    loan = await queries.get_loan(session, loan_id)
    parts = await _parts(desk, session, loan)
    for part, (table, rows) in parts.items():
        if (answer := await file.of(table, exports.listed(rows), part=part)) is not None:
            return answer
    names = await desk.names(session)
    return drawing.page(
        desk,
        "loan.html",
        loan=loan,
        owed=await queries.owed(session, loan, on=desk.today),
        payoff=await queries.payoff_quote(session, loan, on=desk.today),
        outstanding=await queries.outstanding(session, loan),
        next_due=await queries.next_due(session, loan, on=desk.today),
        takes_money=loan.status in REPAYABLE,
        parts={
            part: drawing.table(
                desk,
                table,
                rows,
                names=names,
                part=part,
                leads=part not in _OPENED_BY or desk.may(_OPENED_BY[part]),
            )
            for part, (table, rows) in parts.items()
        },
    )


async def _parts(
    desk: Desk, session: AsyncSession, loan: Loan
) -> dict[str, tuple[Table[Any], list[Any]]]:
    """The tables of the page, as far as the role may see them."""
    rows = await queries.list_installments(session, loan.id)
    events = await lookups.list_events(session, loan.id)
    lines = await reading.list_of_loan(session, loan.id)
    parts: dict[str, tuple[Table[Any], list[Any]]] = {
        "installments": (listings.INSTALLMENTS, [(row, loan.currency) for row in rows]),
        "entries": (ledger_tables.LINES, [Posted(*row) for row in lines]),
        "payments": (listings.REPAYMENTS, await queries.list_repayments(session, loan.id)),
        "payouts": (listings.PAYOUTS, await queries.list_payouts(session, loan.id)),
        "events": (listings.EVENTS, [(row, loan.currency) for row in events]),
    }
    if desk.may("list_payment_requests"):
        parts["requests"] = (listings.REQUESTS, await lookups.list_requests(session, loan.id))
    return parts
