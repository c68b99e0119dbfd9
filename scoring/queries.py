"""Reading decisions."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import DomainError, Kind
from scoring.models import Decision
from scoring.refusals import Sentence


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
