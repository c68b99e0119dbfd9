"""What needs a person: cases, their questions and answers, and decisions by staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import person_key, vault_of
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.ids import new_id, reference
from notifications import outbox
from notifications.states import Purpose
from onboarding import dossiers
from onboarding.answers import clean
from onboarding.dossiers import Dossier, open_case_of
from onboarding.models import Application, Case, CaseMessage
from onboarding.states import (
    APPLICATION,
    CASE,
    ApplicationEvent,
    ApplicationStatus,
    CaseEvent,
    CaseKind,
    CaseStatus,
)

SLA = timedelta(hours=24)
LONGEST_MESSAGE = 2_000
MESSAGES_AN_HOUR = 30
STILL_SPEAKING = timedelta(minutes=10)
"""After an answer, what comes so soon belongs to it: a second photograph, one more sentence."""


class CaseNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "case_not_found"


class MessageEmpty(DomainError):
    code = "message_empty"


class TooManyMessages(DomainError):
    """`most` messages in an hour are read; more would only hide what matters."""

    kind = Kind.TOO_MANY
    code = "too_many_messages"


@dataclass(frozen=True)
class Message:
    author: str
    kind: str
    body: str
    at: datetime
    blob_id: UUID | None = None
    """The photograph or document that came with it."""


async def open_case(
    session: AsyncSession,
    *,
    kind: CaseKind,
    borrower_id: UUID,
    application_id: UUID | None,
    reasons: list[str],
    needs_second: bool = False,
    now: datetime,
) -> Case:
    """A new case, or the application's open one with its reasons brought up to date."""
    if application_id is not None:
        found = await open_case_of(session, application_id)
        if found is not None:
            found.kind, found.reasons, found.needs_second = kind, reasons, needs_second
            if found.status is CaseStatus.RETAKING:
                audit.move(session, CASE, found, CaseEvent.CHECKED, actor=audit.SYSTEM, now=now)
            return found
    case = Case(
        id=new_id(),
        reference=reference("C"),
        kind=kind,
        status=CASE.initial,
        borrower_id=borrower_id,
        application_id=application_id,
        reasons=reasons,
        needs_second=needs_second,
        opened_at=now,
        due_at=now + SLA,
    )
    session.add(case)
    audit.record(
        session, actor=audit.SYSTEM, action="case.opened", subject=f"case:{case.id}", now=now,
        kind=kind, reasons=reasons,
    )  # fmt: skip
    await session.flush()
    return case


async def get(session: AsyncSession, case_id: UUID, *, lock: bool = False) -> Case:
    """With `lock`, nobody else changes the case or its borrower's affairs until we are done."""
    if lock:
        await dossiers.hold_owner(session, Case, case_id)
    case = await session.get(Case, case_id, with_for_update=lock or None, populate_existing=lock)
    if case is None:
        raise CaseNotFound(case_id=case_id)
    return case


@dataclass(frozen=True)
class Filter:
    kind: CaseKind | None = None
    status: CaseStatus | None = None
    assigned_to: UUID | None = None
    reference: str | None = None
    borrower_id: UUID | None = None


async def list_cases(
    session: AsyncSession, wanted: Filter, *, after: UUID | None = None, limit: int = 50
) -> Sequence[Case]:
    """Oldest first; `after` is the last id of the page before."""
    query = select(Case).order_by(Case.id).limit(limit)
    if wanted.kind is not None:
        query = query.where(Case.kind == wanted.kind)
    if wanted.status is not None:
        query = query.where(Case.status == wanted.status)
    if wanted.assigned_to is not None:
        query = query.where(Case.assigned_to == wanted.assigned_to)
    if wanted.reference is not None:
        query = query.where(Case.reference == wanted.reference)
    if wanted.borrower_id is not None:
        query = query.where(Case.borrower_id == wanted.borrower_id)
    if after is not None:
        query = query.where(Case.id > after)
    return (await session.scalars(query)).all()


def assign(session: AsyncSession, case: Case, staff_id: UUID, *, now: datetime) -> None:
    case.assigned_to = staff_id
    audit.record(
        session, actor=f"staff:{staff_id}", action="case.assigned",
        subject=f"case:{case.id}", now=now,
    )  # fmt: skip


async def ask_borrower(
    session: AsyncSession, case: Case, *, staff_id: UUID, question: str, now: datetime
) -> CaseMessage:
    """Send the borrower a question. Their next message in the chat is the answer."""
    actor = f"staff:{staff_id}"
    audit.move(session, CASE, case, CaseEvent.ASK, actor=actor, now=now)
    case.proposed_by = None
    message = await _say(session, case, actor, "question", question, now)
    application = await _application(session, case)
    if application is not None and application.status is ApplicationStatus.IN_REVIEW:
        audit.move(session, APPLICATION, application, ApplicationEvent.ASK, actor=actor, now=now)
        application.version += 1
    await outbox.notify(
        session,
        person_id=case.borrower_id,
        template="staff_question",
        params={"question": _body(question), "reference": case.reference},
        key=f"question:{message.id}",
        purpose=Purpose.SERVICE,
        subject=f"case:{case.id}",
        now=now,
    )
    return message


