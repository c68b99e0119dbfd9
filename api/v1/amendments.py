"""Amendments: what a change to a loan would do, and two people who make it."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from pydantic import Field

from api import once
from api.deps import Now, Session, Staff, Today, Wired, permitted
from api.schemas import MoneyShown, Record, Shown, Strict, Text
from servicing import amendments
from servicing.models import Amendment
from servicing.previews import Due, Preview
from servicing.rails import configured
from servicing.states import AmendmentStatus

router = APIRouter(prefix="/v1", tags=["amendments"], dependencies=[Depends(permitted)])

ChangeAsked = Annotated[
    dict[str, Any],
    Field(
        max_length=20,
        description="One event as docs/replay.md writes it, without its date. Its type: "
        + ", ".join(amendments.KINDS),
    ),
]


class Looked(Strict):
    change: ChangeAsked


class Proposed(Looked):
    reason: Text = Field(description="Why; staff see it, the borrower does not.")


class Reasoned(Strict):
    reason: Text


class DueShown(Shown):
    n: int
    due_on: date
    amount: MoneyShown

    @classmethod
    def of(cls, due: Due) -> "DueShown":
        return cls(n=due.n, due_on=due.due_on, amount=MoneyShown.of(due.amount))


class PreviewShown(Shown):
    before: list[DueShown]
    """What is open of each installment."""
    after: list[DueShown]
    to_pay_before: MoneyShown
    to_pay_after: MoneyShown
    extra_cost: MoneyShown
    """Less than nothing when the loan gets cheaper."""
    paid_out: MoneyShown
    """What leaves for the borrower when all have agreed; it is part of `to_pay_after`."""
    apr_before: str | None
    """Percent a year of all that is left, from today on; null when nothing is."""
    apr_after: str | None
    needs_consent: bool
    """Something gets worse for the borrower: he has to agree."""

    @classmethod
    def of(cls, seen: Preview) -> "PreviewShown":
        return cls(
            before=[DueShown.of(due) for due in seen.before],
            after=[DueShown.of(due) for due in seen.after],
            to_pay_before=MoneyShown.of(seen.to_pay_before),
            to_pay_after=MoneyShown.of(seen.to_pay_after),
            extra_cost=MoneyShown.of(seen.extra_cost),
            paid_out=MoneyShown.of(seen.paid_out),
            apr_before=seen.apr_before,
            apr_after=seen.apr_after,
            needs_consent=seen.needs_consent,
        )


class AmendmentShown(Record):
    loan_id: UUID
    kind: str
    status: AmendmentStatus
    change: dict[str, Any]
    preview: dict[str, Any]
    """What whoever agreed to it was shown."""
    needs_consent: bool
    proposed_by: str
    proposed_on: date
    reason: str
    consented_at: datetime | None
    approved_by: str | None
    applied_on: date | None
    reversed_on: date | None
    created_at: datetime


@router.post("/loans/{loan_id}/amendments/preview", response_model=PreviewShown)
async def preview_amendment(
    loan_id: UUID, body: Looked, session: Session, now: Now, today: Today
) -> PreviewShown:
    """What the change would do today. Nothing is written."""
    seen = await amendments.preview(session, loan_id, body.change, on=today, now=now)
    return PreviewShown.of(seen)


@router.get("/loans/{loan_id}/amendments", response_model=list[AmendmentShown])
async def list_amendments(loan_id: UUID, session: Session) -> list[Amendment]:
    """Oldest first."""
    return list(await amendments.list_of(session, loan_id))


@router.post(
    "/loans/{loan_id}/amendments",
    response_model=AmendmentShown,
    status_code=status.HTTP_201_CREATED,
)
async def propose_amendment(
    loan_id: UUID,
    body: Proposed,
    session: Session,
    who: Staff,
    now: Now,
    today: Today,
    idempotency_key: once.Key,
) -> Response:
    """Suggest a change. Where something gets worse for the borrower, the chat asks him."""

    async def propose() -> AmendmentShown:
        amendment = await amendments.propose(
            session, loan_id, body.change, staff_id=who.id, reason=body.reason, on=today, now=now
        )
        return AmendmentShown.model_validate(amendment)

    return await once.created(
        session, propose, scope=f"amendments:{loan_id}", key=idempotency_key, body=body, now=now
    )


@router.post("/amendments/{amendment_id}/approve", response_model=AmendmentShown)
async def approve_amendment(
    amendment_id: UUID, session: Session, who: Staff, now: Now, today: Today, wiring: Wired
) -> Amendment:
    """By another member of staff, and after the borrower where he has to agree: it is done.

    Money on top is sent now (`paying`); the loan changes when it has arrived (`applied`).
    """
    return await amendments.approve(
        session, amendment_id, rails=configured.names(wiring.settings), staff_id=who.id, on=today,
        now=now,
    )  # fmt: skip


@router.post("/amendments/{amendment_id}/refuse", response_model=AmendmentShown)
async def refuse_amendment(
    amendment_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now
) -> Amendment:
    return await amendments.refuse(
        session, amendment_id, staff_id=who.id, reason=body.reason, now=now
    )


@router.post("/amendments/{amendment_id}/reverse", response_model=AmendmentShown)
async def reverse_amendment(
    amendment_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now, today: Today
) -> Amendment:
    """It is as if it had never been made; the books show both.

    Where money was sent that says: all of it came back, and the rail did not tell. It stays
    `applied` until a second person says the same.
    """
    return await amendments.reverse(
        session, amendment_id, staff_id=who.id, reason=body.reason, on=today, now=now
    )
