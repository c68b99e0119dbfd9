"""What goes on beside the conversation: the identity check and what follows from it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, jobs
from kit.config import Settings
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.errors import DomainError
from kyc import checks, duplicates, verifications
from kyc import queries as verification_queries
from kyc.checks import CheckResult, Evidence
from kyc.embedded import Check
from kyc.models import Verification
from kyc.states import CheckKind, CheckVerdict, VerificationStatus
from notifications import outbox
from notifications.states import Purpose
from onboarding import cases, checking, decisioning, dossiers, identity, reviews, screening, signals
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier
from onboarding.states import ApplicationStatus, CaseKind


@jobs.effect("onboarding.identify", queue="heavy")
async def identify(context: jobs.Context, *, verification_id: str) -> None:
    """Make every check (outside any transaction), then conclude and go on."""
    number = UUID(verification_id)
    async with unit_of_work(context.sessions) as session:
        evidence = await _evidence(session, number, now=context.clock.now())
        if evidence is None:
            return  # A repeat: the check has been concluded.
        replaced = context.service(Settings).kyc_providers
        made_by = await checking.checks_of(session, number, replaced)
    results = [await _made(kind, check, evidence) for kind, check in made_by.items()]
    async with unit_of_work(context.sessions) as session:
        await conclude(
            session, number, results, context.service(Underwriter), now=context.clock.now()
        )


async def _made(kind: CheckKind, check: Check, evidence: Evidence) -> CheckResult:
    try:
        return await checking.make(kind, check, evidence)
    except DomainError as refusal:
        return CheckResult(kind, CheckVerdict.DOUBT, audit.SYSTEM, (refusal.code,))


async def _evidence(
    session: AsyncSession, verification_id: UUID, *, now: datetime
) -> Evidence | None:
    verification = await verification_queries.get_verification(session, verification_id)
    if verification.status is not VerificationStatus.CHECKING:
        return None
    dossier = await dossiers.get(session, verification.borrower_id)
    return await identity.evidence(session, dossier, verification, now=now)


async def conclude(
    session: AsyncSession,
    verification_id: UUID,
    results: Sequence[CheckResult],
    underwriter: Underwriter,
    *,
    now: datetime,
) -> None:
    """Write the verdict down, tell the borrower, and decide an application that waited for it."""
    await dossiers.hold_owner(session, Verification, verification_id)
    verification = await verification_queries.get_verification(session, verification_id, lock=True)
    if verification.status is not VerificationStatus.CHECKING:
        return
    dossier = await dossiers.get(session, verification.borrower_id, lock=True)
    results = [*await checks.made(session, verification), *results]
    seen = await duplicates.check(
        session, vault_of(session), verification, results,
        shared=await signals.shared(session, dossier), now=now,
    )  # fmt: skip
    if all(result.kind is not CheckKind.DUPLICATES for result in results):
        results = [*results, seen]
    await verifications.conclude(session, vault_of(session), verification, results, now=now)
    await screening.remember(session, verification.borrower_id, results, now=now)
    await session.flush()
    await _follow(session, dossier, verification, underwriter, now)


async def _follow(
    session: AsyncSession,
    dossier: Dossier,
    verification: Verification,
    underwriter: Underwriter,
    now: datetime,
) -> None:
    passed = verification.status is VerificationStatus.PASSED
    application = dossier.draft
    if application.status is ApplicationStatus.SUBMITTED:
        await decisioning.decide_when_ready(session, dossier, underwriter, now=now)
        await reviews.announce(session, dossier, is_awaited=True, now=now)
        return
    if passed:
        await cases.close_for(session, application.id, now=now)
    if not passed and application.status is ApplicationStatus.DRAFT:
        await cases.open_case(
            session,
            kind=CaseKind.IDENTITY,
            borrower_id=dossier.borrower.id,
            application_id=application.id,
            reasons=list(verification.reasons),
            needs_second=await decisioning.needs_second(session, verification),
            now=now,
        )
    await outbox.notify(
        session,
        person_id=dossier.borrower.id,
        template="identity_passed" if passed else "identity_needs_person",
        params={},
        key=f"identity:{verification.id}:{verification.attempts}",
        purpose=Purpose.CRITICAL,
        subject=f"application:{application.id}",
        now=now,
    )
