"""Staff want other pictures: the photo question is asked again, and the borrower is told why."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.errors import DomainError, Kind
from kyc import verifications
from kyc.quality import Shot
from notifications import outbox
from notifications.states import Purpose
from onboarding import cases, dossiers
from onboarding.dossiers import Dossier
from onboarding.models import Case
from onboarding.states import APPLICATION, CASE, ApplicationEvent, ApplicationStatus, CaseEvent


class RetakeReason(StrEnum):
    """Why the borrower is asked again; every locale has the words for it."""

    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    GLARE = "glare"
    CUT_OFF = "cut_off"
    EXPIRED = "expired"
    WRONG_DOCUMENT = "wrong_document"
    FACES_DIFFER = "faces_differ"


class CaseWithoutPictures(DomainError):
    """The case is not about an application whose pictures a person looks at."""

    kind = Kind.CONFLICT
    code = "case_without_pictures"


async def ask(
    session: AsyncSession,
    case: Case,
    *,
    shots: Collection[Shot],
    reason: RetakeReason,
    note: str,
    staff_id: UUID,
    now: datetime,
) -> Case:
    """Ask for these pictures again. When they have come, the check runs and the case goes on."""
    actor = f"staff:{staff_id}"
    dossier = await dossiers.get(session, case.borrower_id, lock=True)
    verification = dossier.verification
    application = dossier.application
    if verification is None or application is None or case.application_id != application.id:
        raise CaseWithoutPictures(reference=case.reference)
    audit.move(session, CASE, case, CaseEvent.RETAKE, actor=actor, now=now, reason=reason)
    case.proposed_by = case.verdict = None
    verifications.send_back(
        session, verification, shots, actor=actor, reason=f"case {case.reference}: {reason}",
        now=now,
    )  # fmt: skip
    await cases.add_note(session, case, staff_id=staff_id, text=note, now=now)
    _ask_again(session, dossier, actor, now)
    await outbox.notify(
        session,
        person_id=case.borrower_id,
        template="pictures_wanted",
        params={"pictures": _named(shots), "reason": reason, "button": "status"},
        key=f"retake:{verification.id}:{verification.attempts}",
        purpose=Purpose.SERVICE,
        subject=f"case:{case.id}",
        now=now,
    )
    return case


def _ask_again(session: AsyncSession, dossier: Dossier, actor: str, now: datetime) -> None:
    application = dossier.draft
    if application.status is ApplicationStatus.IN_REVIEW:
        audit.move(session, APPLICATION, application, ApplicationEvent.ASK, actor=actor, now=now)
    application.version += 1


def _named(shots: Collection[Shot]) -> str:
    return "both" if len(set(shots)) > 1 else next(iter(shots))
