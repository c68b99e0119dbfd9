"""When the outside contradicts what we know about money: write it down, post nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.db import insert_once
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.ids import new_id
from servicing.models import Incident


class IncidentNotFound(DomainError):
    """There is no such incident, or it is resolved."""

    kind = Kind.NOT_FOUND
    code = "incident_not_found"


async def report(
    session: AsyncSession, *, kind: str, subject: str, now: datetime, **facts: Any
) -> None:
    """Once per kind and subject, however often the outside repeats itself. What was resolved is
    open again when something else is said."""
    wrote = await insert_once(
        session, Incident, id=new_id(), kind=kind, subject=subject, facts=facts, at=now
    )
    if wrote or await _is_told_anew(session, kind, subject, facts, now=now):
        audit.record(
            session, actor=audit.SYSTEM, action=f"incident.{kind}", subject=subject, now=now,
            **facts,
        )  # fmt: skip


async def _is_told_anew(
    session: AsyncSession, kind: str, subject: str, facts: Mapping[str, Any], *, now: datetime
) -> bool:
    """Whether it was resolved and says something else now."""
    incident = await session.scalar(
        select(Incident)
        .where(
            Incident.kind == kind, Incident.subject == subject, Incident.resolved_at.is_not(None)
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if incident is None or incident.facts == facts:
        return False
    incident.facts, incident.at, incident.resolved_at = dict(facts), now, None
    return True


async def is_reported(session: AsyncSession, *, kind: str, subject: str) -> bool:
    """Whether it ever was, resolved or not."""
    found = await session.scalar(
        select(Incident.id).where(Incident.kind == kind, Incident.subject == subject)
    )
    return found is not None


async def list_open(
    session: AsyncSession, *, after: UUID | None = None, limit: int | None = None
) -> list[Incident]:
    """The oldest first. `after`: the last id of the page before."""
    query = select(Incident).where(Incident.resolved_at.is_(None))
    if after is not None:
        query = query.where(Incident.id > after)
    return list(await session.scalars(query.order_by(Incident.id).limit(limit)))


async def put_right(
    session: AsyncSession, *, kind: str, subject: str, actor: str, now: datetime
) -> None:
    """What it says is in the books now."""
    incident = await session.scalar(
        select(Incident).where(
            Incident.kind == kind, Incident.subject == subject, Incident.resolved_at.is_(None)
        )
    )
    if incident is not None:
        incident.resolved_at = now
        audit.record(
            session, actor=actor, action=f"incident.{kind}.put_right", subject=subject, now=now
        )


async def resolve(
    session: AsyncSession, incident_id: UUID, *, staff_id: UUID, reason: str, now: datetime
) -> Proposal:
    """Two people say that it is understood and put right, as it was told last. It posts nothing."""
    incident = await session.get(
        Incident, incident_id, with_for_update=True, populate_existing=True
    )
    if incident is None or incident.resolved_at is not None:
        raise IncidentNotFound()
    proposal = await four_eyes.agree(
        session, act="incident.resolve", subject=f"incident:{incident.id}", staff_id=staff_id,
        reason=reason, now=now, told_at=incident.at.isoformat(),
    )  # fmt: skip
    if proposal.is_confirmed:
        incident.resolved_at = now
    return proposal
