"""When the outside contradicts what we know about money: write it down, post nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.db import insert_once
from kit.ids import new_id
from servicing.models import Incident


async def report(
    session: AsyncSession, *, kind: str, subject: str, now: datetime, **facts: Any
) -> None:
    """Once per kind and subject, however often the outside repeats itself."""
    wrote = await insert_once(
        session, Incident, id=new_id(), kind=kind, subject=subject, facts=facts, at=now
    )
    if wrote:
        audit.record(
            session, actor=audit.SYSTEM, action=f"incident.{kind}", subject=subject, now=now,
            **facts,
        )  # fmt: skip


async def list_open(session: AsyncSession) -> list[Incident]:
    rows = await session.scalars(
        select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id)
    )
    return list(rows)
