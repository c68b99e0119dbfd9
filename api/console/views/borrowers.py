"""Borrowers: found by a reference or a phone; one with all that staff may know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from api import borrower_tables, exports, listings, persons
from api.borrower_tables import Owing, Paid
from api.console import acts, borrower_search, drawing, forms, refusals
from api.console.borrower_search import TooManyLookups
from api.console.door import HOME, AtDesk, Desk
from api.console.files import AskedFile, File
from api.console.forms import Key
from api.console.words import Refusal
from api.deps import Session
from api.exports import Fetch, Table
from api.persons import Person
from api.v1.applications import read_applications
from api.v1.borrowers import Reveal
from api.v1.proposals import Reasoned
from kit import four_eyes
from kit.crypto import KeyDestroyed
from kit.db import unit_of_work
from kit.errors import DomainError
from kyc import custody
from notifications import queries as notes
from notifications.queries import Sent
from onboarding import cases, dossiers, erasure, phones
from onboarding.models import Borrower
from servicing import arrears, lookups, queries
from servicing.models import Loan
from servicing.orders import Order

PAGE = f"{HOME}/borrowers"
router = APIRouter(prefix=PAGE, include_in_schema=False)
_OPENED_BY = {
    "payouts": "get_payout_history",
    "requests": "get_payment_request_history",
    "cases": "get_case",
}
Parts = dict[str, tuple[Table[Any], list[Any]]]


@dataclass(frozen=True)
class Found:
    borrower: Borrower
    person: Person | None
    """Masked; None when the person was erased."""


@router.get("", name="get_borrower")
async def show_search(desk: AtDesk) -> Response:
    return _search(desk)


@router.post("", name="get_borrower")
async def search(desk: AtDesk) -> Response:
    """A form that is sent, not an address: phone numbers stay out of logs and histories."""
    try:
        async with unit_of_work(desk.wiring.sessions) as session:
            rows = await borrower_search.find(
                session, desk.wiring.vault, desk.typed.get("sought", "")[:80],
                country=desk.wiring.settings.country, actor=desk.who.actor, now=desk.now,
            )  # fmt: skip
            found = [Found(row, await _masked(desk, session, row)) for row in rows]
    except DomainError as refused:
        if isinstance(refused, TooManyLookups):
            async with unit_of_work(desk.wiring.sessions) as session:
                borrower_search.refuse(session, actor=desk.who.actor, now=desk.now)
        status, refusal = refusals.refusal_of(refused)
        return _search(desk, status=status, refusal=refusal)
    if len(found) == 1:
        return RedirectResponse(f"{PAGE}/{found[0].borrower.id}", 303)
    return _search(desk, found=found, is_sought=True)


@router.get("/{borrower_id}", name="get_borrower")
async def show_borrower(
    borrower_id: UUID, desk: AtDesk, session: Session, file: AskedFile, after: Key = None
) -> Response:
    dossier = await dossiers.get(session, borrower_id)
    answer = await _file(desk, session, file, dossier.borrower) if file.format else None
    return answer or await _page(desk, session, borrower_id, after=after)


@router.post("/{borrower_id}/reveal", name="reveal_borrower")
async def reveal(borrower_id: UUID, desk: AtDesk) -> Response:
    """Shown once, in answer to the stated reason."""
    try:
        async with unit_of_work(desk.wiring.sessions) as session:
            body = forms.read(desk, Reveal)
            borrower = (await dossiers.get(session, borrower_id)).borrower
            person = await persons.reveal(
                session, desk.wiring.vault, borrower, desk.who, purpose=body.purpose, now=desk.now
            )
            return await _page(desk, session, borrower_id, person=person)
    except (DomainError, ValidationError) as refused:
        status, refusal = refusals.refusal_of(refused)
        async with unit_of_work(desk.wiring.sessions) as session:
            return await _page(desk, session, borrower_id, status=status, refusal=refusal)


@router.post("/{borrower_id}/reset-phone", name="reset_phone")
async def reset_phone(borrower_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Reasoned)
        return acts.outcome(
            await phones.reset(
                session, borrower_id, staff_id=desk.who.id, reason=body.reason, now=desk.now
            )
        )

    return await _do(desk, borrower_id, act)


@router.post("/{borrower_id}/erase", name="erase_borrower")
async def erase(borrower_id: UUID, desk: AtDesk) -> Response:
    async def act(session: AsyncSession) -> str:
        body = forms.read(desk, Reasoned)
        return acts.outcome(
            await erasure.ask(
                session, borrower_id, keeping=custody.retention(desk.wiring.settings.country),
                staff_id=desk.who.id, reason=body.reason, now=desk.now,
            )
        )  # fmt: skip

    return await _do(desk, borrower_id, act)


async def _do(desk: Desk, borrower_id: UUID, act: acts.Act) -> Response:
    async def again(session: AsyncSession, status: int, refusal: Refusal) -> Response:
        return await _page(desk, session, borrower_id, status=status, refusal=refusal)

    return await acts.carry_out(desk, act, then=f"{PAGE}/{borrower_id}", again=again)


@router.get("/{borrower_id}/conversation", name="get_conversation")
async def show_conversation(borrower_id: UUID, desk: AtDesk, session: Session) -> Response:
    """Reading it is recorded."""
    borrower = (await dossiers.get(session, borrower_id)).borrower
    return drawing.page(
        desk,
        "conversation.html",
        borrower=borrower,
        spoken=await notes.conversation(session, borrower_id, actor=desk.who.actor, now=desk.now),
    )


def _search(desk: Desk, *, found: Sequence[Found] = (), **answer: Any) -> Response:
    facts: dict[str, Any] = {"found": found, "is_sought": False, "refusal": None, **answer}
    return drawing.page(desk, "borrowers.html", **facts)


async def _masked(desk: Desk, session: AsyncSession, borrower: Borrower) -> Person | None:
    try:
        return await persons.masked(session, desk.wiring.vault, borrower, now=desk.now)
    except KeyDestroyed:
        return None


async def _page(
    desk: Desk,
    session: AsyncSession,
    borrower_id: UUID,
    *,
    after: UUID | None = None,
    person: Person | None = None,
    **answer: Any,
) -> Response:
    """`person`: in plain words, as it was asked for; else masked."""
    dossier = await dossiers.get(session, borrower_id)
    borrower = dossier.borrower
    sent = await notes.list_messages(session, borrower_id, after=after, limit=drawing.PAGE_SIZE)
    last = str(sent[-1].notification.id) if len(sent) == drawing.PAGE_SIZE else None
    parts = await _parts(desk, session, borrower)
    return drawing.page(
        desk,
        "borrower.html",
        borrower=borrower,
        is_plain=person is not None,
        person=person or await _masked(desk, session, borrower),
        loans=await queries.list_loans_of(session, borrower_id),
        parts={
            part: drawing.table(
                desk, table, rows, part=part, leads=desk.may(_OPENED_BY.get(part, "get_borrower"))
            )
            for part, (table, rows) in parts.items()
        },
        messages=drawing.table(desk, borrower_tables.MESSAGES, sent, part="messages", after=last),
        proposals=await four_eyes.list_open(session, subject=f"borrower:{borrower_id}"),
        names=await desk.names(session),
        **{"refusal": None, **answer},
    )


async def _parts(desk: Desk, session: AsyncSession, borrower: Borrower) -> Parts:
    """The tables of the page, as far as the role may see them."""
    loans = await queries.list_loans_of(session, borrower.id)
    sent = [row for loan in loans for row in await queries.list_payouts(session, loan.id)]
    asked = [row for loan in loans for row in await lookups.list_requests(session, loan.id)]
    # Payouts stand with a loan in the API too, requests in a list of their own.
    parts: Parts = {
        "loans": (borrower_tables.LOANS, await _owing(desk, session, loans)),
        "payments": (borrower_tables.PAYMENTS, await _paid(session, loans)),
        "payouts": (listings.PAYOUTS, sent),
    }
    if desk.may("list_payment_requests"):
        parts["requests"] = (listings.REQUESTS, asked)
    if desk.may("list_applications"):
        rows: list[Any] = await read_applications(session, borrower_id=borrower.id)
        parts["applications"] = (borrower_tables.APPLICATIONS, rows)
    if desk.may("list_cases"):
        wanted = cases.Filter(borrower_id=borrower.id)
        parts["cases"] = (
            borrower_tables.CASES,
            list(await cases.list_cases(session, wanted, limit=exports.PAGE)),
        )
    if desk.may("list_incidents"):
        subjects = [*_subjects("payout", sent), *_subjects("payment_request", asked)]
        found = await lookups.list_incidents(session, subjects)
        parts["incidents"] = (listings.INCIDENTS, list(found))
    return parts


def _subjects(kind: str, orders: Sequence[Order]) -> list[str]:
    """What incidents are about: our name for it, or the rail's."""
    theirs = [f"{row.rail}:{row.rail_id}" for row in orders if row.rail_id is not None]
    return [f"{kind}:{row.id}" for row in orders] + theirs


