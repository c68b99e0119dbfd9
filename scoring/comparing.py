"""Models side by side: the numbers of their manifests, and what shadows would have decided."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.line_up import Pair
from scoring.models import Decision, ShadowAssessment
from scoring.policy import Outcome
from scoring.queries import EVERY_ONE, Period

_OFFERED = (Outcome.APPROVE, Outcome.COUNTER)


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


async def of_shadows(
    session: AsyncSession, period: Period, among: ColumnElement[bool] = EVERY_ONE
) -> Sequence[Beside]:
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
        .where(among)
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


@dataclass
class Agreement:
    """All that one shadow said, summed: how often the same, how many approved, how bad those."""

    pair: Pair
    ways: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)
    """What was decided, and what the shadow would have decided."""
    bad_decided: float = 0.0
    """Expected among those who were approved, by the probabilities that decided."""
    bad_would_be: float = 0.0
    """Expected among those whom the shadow would approve, by the same probabilities."""
    bad_own: float = 0.0
    """The same, by the shadow's own."""

    @property
    def count(self) -> int:
        return self.ways.total()

    @property
    def same(self) -> float:
        return self._share(sum(self.ways[each, each] for each in Outcome))

    @property
    def approved(self) -> float:
        return self._share(self._offered(0))

    @property
    def would_approve(self) -> float:
        return self._share(self._offered(1))

    @property
    def bad_rates(self) -> tuple[float | None, float | None, float | None]:
        """Of those who were approved; of the shadow's, by what decided and by its own."""
        were, would = self._offered(0), self._offered(1)
        return (
            self.bad_decided / were if were else None,
            self.bad_would_be / would if would else None,
            self.bad_own / would if would else None,
        )

    def _offered(self, place: int) -> int:
        return sum(count for way, count in self.ways.items() if way[place] in _OFFERED)

    def _share(self, part: int) -> float:
        return part / self.count if self.ways else 0.0


def agreements(rows: Sequence[Beside]) -> list[Agreement]:
    found: dict[Pair, Agreement] = {}
    for row in rows:
        pair = Pair(row.model_sha256, row.policy_sha256)
        summed = found.setdefault(pair, Agreement(pair))
        summed.ways[row.decided, row.would_be] += row.count
        if row.decided in _OFFERED:
            summed.bad_decided += row.mean_pd_decided * row.count
        if row.would_be in _OFFERED:
            summed.bad_would_be += row.mean_pd_decided * row.count
            summed.bad_own += row.mean_pd_shadow * row.count
    return list(found.values())
