"""Models side by side: the numbers of their manifests, and what shadows would have decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.models import Decision, ShadowAssessment
from scoring.policy import Outcome
from scoring.queries import Period


@dataclass(frozen=True, slots=True)
class Beside:
    """What a shadow said in a period, by what was decided."""

    model_sha256: str
    policy_sha256: str
    decided: Outcome
    would_be: Outcome
    currency: str
    count: int
    mean_pd_decided: float
    mean_pd_shadow: float
    approved_minor: int
    would_approve_minor: int


async def of_shadows(session: AsyncSession, period: Period) -> Sequence[Beside]:
    said = ShadowAssessment
    query = (
        select(
            said.model_sha256,
            said.policy_sha256,
            Decision.outcome,
            said.outcome,
            Decision.currency,
            func.count(),
            func.avg(Decision.pd),
            func.avg(said.pd),
            func.sum(Decision.approved_minor),
            func.sum(said.approved_minor),
        )
        .join(Decision, Decision.id == said.decision_id)
        .group_by(
            said.model_sha256, said.policy_sha256, Decision.outcome, said.outcome, Decision.currency
        )
        .order_by(
            said.model_sha256, said.policy_sha256, Decision.currency, Decision.outcome, said.outcome
        )
    )
    if period.since is not None:
        query = query.where(said.created_at >= period.since)
    if period.until is not None:
        query = query.where(said.created_at < period.until)
    return [
        Beside(
            model_sha256=row[0], policy_sha256=row[1], decided=row[2], would_be=row[3],
            currency=row[4], count=int(row[5]), mean_pd_decided=float(row[6]),
            mean_pd_shadow=float(row[7]), approved_minor=int(row[8]),
            would_approve_minor=int(row[9]),
        )
        for row in await session.execute(query)
    ]  # fmt: skip
