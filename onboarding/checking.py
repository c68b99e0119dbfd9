"""Which checks an identity gets: Kopa's own, and that against the lists."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kyc import embedded, queries
from kyc.embedded import Check
from kyc.screening import check, hits, lists
from kyc.states import CheckKind


async def checks_of(session: AsyncSession, verification_id: UUID) -> Mapping[CheckKind, Check]:
    """In the order in which they are made."""
    verification = await queries.get_verification(session, verification_id)
    against_lists = check.against(
        await lists.index(session), await hits.cleared(session, verification.borrower_id)
    )
    return {**embedded.CHECKS, CheckKind.SCREENING: against_lists}