async def _owing(desk: Desk, session: AsyncSession, loans: Sequence[Loan]) -> list[Owing]:
    late = await arrears.days_past_due(session, loans, on=desk.today)
    return [
        Owing(
            loan,
            (await queries.owed(session, loan, on=desk.today)).total,
            (await queries.outstanding(session, loan)).total,
            late.get(loan.id, 0),
        )
        for loan in loans
    ]


async def _paid(session: AsyncSession, loans: Sequence[Loan]) -> list[Paid]:
    """The newest first."""
    rows = [
        Paid(row, loan.reference)
        for loan in loans
        for row in await queries.list_repayments(session, loan.id)
    ]
    return sorted(rows, key=lambda each: each.repayment.id, reverse=True)


async def _file(
    desk: Desk, session: AsyncSession, file: File, borrower: Borrower
) -> Response | None:
    if file.part == "messages":
        return await file.of(borrower_tables.MESSAGES, _messages(borrower.id), part="messages")
    for part, (table, rows) in (await _parts(desk, session, borrower)).items():
        if (answer := await file.of(table, exports.listed(rows), part=part)) is not None:
            return answer
    return None


def _messages(borrower_id: UUID) -> Fetch[Sent]:
    async def fetch(session: AsyncSession, last: Sent | None) -> Sequence[Sent]:
        after = last.notification.id if last is not None else None
        return await notes.list_messages(session, borrower_id, after=after, limit=exports.PAGE)

    return fetch
