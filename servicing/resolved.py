"""What people have resolved: money that had waited, incidents, breaks."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.models import Incident, ReconciliationBreak, SuspenseItem

R = TypeVar("R", SuspenseItem, Incident, ReconciliationBreak)


async def list_over(
    session: AsyncSession, model: type[R], *, after: UUID | None, limit: int | None
) -> Sequence[R]:
    """What came last first. `after`: the last id of the page before."""
    query = select(model).where(model.resolved_at.is_not(None))
    if after is not None:
        query = query.where(model.id < after)
    return (await session.scalars(query.order_by(model.id.desc()).limit(limit))).all()
