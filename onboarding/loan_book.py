"""The lender's own book as training rows: what was known when a loan was decided, how it ended."""

from collections.abc import AsyncIterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring import snapshot as snapshots
from scoring.features import registry
from scoring.features.registry import Value
from scoring.models import Decision
from servicing import outcomes

TIME, TARGET = "decided_on", "bad"
_NOT_TO_DECIDE_BY = frozenset({"age_years", "dependents"})
"""What the law of many countries keeps out of such a model; the policy has a rule for age."""


def features() -> list[str]:
    """The inputs of a row: nothing by which a person could be found."""
    return [name for name in registry.names() if name not in _NOT_TO_DECIDE_BY]


async def rows(
    session: AsyncSession, *, late_days: int, within_days: int, on: date
) -> AsyncIterator[dict[str, Value]]:
    """One row for each loan that is old enough and was decided here, from the stored snapshot."""
    wanted = features()
    async for outcome in outcomes.list_matured(
        session, late_days=late_days, within_days=within_days, on=on
    ):
        decision = await session.scalar(
            select(Decision)
            .where(Decision.application_id == outcome.application_id)
            .order_by(Decision.attempt.desc())
            .limit(1)
        )
        if decision is None:
            continue
        known = registry.values(snapshots.from_json(decision.snapshot), wanted)
        day = decision.created_at.date().isoformat()
        session.expunge(decision)
        yield {TIME: day, **known, TARGET: int(outcome.went_bad)}
