"""Cases: the list, the evidence, questions to the borrower, and decisions by staff."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import Field

from api.deps import Now, Session, Staff, Wired, permitted
from api.schemas import MoneyShown, Page, PageSize, Record, Shown, Sought, Strict, Text, Word
from api.v1.guarantees import GuaranteeShown
from kit import audit
from kyc.quality import Shot
from onboarding import cases, evidence, retakes, reviews
from onboarding.cases import Message
from onboarding.decisioning import Underwriter
from onboarding.evidence import Evidence
from onboarding.models import Case
from onboarding.retakes import RetakeReason
from onboarding.states import CaseKind, CaseStatus
from scoring.models import Decision, Role
from scoring.policy import Outcome

router = APIRouter(prefix="/v1/cases", tags=["cases"], dependencies=[Depends(permitted)])


class CaseShown(Record):
    reference: str
    kind: CaseKind
    status: CaseStatus
    borrower_id: UUID
    application_id: UUID | None
    reasons: list[str]
    needs_second: bool
    """Approving it goes against the engine: two different members of staff have to agree."""
    assigned_to: UUID | None
    proposed_by: UUID | None
    confirmed_by: UUID | None
    verdict: str | None
    verdict_reasons: list[str] | None
    opened_at: datetime
    due_at: datetime
    resolved_at: datetime | None


class DecisionShown(Record):
    attempt: int
    outcome: Outcome
    pd: float
    grade: str
    limit: MoneyShown
    approved: MoneyShown
    reasons: list[str]
    counterfactual: dict[str, Any] | None
    contributions: list[Any]
    annual_rate_percent: float | None
    """The price that was decided; none where the policy decides none."""
    expected_loss: MoneyShown | None
    workings: dict[str, Any] | None
    """How the price and the household's month were reckoned (docs/risk.md)."""
    snapshot: dict[str, Any]
    """Everything that the decision looked at."""
    model_sha256: str
    policy_sha256: str
    role: Role
    """Whether the champion decided or a challenger."""
    is_random: bool
    """Risk alone had declined it: one of the few that the policy approves at random."""
    created_at: datetime

    @classmethod
    def of(cls, row: Decision) -> "DecisionShown":
        return cls(
            id=row.id,
            attempt=row.attempt,
            outcome=row.outcome,
            pd=row.pd,
            grade=row.grade,
            limit=MoneyShown.of_minor(row.limit_minor, row.currency),
            approved=MoneyShown.of_minor(row.approved_minor, row.currency),
            reasons=row.reasons,
            counterfactual=row.counterfactual,
            contributions=row.contributions,
            annual_rate_percent=None if row.annual_rate_bps is None else row.annual_rate_bps / 100,
            expected_loss=(
                None
                if row.expected_loss_minor is None
                else MoneyShown.of_minor(row.expected_loss_minor, row.currency)
            ),
            workings=row.workings,
            snapshot=row.snapshot,
            model_sha256=row.model_sha256,
            policy_sha256=row.policy_sha256,
            role=row.role,
            is_random=row.is_random,
            created_at=row.created_at,
        )


class VerificationShown(Record):
    status: str
    attempts: int
    engine: str | None
    distance: float | None
    threshold: float | None
    """At most this far apart, the two faces count as one person's."""
    fmr: float | None
    problems: list[Any]
    reasons: list[str]
    duplicates: list[Any]
    decided_by: str | None
    concluded_at: datetime | None


class SignalShown(Shown):
    name: str
    value: float | int
    meaning: str


class EventShown(Shown):
    kind: str
    field: str
    at: datetime
    length: int | None


class MessageShown(Shown):
    author: str
    kind: str
    body: str
    at: datetime
    file: str | None
    """Where the photograph or document can be read that came with it; every reading is recorded."""

    @classmethod
    def of(cls, said: Message) -> "MessageShown":
        file = f"/v1/evidence/{said.blob_id}" if said.blob_id is not None else None
        return cls(author=said.author, kind=said.kind, body=said.body, at=said.at, file=file)


class CaseDetail(CaseShown):
    request: dict[str, Any] | None
    decisions: list[DecisionShown]
    verification: VerificationShown | None
    images: dict[str, str]
    """Where each photograph can be read; every reading is recorded."""
    behaviour: list[SignalShown]
    events: list[EventShown]
    messages: list[MessageShown]
    guarantees: list[GuaranteeShown]

    @classmethod
    def collect(cls, found: Evidence) -> "CaseDetail":
        case = CaseShown.model_validate(found.case)
        verification = found.verification
        return cls(
            **case.model_dump(),
            request=found.request,
            decisions=[DecisionShown.of(decision) for decision in found.decisions],
            verification=(VerificationShown.model_validate(verification) if verification else None),
            images={name: f"/v1/evidence/{blob_id}" for name, blob_id in found.images.items()},
            behaviour=[SignalShown.model_validate(signal) for signal in found.behaviour],
            events=[EventShown.model_validate(event) for event in found.events],
            messages=[MessageShown.of(message) for message in found.messages],
            guarantees=[GuaranteeShown.of(each) for each in found.guarantees],
        )


