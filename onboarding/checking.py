"""Which checks an identity gets: Kopa's own, or of the lender's providers."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.config import CheckName, KycProvider
from kyc import embedded, providers, queries
from kyc.embedded import Check
from kyc.screening import check, hits, lists
from kyc.states import CheckKind


async def checks_of(
    session: AsyncSession,
    verification_id: UUID,
    replaced: Mapping[CheckName, KycProvider],
) -> Mapping[CheckKind, Check]:
    """In the order in which they are made; a provider takes the place of Kopa's own."""
    verification = await queries.get_verification(session, verification_id)
    against_lists = check.against(
        await lists.index(session), await hits.cleared(session, verification.borrower_id)
    )
    attempt = f"identity:{verification.id}:{verification.attempts}"
    return {
        **embedded.CHECKS,
        CheckKind.SCREENING: against_lists,
        **providers.checks(replaced, attempt),
    }
