"""Reading what the daily looks measured."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.watching.models import WatchMeasure
from scoring.watching.report import Kind


async def newest(session: AsyncSession, *, model_sha256: str = "") -> Sequence[WatchMeasure]:
    """All measures of the newest day, of one model or of all."""
    day = select(func.max(WatchMeasure.on)).scalar_subquery()
    query = select(WatchMeasure).where(WatchMeasure.on == day)
    if model_sha256:
        query = query.where(WatchMeasure.model_sha256.startswith(model_sha256, autoescape=True))
    return (await session.scalars(query.order_by(WatchMeasure.id))).all()


async def course(
    session: AsyncSession,
    kind: Kind,
    *,
    since: date,
    subject: str = "",
    model_sha256: str = "",
) -> Sequence[WatchMeasure]:
    """One measure from day to day, the oldest first."""
    query = select(WatchMeasure).where(
        WatchMeasure.kind == kind, WatchMeasure.subject == subject, WatchMeasure.on >= since
    )
    if model_sha256:
        query = query.where(WatchMeasure.model_sha256.startswith(model_sha256, autoescape=True))
    return (await session.scalars(query.order_by(WatchMeasure.on, WatchMeasure.id))).all()
