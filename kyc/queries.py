"""Reading verifications."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit.db import one_of
from kit.errors import DomainError, Kind
from kyc.models import Verification
from kyc.states import OPEN_STATUSES


class VerificationNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "verification_not_found"


async def get_verification(
    session: AsyncSession, verification_id: UUID, *, lock: bool = False
) -> Verification:
    verification = await session.get(
        Verification, verification_id, with_for_update=True if lock else None
    )
    if verification is None:
        raise VerificationNotFound(verification_id=verification_id)
    return verification


def current(borrower_id: InstrumentedAttribute[UUID]) -> Select[UUID]:
    """Ids of a borrower's verifications: the one under way first, then the latest ones."""
    return (
        select(Verification.id)
        .where(Verification.borrower_id == borrower_id)
        .order_by(one_of(Verification.status, OPEN_STATUSES).desc(), Verification.id.desc())
    )


async def find_open(session: AsyncSession, borrower_id: UUID) -> Verification | None:
    """The one under way: pictures are collected, checked, or a person looks at them."""
    return await session.scalar(
        select(Verification).where(
            Verification.borrower_id == borrower_id, Verification.status.in_(OPEN_STATUSES)
        )
    )
