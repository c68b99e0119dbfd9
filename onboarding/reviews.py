"""Staff decide a case: approve, decline with reasons, two people for an override."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.errors import DomainError, Kind
from kit.money import Money
from kyc import verifications
from kyc.screening import hits
from kyc.screening.models import Outcome
from kyc.states import VerificationStatus
from kyc.verifications import PersonVerdict
from notifications import outbox
from notifications.states import Purpose
from onboarding import cases, decisioning, dossiers, guarantees, offers
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier
from onboarding.models import Case
from onboarding.states import (
    APPLICATION,
    CASE,
    ApplicationEvent,
    ApplicationStatus,
    CaseEvent,
    CaseKind,
    CaseStatus,
)

DECLINE_REASONS = (
    "income_not_confirmed",
    "obligations_too_high",
    "identity_not_confirmed",
    "information_contradicts",
    "repayment_history",
    "not_lawful_any_more",
    "suspected_fraud",
)
"""Reasons that staff may give; every locale has the borrower's words for them."""


class CaseResolved(DomainError):
    kind = Kind.CONFLICT
    code = "case_resolved"


class CaseNeedsDecision(DomainError):
    """Only support cases are closed; others are approved or declined."""

    kind = Kind.CONFLICT
    code = "case_needs_decision"


class PicturesAwaited(DomainError):
    """New pictures were asked for: the case goes on when they have been checked."""

    kind = Kind.CONFLICT
    code = "pictures_awaited"


class ReasonsNeeded(DomainError):
    code = "decline_reasons_needed"


async def approve(
    session: AsyncSession,
    case: Case,
    *,
    staff_id: UUID,
    note: str,
    underwriter: Underwriter,
    now: datetime,
) -> Case:
    """Say yes. An override is only proposed by the first member of staff; the second decides."""
    _require_open(case)
    if case.status is CaseStatus.RETAKING:
        raise PicturesAwaited(reference=case.reference)
    await cases.add_note(session, case, staff_id=staff_id, text=note, now=now)
    if case.needs_second and case.proposed_by is None:
        actor = f"staff:{staff_id}"
        audit.move(session, CASE, case, CaseEvent.PROPOSE, actor=actor, now=now)
        case.proposed_by, case.verdict = staff_id, "approve"
        return case
    if case.needs_second:
        if case.proposed_by == staff_id:
            raise four_eyes.SameStaff()
        case.confirmed_by = staff_id
    _resolve(session, case, "approve", staff_id, now)
    await _settle_hits(session, case, Outcome.CLEARED, now)
    if case.application_id is not None:
        await _follow_approval(session, case, staff_id, underwriter, now)
    return case


async def decline(
    session: AsyncSession,
    case: Case,
    *,
    staff_id: UUID,
    reasons: list[str],
    note: str,
    now: datetime,
) -> Case:
    """Say no, with one to four reasons that the borrower is told."""
    _require_open(case)
    if not 1 <= len(set(reasons)) <= 4 or not set(reasons) <= set(DECLINE_REASONS):
        raise ReasonsNeeded(known=", ".join(DECLINE_REASONS))
    await cases.add_note(session, case, staff_id=staff_id, text=note, now=now)
    case.verdict_reasons = list(dict.fromkeys(reasons))
    _resolve(session, case, "decline", staff_id, now)
    await _settle_hits(session, case, Outcome.CONFIRMED, now)
    if case.application_id is not None:
        await _follow_decline(session, case, staff_id, now)
    return case


async def close(
    session: AsyncSession, case: Case, *, staff_id: UUID, note: str, now: datetime
) -> Case:
    """End a support case. A case about an application ends with a decision."""
    _require_open(case)
    if case.kind is not CaseKind.SUPPORT:
        raise CaseNeedsDecision(reference=case.reference)
    await cases.add_note(session, case, staff_id=staff_id, text=note, now=now)
    _resolve(session, case, "closed", staff_id, now)
    return case


