"""Which checks an identity gets: Kopa's own, or of the lender's providers; and how one is made."""

from collections.abc import Mapping
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.config import CheckName, KycProvider
from kit.errors import DomainError, TransientFailure
from kyc import checks, embedded, providers, queries
from kyc.checks import CheckResult, Evidence
from kyc.embedded import Check
from kyc.screening import check, hits, lists
from kyc.states import CheckKind, CheckVerdict

log = structlog.get_logger(__name__)


async def checks_of(
    session: AsyncSession,
    verification_id: UUID,
    replaced: Mapping[CheckName, KycProvider],
) -> Mapping[CheckKind, Check]:
    """What is still to be made, in this order; a provider takes the place of Kopa's own."""
    verification = await queries.get_verification(session, verification_id)
    against_lists = check.against(
        await lists.index(session), await hits.cleared(session, verification.borrower_id)
    )
    attempt = f"identity:{verification.id}:{verification.attempts}"
    wanted: dict[CheckKind, Check] = {
        **embedded.CHECKS,
        CheckKind.SCREENING: against_lists,
        **providers.checks(replaced, attempt),
    }
    if verification.clip_waived is not None:
        # There is no film that a provider could look at.
        wanted[CheckKind.LIVENESS] = embedded.CHECKS[CheckKind.LIVENESS]
    made = {result.kind for result in await checks.made(session, verification)}
    return {kind: check for kind, check in wanted.items() if kind not in made}


async def make(kind: CheckKind, check: Check, evidence: Evidence) -> CheckResult:
    """Raises DomainError for what cannot be looked at, other failures when trying again helps."""
    try:
        return await check(evidence)
    except (DomainError, TransientFailure, OperationalError):
        raise
    except Exception as fault:
        # Libraries raise whatever they stumble over in a picture: nobody waits for ever for that.
        log.error("identity.check_failed", check=kind, error=type(fault).__name__)
        return CheckResult(kind, CheckVerdict.DOUBT, audit.SYSTEM, ("check_failed",))
