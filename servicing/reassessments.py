"""A later look at a running loan: how likely it is now that it goes bad."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from servicing import queries
from servicing.models import Loan


async def reassess(
    session: AsyncSession, loan_id: UUID, *, pd_ppm: int, actor: str, now: datetime
) -> Loan:
    """Expected loss counts with it from now on; what was believed at first stays beside it."""
    loan = await queries.get_loan(session, loan_id, lock=True)
    audit.record(
        session, actor=actor, action="loan.reassess", subject=loan.subject, now=now,
        before=loan.pd_now_ppm, pd_ppm=pd_ppm,
    )  # fmt: skip
    loan.pd_now_ppm = pd_ppm
    return loan
