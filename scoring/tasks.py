"""Jobs of scoring: what is assessed beside the borrower's way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from scoring import shadow


@jobs.task("scoring.shadow")
async def assess_by_shadows(session: AsyncSession, *, decision_id: str, now: datetime) -> None:
    await shadow.assess(session, UUID(decision_id), now=now)
