"""What staff have to look at: raised once, renewed while it stands, cleared when it ends."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.ids import new_id
from scoring.watching.models import RiskAlert
from scoring.watching.report import Alert


class RiskAlertNotFound(DomainError):
    """There is no such alert."""

    kind = Kind.NOT_FOUND
    code = "risk_alert_not_found"


async def settle(
    session: AsyncSession, kinds: Collection[str], standing: Iterable[Alert], *, now: datetime
) -> list[RiskAlert]:
    """All that stands now of these kinds: new alerts are raised, those that ended are cleared.

    Returns the new ones.
    """
    await lock_key(session, "risk_alerts")
    query = select(RiskAlert).where(RiskAlert.cleared_at.is_(None), RiskAlert.kind.in_(kinds))
    known = {(row.kind, row.subject): row for row in await session.scalars(query)}
    raised = []
    for alert in standing:
        row = known.pop((alert.kind, alert.subject), None)
        if row is None:
            raised.append(_raise(session, alert, now))
        else:
            row.evidence, row.stood_at = dict(alert.evidence), now
    for ended in known.values():
        ended.cleared_at = now
        _record(session, "cleared", ended, audit.SYSTEM, now)
    await session.flush()
    return raised


async def get(session: AsyncSession, alert_id: UUID) -> RiskAlert:
    row = await session.get(RiskAlert, alert_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise RiskAlertNotFound()
    return row


async def list_standing(
    session: AsyncSession,
    *,
    kinds: Collection[str] | None = None,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[RiskAlert]:
    """The oldest first. `after`: the last id of the page before."""
    query = select(RiskAlert).where(RiskAlert.cleared_at.is_(None))
    if kinds is not None:
        query = query.where(RiskAlert.kind.in_(kinds))
    if after is not None:
        query = query.where(RiskAlert.id > after)
    return list(await session.scalars(query.order_by(RiskAlert.id).limit(limit)))


async def count_unseen(session: AsyncSession) -> int:
    query = select(func.count(RiskAlert.id)).where(
        RiskAlert.cleared_at.is_(None), RiskAlert.seen_at.is_(None)
    )
    return await session.scalar(query) or 0


async def note(
    session: AsyncSession, alert_id: UUID, *, staff_id: UUID, text: str, now: datetime
) -> RiskAlert:
    """Somebody has looked, and says what they make of it. It stands until it is no longer so."""
    row = await get(session, alert_id)
    row.seen_by, row.seen_at, row.note = staff_id, now, text
    _record(session, "seen", row, f"staff:{staff_id}", now)
    return row


def _raise(session: AsyncSession, alert: Alert, now: datetime) -> RiskAlert:
    row = RiskAlert(
        id=new_id(), kind=alert.kind, subject=alert.subject, evidence=dict(alert.evidence),
        raised_at=now, stood_at=now,
    )  # fmt: skip
    session.add(row)
    _record(session, "raised", row, audit.SYSTEM, now)
    return row


def _record(session: AsyncSession, what: str, row: RiskAlert, actor: str, now: datetime) -> None:
    audit.record(
        session, actor=actor, action=f"risk_alert.{what}", subject=f"risk_alert:{row.id}", now=now,
        kind=row.kind, about=row.subject,
    )  # fmt: skip
