"""Reading decisions."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from kit.db import Sessions, reading
from kit.errors import DomainError, Kind
from scoring.models import Decision
from scoring.refusals import Sentence

EVERY_ONE: ColumnElement[bool] = true()


class DecisionNotFound(Sentence, DomainError):
    code = "decision_not_found"
    kind = Kind.NOT_FOUND
    sentence = "There is no such decision."


async def get_decision(session: AsyncSession, decision_id: UUID) -> Decision:
    decision = await session.get(Decision, decision_id)
    if decision is None:
        raise DecisionNotFound(decision_id=decision_id)
    return decision


async def find_decision(
    session: AsyncSession, application_id: UUID, *, attempt: int
) -> Decision | None:
    query = select(Decision).where(
        Decision.application_id == application_id, Decision.attempt == attempt
    )
    return (await session.execute(query)).scalar_one_or_none()


async def find_latest(session: AsyncSession, application_id: UUID) -> Decision | None:
    """The decision that stands for an application."""
    decisions = await list_decisions(session, application_id)
    return decisions[-1] if decisions else None


async def list_decisions(session: AsyncSession, application_id: UUID) -> list[Decision]:
    """All attempts, first to last."""
    query = (
        select(Decision).where(Decision.application_id == application_id).order_by(Decision.attempt)
    )
    return list((await session.execute(query)).scalars())


@dataclass(frozen=True, slots=True)
class Period:
    """From `since`, which counts, until `until`, which does not; None has no end."""

    since: datetime | None = None
    until: datetime | None = None


async def batches(
    sessions: Sessions,
    period: Period,
    *,
    only_standing: bool = False,
    among: ColumnElement[bool] = EVERY_ONE,
    size: int = 200,
) -> AsyncIterator[Sequence[Decision]]:
    """The decisions of a period in the order they were written, never all of them in memory.
    `only_standing` leaves out those that a later attempt has replaced."""
    after: UUID | None = None
    while True:
        query = made_in(period, only_standing).where(among).order_by(Decision.id).limit(size)
        if after is not None:
            query = query.where(Decision.id > after)
        async with reading(sessions) as session:
            found = (await session.scalars(query)).all()
        if not found:
            return
        after = found[-1].id
        yield found


def made_in(period: Period, only_standing: bool) -> Select[Decision]:
    query = select(Decision)
    if period.since is not None:
        query = query.where(Decision.created_at >= period.since)
    if period.until is not None:
        query = query.where(Decision.created_at < period.until)
    if only_standing:
        later = aliased(Decision)
        replaced = select(later.id).where(
            later.application_id == Decision.application_id, later.attempt > Decision.attempt
        )
        query = query.where(~replaced.exists())
    return query