async def conversation_of(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Case | None:
    """The case that free words and files of the borrower belong to.

    That is the one in which staff wait for an answer, or have had one a moment ago, or the open
    request for a person.
    """
    if dossier.question is not None:
        return dossier.question
    answered_now = (
        select(CaseMessage.case_id)
        .where(
            CaseMessage.case_id == Case.id,
            CaseMessage.kind == "answer",
            CaseMessage.created_at > now - STILL_SPEAKING,
        )
        .exists()
    )
    found: Case | None = await session.scalar(
        select(Case)
        .where(
            Case.borrower_id == dossier.borrower.id,
            Case.status != CaseStatus.RESOLVED,
            (Case.kind == CaseKind.SUPPORT) | answered_now,
        )
        .order_by(Case.id.desc())
        .limit(1)
    )
    return found


async def require_room(session: AsyncSession, case: Case, *, now: datetime) -> None:
    """Raises TooManyMessages when staff could not read all that was written in the last hour."""
    written = await session.scalar(
        select(func.count(CaseMessage.id)).where(
            CaseMessage.case_id == case.id,
            CaseMessage.kind == "answer",
            CaseMessage.created_at > now - timedelta(hours=1),
        )
    )
    if (written or 0) >= MESSAGES_AN_HOUR:
        raise TooManyMessages(most=MESSAGES_AN_HOUR)


async def reply(
    session: AsyncSession, case: Case, text: str, *, blob_id: UUID | None = None, now: datetime
) -> None:
    """What the borrower says in a case: the answer that staff wait for, or more words."""
    actor = f"borrower:{case.borrower_id}"
    await require_room(session, case, now=now)
    await _say(session, case, actor, "answer", text, now, blob_id=blob_id)
    if case.status is not CaseStatus.WAITING:
        return
    audit.move(session, CASE, case, CaseEvent.REPLY, actor=actor, now=now)
    application = await _application(session, case)
    if application is not None and application.status is ApplicationStatus.QUESTIONED:
        audit.move(session, APPLICATION, application, ApplicationEvent.REPLY, actor=actor, now=now)
        application.version += 1


async def holds(session: AsyncSession, case: Case, blob_id: UUID) -> bool:
    found = select(CaseMessage.id).where(
        CaseMessage.case_id == case.id, CaseMessage.blob_id == blob_id
    )
    return await session.scalar(found.limit(1)) is not None


async def add_note(
    session: AsyncSession, case: Case, *, staff_id: UUID, text: str, now: datetime
) -> CaseMessage:
    return await _say(session, case, f"staff:{staff_id}", "note", text, now)


async def explain(session: AsyncSession, case: Case, text: str, *, now: datetime) -> CaseMessage:
    """A note of our own: what staff should know before they decide."""
    return await _say(session, case, audit.SYSTEM, "note", text, now)


async def ask_for_person(
    session: AsyncSession, dossier: Dossier, *, text: str | None, now: datetime
) -> tuple[Case, int]:
    """The borrower wants a human. Returns the case and its place in the queue, from 1."""
    borrower = dossier.borrower
    await lock_key(session, f"support:{borrower.id}")
    case: Case | None = await session.scalar(
        select(Case).where(
            Case.borrower_id == borrower.id,
            Case.kind == CaseKind.SUPPORT,
            Case.status != CaseStatus.RESOLVED,
        )
    )
    if case is None:
        case = await open_case(
            session, kind=CaseKind.SUPPORT, borrower_id=borrower.id, application_id=None,
            reasons=["borrower_asked"], now=now,
        )  # fmt: skip
    if text:
        await reply(session, case, text, now=now)
    before = await session.scalar(
        select(func.count(Case.id)).where(
            Case.kind == CaseKind.SUPPORT, Case.status == CaseStatus.OPEN, Case.id < case.id
        )
    )
    return case, (before or 0) + 1


def withdraw(session: AsyncSession, case: Case, *, now: datetime) -> None:
    """The application that the case is about is over."""
    audit.move(session, CASE, case, CaseEvent.RESOLVE, actor=audit.SYSTEM, now=now)
    case.verdict, case.resolved_at = "withdrawn", now


async def close_for(session: AsyncSession, application_id: UUID, *, now: datetime) -> None:
    """The application got its answer: nothing is left to look at."""
    case = await open_case_of(session, application_id)
    if case is not None:
        audit.move(session, CASE, case, CaseEvent.RESOLVE, actor=audit.SYSTEM, now=now)
        case.verdict, case.resolved_at = case.verdict or "answered", now


async def messages(session: AsyncSession, case: Case, *, now: datetime) -> list[Message]:
    rows = await session.scalars(
        select(CaseMessage).where(CaseMessage.case_id == case.id).order_by(CaseMessage.id)
    )
    key = await person_key(session, vault_of(session), case.borrower_id, now=now)
    found = []
    for row in rows:
        body = key.open_text(_place(row.id), row.body_sealed)
        found.append(Message(row.author, row.kind, body, row.created_at, row.blob_id))
    return found


async def _application(session: AsyncSession, case: Case) -> Application | None:
    if case.application_id is None:
        return None
    return await session.get(Application, case.application_id, with_for_update=True)


async def _say(
    session: AsyncSession,
    case: Case,
    author: str,
    kind: str,
    text: str,
    now: datetime,
    *,
    blob_id: UUID | None = None,
) -> CaseMessage:
    body = "" if blob_id is not None and not text else _body(text)
    key = await person_key(session, vault_of(session), case.borrower_id, now=now)
    message_id = new_id()
    message = CaseMessage(
        id=message_id,
        case_id=case.id,
        author=author,
        kind=kind,
        body_sealed=key.seal(_place(message_id), body),
        blob_id=blob_id,
        created_at=now,
    )
    session.add(message)
    await session.flush()
    return message


def _body(text: str) -> str:
    body = clean(text, LONGEST_MESSAGE)[:LONGEST_MESSAGE]
    if not body:
        raise MessageEmpty()
    return body


def _place(message_id: UUID) -> str:
    return f"case_messages.body_sealed.{message_id}"