class Approval(Strict):
    note: Text = Field(description="Why; staff see it, the borrower does not.")


class Refusal(Strict):
    reasons: Annotated[list[Word], Field(min_length=1, max_length=4)] = Field(
        description="Told to the borrower: " + ", ".join(reviews.DECLINE_REASONS)
    )
    note: Text


class Pictures(Strict):
    pictures: Annotated[
        list[Annotated[Shot, Field(strict=False)]], Field(min_length=1, max_length=2)
    ]
    reason: Annotated[
        RetakeReason, Field(strict=False, description="Told to the borrower in one sentence.")
    ]
    note: Text = Field(description="Staff see it, the borrower does not.")


class Question(Strict):
    question: Text = Field(description="Sent to the borrower's chat.")


@router.get("", response_model=Page[CaseShown])
async def list_cases(
    session: Session,
    kind: CaseKind | None = None,
    status: CaseStatus | None = None,
    assigned_to: UUID | None = None,
    reference: Sought | None = None,
    after: UUID | None = None,
    limit: PageSize = 50,
) -> Page[CaseShown]:
    """The longest waiting first."""
    wanted = cases.Filter(kind, status, assigned_to, reference)
    rows = await cases.list_cases(session, wanted, after=after, limit=limit)
    return Page.of([CaseShown.model_validate(row) for row in rows], limit)


@router.get("/{case_id}", response_model=CaseDetail)
async def get_case(case_id: UUID, session: Session, who: Staff, now: Now) -> CaseDetail:
    """All evidence side by side. That it was looked at is recorded."""
    case = await cases.get(session, case_id)
    audit.record(session, actor=who.actor, action="case.read", subject=f"case:{case.id}", now=now)
    return CaseDetail.collect(await evidence.of_case(session, case, now=now))


@router.post("/{case_id}/assign", response_model=CaseShown)
async def assign_case(case_id: UUID, session: Session, who: Staff, now: Now) -> Case:
    """Take the case."""
    case = await cases.get(session, case_id, lock=True)
    cases.assign(session, case, who.id, now=now)
    return case


@router.post("/{case_id}/ask", response_model=CaseShown)
async def ask_borrower(
    case_id: UUID, body: Question, session: Session, who: Staff, now: Now
) -> Case:
    """The question reaches the borrower in chat; the answer comes back to the case."""
    case = await cases.get(session, case_id, lock=True)
    await cases.ask_borrower(session, case, staff_id=who.id, question=body.question, now=now)
    return case


@router.post("/{case_id}/pictures", response_model=CaseShown)
async def ask_pictures(
    case_id: UUID, body: Pictures, session: Session, who: Staff, now: Now
) -> Case:
    """Ask for new pictures: the chat asks again, the check runs again, the case goes on."""
    case = await cases.get(session, case_id, lock=True)
    return await retakes.ask(
        session, case, shots=body.pictures, reason=body.reason, note=body.note,
        staff_id=who.id, now=now,
    )  # fmt: skip


@router.post("/{case_id}/notes", response_model=CaseShown, status_code=status.HTTP_201_CREATED)
async def add_case_note(
    case_id: UUID, body: Approval, session: Session, who: Staff, now: Now
) -> Case:
    case = await cases.get(session, case_id, lock=True)
    await cases.add_note(session, case, staff_id=who.id, text=body.note, now=now)
    return case


@router.post("/{case_id}/approve", response_model=CaseShown)
async def approve_case(
    case_id: UUID, body: Approval, session: Session, who: Staff, wiring: Wired, now: Now
) -> Case:
    """Against the engine this is a proposal: another member of staff calls it again to confirm."""
    case = await cases.get(session, case_id, lock=True)
    return await reviews.approve(
        session,
        case,
        staff_id=who.id,
        note=body.note,
        underwriter=wiring.service(Underwriter),
        now=now,
    )


@router.post("/{case_id}/decline", response_model=CaseShown)
async def decline_case(
    case_id: UUID, body: Refusal, session: Session, who: Staff, now: Now
) -> Case:
    case = await cases.get(session, case_id, lock=True)
    return await reviews.decline(
        session, case, staff_id=who.id, reasons=list(body.reasons), note=body.note, now=now
    )


@router.post("/{case_id}/close", response_model=CaseShown)
async def close_case(case_id: UUID, body: Approval, session: Session, who: Staff, now: Now) -> Case:
    """The end of a support case."""
    case = await cases.get(session, case_id, lock=True)
    return await reviews.close(session, case, staff_id=who.id, note=body.note, now=now)
