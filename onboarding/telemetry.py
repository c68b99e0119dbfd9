"""How the form is filled in, recorded as it happens: which question, when, how long, never what."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from onboarding.models import Application, BehaviorEvent
from scoring.behaviour import Event, EventKind

_TELLING = (EventKind.ANSWERED, EventKind.EDITED)
_SHOWN = "shown"
"""The fact of an act that names the question which appeared after it."""
RESUMED_AFTER = timedelta(minutes=30)


async def shown(session: AsyncSession, application_id: UUID, field: str, *, now: datetime) -> None:
    """A question appeared. After a long silence that is a resumed session as well."""
    act = _act_of_now(session, application_id)
    if act is not None:
        # Nearly always a question follows an answer, in the same transaction: one row for both.
        act.facts = {**act.facts, _SHOWN: field}
        return
    last = await _last(session, application_id)
    if last is not None and now - last >= RESUMED_AFTER:
        record(session, application_id, EventKind.RESUMED, field, now=now)
    record(session, application_id, EventKind.SHOWN, field, now=now)


def record(
    session: AsyncSession,
    application_id: UUID,
    kind: EventKind,
    field: str,
    *,
    now: datetime,
    length: int | None = None,
    **facts: str | int,
) -> None:
    session.add(
        BehaviorEvent(
            application_id=application_id,
            kind=kind,
            field=field,
            at=now,
            length=length,
            facts=facts,
        )
    )


def _act_of_now(session: AsyncSession, application_id: UUID) -> BehaviorEvent | None:
    """What the person did in this very transaction."""
    acts = [
        row
        for row in session.new
        if isinstance(row, BehaviorEvent) and row.application_id == application_id
    ]
    return acts[-1] if acts else None


async def _last(session: AsyncSession, application_id: UUID) -> datetime | None:
    found: datetime | None = await session.scalar(
        select(BehaviorEvent.at)
        .where(BehaviorEvent.application_id == application_id)
        .order_by(BehaviorEvent.id.desc())
        .limit(1)
    )
    return found


async def answered_by(session: AsyncSession, application_id: UUID, message_id: int) -> str | None:
    """Which question a message answered."""
    rows = await session.scalars(
        select(BehaviorEvent).where(
            BehaviorEvent.application_id == application_id,
            BehaviorEvent.kind == EventKind.ANSWERED,
        )
    )
    return next((row.field for row in rows if row.facts.get("message") == message_id), None)


async def told_at(session: AsyncSession, borrower_id: UUID) -> dict[str, datetime]:
    """When each question was last answered, in whichever application."""
    found = await session.execute(
        select(BehaviorEvent.field, func.max(BehaviorEvent.at))
        .join(Application, Application.id == BehaviorEvent.application_id)
        .where(Application.borrower_id == borrower_id, BehaviorEvent.kind.in_(_TELLING))
        .group_by(BehaviorEvent.field)
    )
    return dict(found.all())


async def events_of(session: AsyncSession, application_id: UUID) -> list[Event]:
    rows = await session.scalars(
        select(BehaviorEvent)
        .where(BehaviorEvent.application_id == application_id)
        .order_by(BehaviorEvent.id)
    )
    return [event for row in rows for event in _told(row)]


def _told(row: BehaviorEvent) -> Iterator[Event]:
    yield Event(EventKind(row.kind), row.field, row.at, length=row.length)
    if _SHOWN in row.facts:
        yield Event(EventKind.SHOWN, row.facts[_SHOWN], row.at)