async def _settle_hits(session: AsyncSession, case: Case, outcome: Outcome, now: datetime) -> None:
    """Whoever says that the identity holds has seen its hits. A refused identity proves none."""
    is_told = case.kind is CaseKind.SCREENING
    if is_told or (case.kind is CaseKind.IDENTITY and outcome is Outcome.CLEARED):
        case_id = case.id if is_told else None
        await hits.settle(session, case.borrower_id, outcome, case_id=case_id, now=now)


def _require_open(case: Case) -> None:
    if case.status is CaseStatus.RESOLVED:
        raise CaseResolved(reference=case.reference)


def _resolve(
    session: AsyncSession, case: Case, verdict: str, staff_id: UUID, now: datetime
) -> None:
    audit.move(
        session, CASE, case, CaseEvent.RESOLVE, actor=f"staff:{staff_id}", now=now, verdict=verdict
    )
    case.verdict, case.resolved_at = verdict, now


async def _follow_approval(
    session: AsyncSession,
    case: Case,
    staff_id: UUID,
    underwriter: Underwriter,
    now: datetime,
) -> None:
    dossier = await dossiers.get(session, case.borrower_id, lock=True)
    if case.kind is CaseKind.IDENTITY:
        _settle_identity(session, dossier, case, staff_id, PersonVerdict.PASSED, now)
        dossier = await dossiers.of(session, dossier.borrower)
        is_drafting = dossier.draft.status is ApplicationStatus.DRAFT
        standing = await guarantees.standing_of(session, dossier)
        if not is_drafting and standing is guarantees.Standing.GIVEN:
            await decisioning.decide(session, dossier, underwriter, now=now)
    else:
        await guarantees.require(session, dossier)
        await _offer_in_full(session, dossier, staff_id, now)
    await announce(session, await dossiers.of(session, dossier.borrower), now=now)


async def _offer_in_full(
    session: AsyncSession, dossier: Dossier, staff_id: UUID, now: datetime
) -> None:
    application = dossier.draft
    audit.move(
        session, APPLICATION, application, ApplicationEvent.OFFER, actor=f"staff:{staff_id}",
        now=now,
    )  # fmt: skip
    assert application.amount_minor is not None
    asked = Money(application.amount_minor, application.currency or "")
    await offers.make(session, dossier, asked, now=now)
    application.version += 1


async def _follow_decline(session: AsyncSession, case: Case, staff_id: UUID, now: datetime) -> None:
    dossier = await dossiers.get(session, case.borrower_id, lock=True)
    application = dossier.draft
    if case.kind is CaseKind.IDENTITY:
        _settle_identity(session, dossier, case, staff_id, PersonVerdict.REFUSED, now)
    actor = f"staff:{staff_id}"
    audit.move(session, APPLICATION, application, ApplicationEvent.DECLINE, actor=actor, now=now)
    application.decline_reasons = case.verdict_reasons
    application.version += 1
    await announce(session, dossier, now=now)


def _settle_identity(
    session: AsyncSession,
    dossier: Dossier,
    case: Case,
    staff_id: UUID,
    verdict: PersonVerdict,
    now: datetime,
) -> None:
    verification = dossier.verification
    if verification is not None and verification.status is VerificationStatus.NEEDS_PERSON:
        # The note is sealed with the case; the trail only says where it stands.
        verifications.decide_by_person(
            session, verification, actor=f"staff:{staff_id}", verdict=verdict,
            reason=f"case {case.reference}", now=now,
        )  # fmt: skip


async def announce(
    session: AsyncSession, dossier: Dossier, *, is_awaited: bool = False, now: datetime
) -> None:
    """Tell the borrower that there is something to see. The chat shows the answer itself.

    Somebody who has just sent the application waits for it (`is_awaited`), at any hour.
    """
    application = dossier.draft
    await outbox.notify(
        session,
        person_id=dossier.borrower.id,
        template="application_news",
        params={"reference": application.reference, "button": "status"},
        key=f"news:{application.id}:{application.version}",
        purpose=Purpose.CRITICAL if is_awaited else Purpose.SERVICE,
        subject=f"application:{application.id}",
        now=now,
    )
