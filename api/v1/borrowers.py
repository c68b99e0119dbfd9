"""Borrowers: who they are (masked), what they asked for, what was said to them."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field

from api import persons
from api.deps import Now, OurVault, Session, Staff, Wired, permitted
from api.schemas import Page, PageSize, Record, Shown, Strict, Text
from api.v1.proposals import ProposalShown, Reasoned
from kit.crypto import KeyDestroyed
from kit.four_eyes import Proposal
from kyc import custody
from notifications import queries
from notifications.queries import Direction, Said, Sent
from notifications.states import Channel, DeliveryStatus, Purpose, Status
from onboarding import dossiers, erasure, phones

router = APIRouter(prefix="/v1/borrowers", tags=["borrowers"], dependencies=[Depends(permitted)])


class PersonShown(Shown):
    phone: str | None
    full_name: str | None
    birth_date: str | None
    region: str | None


class BorrowerShown(Record):
    reference: str
    locale: str
    timezone: str
    phone_verified_at: datetime | None
    employment: str | None
    employment_since: str | None
    residence: str | None
    dependents: int | None
    created_at: datetime
    application_id: UUID | None
    loan_id: UUID | None
    case_id: UUID | None
    masked: bool
    person: PersonShown | None
    """Null when the person was erased."""


class SaidShown(Shown):
    at: datetime
    direction: Direction
    channel: Channel
    text: str | None
    about: str
    status: str
    error_code: str | None


class DeliveryShown(Record):
    channel: Channel
    attempt: int
    status: DeliveryStatus
    error_code: str | None
    segments: int
    """SMS parts that are paid for."""
    sent_at: datetime | None
    concluded_at: datetime | None


class MessageShown(Record):
    template: str
    purpose: Purpose
    subject: str
    status: Status
    reason: str | None
    not_before: datetime | None
    expires_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    deliveries: list[DeliveryShown]
    """Each attempt on each channel."""

    @classmethod
    def of(cls, sent: Sent) -> "MessageShown":
        attempts = [DeliveryShown.model_validate(row) for row in sent.deliveries]
        shown = {
            name: getattr(sent.notification, name)
            for name in cls.model_fields
            if name != "deliveries"
        }
        return cls(**shown, deliveries=attempts)


class Reveal(Strict):
    purpose: Text = Field(description="Why the work needs it; kept in the audit trail.")


@router.get("/{borrower_id}", response_model=BorrowerShown)
async def get_borrower(
    borrower_id: UUID, session: Session, vault: OurVault, now: Now
) -> BorrowerShown:
    """Names and numbers are masked."""
    dossier = await dossiers.get(session, borrower_id)
    try:
        person = await persons.masked(session, vault, dossier.borrower, now=now)
    except KeyDestroyed:
        return _shown(dossier, None, masked=True)
    return _shown(dossier, person, masked=True)


@router.post("/{borrower_id}/reveal", response_model=BorrowerShown)
async def reveal_borrower(
    borrower_id: UUID, body: Reveal, session: Session, vault: OurVault, who: Staff, now: Now
) -> BorrowerShown:
    """Names and numbers in plain words, for a stated reason and so many times a day."""
    dossier = await dossiers.get(session, borrower_id)
    person = await persons.reveal(
        session, vault, dossier.borrower, who, purpose=body.purpose, now=now
    )
    return _shown(dossier, person, masked=False)


@router.post("/{borrower_id}/phone/reset", response_model=ProposalShown)
async def reset_phone(
    borrower_id: UUID, body: Reasoned, session: Session, who: Staff, now: Now
) -> Proposal:
    """The proven number is lost. When a second person says the same, it is forgotten with its
    codes and pending SMS, and the chat asks the borrower to prove another one."""
    return await phones.reset(session, borrower_id, staff_id=who.id, reason=body.reason, now=now)


@router.post("/{borrower_id}/erasure", response_model=ProposalShown)
async def erase_borrower(
    borrower_id: UUID, body: Reasoned, session: Session, who: Staff, wiring: Wired, now: Now
) -> Proposal:
    """Forget the person for good. When a second member of staff says the same, the key is
    destroyed with which all that is known of them was sealed. Refused while a loan is owed,
    something is open, or the law keeps the records, and until when."""
    keeping = custody.retention(wiring.settings.country)
    return await erasure.ask(
        session, borrower_id, keeping=keeping, staff_id=who.id, reason=body.reason, now=now
    )


@router.get("/{borrower_id}/conversation", response_model=list[SaidShown])
async def get_conversation(
    borrower_id: UUID, session: Session, who: Staff, now: Now, limit: PageSize = 100
) -> list[Said]:
    """What was said both ways, oldest first. Reading it is recorded; codes are never shown."""
    await dossiers.get(session, borrower_id)
    return await queries.conversation(session, borrower_id, actor=who.actor, now=now, limit=limit)


@router.get("/{borrower_id}/messages", response_model=Page[MessageShown])
async def list_messages(
    borrower_id: UUID, session: Session, after: UUID | None = None, limit: PageSize = 50
) -> Page[MessageShown]:
    """What was to be said to the borrower and how it went, newest first; never the words."""
    await dossiers.get(session, borrower_id)
    found = await queries.list_messages(session, borrower_id, after=after, limit=limit)
    return Page.of([MessageShown.of(sent) for sent in found], limit)


def _shown(
    dossier: dossiers.Dossier, person: persons.Person | None, *, masked: bool
) -> BorrowerShown:
    borrower, application = dossier.borrower, dossier.application
    return BorrowerShown(
        id=borrower.id,
        reference=borrower.reference,
        locale=borrower.locale,
        timezone=borrower.timezone,
        phone_verified_at=borrower.phone_verified_at,
        employment=borrower.employment,
        employment_since=borrower.employment_since,
        residence=borrower.residence,
        dependents=borrower.dependents,
        created_at=borrower.created_at,
        application_id=application.id if application else None,
        loan_id=dossier.loan.id if dossier.loan else None,
        case_id=dossier.case.id if dossier.case else None,
        masked=masked,
        person=PersonShown.model_validate(person) if person else None,
    )
