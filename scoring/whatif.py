"""What would have been: the stored snapshots of a period under another model or policy."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import ColumnElement

from kit.db import Sessions, reading
from kit.errors import DomainError
from kit.money import Money
from scoring import decisions, queries, snapshot, versions
from scoring.engine import Assessment
from scoring.line_up import Pair
from scoring.model.predictor import Model
from scoring.models import Decision
from scoring.policy import Outcome, Policy
from scoring.queries import Period

EXAMPLES = 3
"""Per way from one outcome to another."""
_WHOLE_BPS = 10_000
Progress = Callable[[int], None]
Way = tuple[Outcome, Outcome]
"""What was decided, and what would have been."""


@dataclass(frozen=True, slots=True)
class Sums:
    """In minor units of one currency."""

    approved_minor: int = 0
    loss_minor: int = 0
    """Expected: probability times what was approved times the share that is lost of it, by the
    policy that judges now."""


@dataclass(frozen=True, slots=True)
class Example:
    decision: str
    before: Outcome
    after: Outcome
    pd_before: float
    pd_after: float
    approved_before: str
    approved_after: str
    currency: str
    reasons_before: list[str]
    reasons_after: list[str]


@dataclass
class Report:
    """Sums and a few examples, whatever the number of decisions."""

    decisions: int = 0
    impossible: int = 0
    """Their own model or policy is not kept, or this program cannot load it."""
    is_cut_short: bool = False
    ways: Counter[Way] = field(default_factory=Counter)
    before: dict[str, Sums] = field(default_factory=dict)
    after: dict[str, Sums] = field(default_factory=dict)
    reasons_before: Counter[str] = field(default_factory=Counter)
    reasons_after: Counter[str] = field(default_factory=Counter)
    grades_before: Counter[str] = field(default_factory=Counter)
    grades_after: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)

    def add(self, made: Decision, other: Assessment, lgd_bps: int) -> None:
        way = (made.outcome, other.outcome)
        self.decisions += 1
        self.ways[way] += 1
        _sum(self.before, made.currency, made.pd, made.approved_minor, lgd_bps)
        _sum(self.after, made.currency, other.pd, other.approved_minor, lgd_bps)
        self.reasons_before.update(made.reasons)
        self.reasons_after.update(other.reasons)
        self.grades_before[made.grade] += 1
        self.grades_after[other.grade] += 1
        if made.outcome is not other.outcome and self.ways[way] <= EXAMPLES:
            self.examples.append(_example(made, other))

    @property
    def changed(self) -> int:
        return sum(count for (old, new), count in self.ways.items() if old is not new)

    def approval_share(self, *, after: bool) -> float:
        approved = sum(
            count
            for way, count in self.ways.items()
            if way[after] in (Outcome.APPROVE, Outcome.COUNTER)
        )
        return approved / self.decisions if self.decisions else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "decisions": self.decisions,
            "changed": self.changed,
            "impossible": self.impossible,
            "is_cut_short": self.is_cut_short,
            "approval_share": {
                "before": round(self.approval_share(after=False), 6),
                "after": round(self.approval_share(after=True), 6),
            },
            "outcomes": {old: {new: self.ways[old, new] for new in Outcome} for old in Outcome},
            "amounts": {
                currency: {
                    "before": _shown(self.before[currency], currency),
                    "after": _shown(self.after[currency], currency),
                }
                for currency in sorted(self.before)
            },
            "grades": _beside(self.grades_before, self.grades_after),
            "reasons": _beside(self.reasons_before, self.reasons_after),
            "examples": [asdict(example) for example in self.examples],
        }


async def replay(
    sessions: Sessions,
    period: Period,
    *,
    model: Model | None,
    policy: Policy | None,
    among: ColumnElement[bool] = queries.EVERY_ONE,
    most: int | None = None,
    report: Progress = lambda done: None,
) -> Report:
    """Assess what stands of the period anew. The half that is not given is the one that each
    decision was made by. After `most` decisions the rest is left out."""
    found = Report()
    async for batch in queries.batches(sessions, period, only_standing=True, among=among):
        room = len(batch) if most is None else most - found.decisions - found.impossible
        if room <= 0:
            found.is_cut_short = True
            break
        by = await _made_by(sessions, batch, model, policy)
        await asyncio.to_thread(_assess, batch[:room], by, found)
        found.is_cut_short = room < len(batch)
        report(found.decisions)
    return found


async def _made_by(
    sessions: Sessions, batch: Sequence[Decision], model: Model | None, policy: Policy | None
) -> dict[Pair, tuple[Model, Policy]]:
    """By what each decision is assessed now; without those whose own half is not kept."""
    found = {}
    async with reading(sessions) as session:
        for pair in {Pair(made.model_sha256, made.policy_sha256) for made in batch}:
            try:
                found[pair] = (
                    model or await versions.get_model(session, pair.model_sha256),
                    policy or await versions.get_policy(session, pair.policy_sha256),
                )
            except DomainError:
                continue
    return found


def _assess(
    batch: Sequence[Decision], made_by: dict[Pair, tuple[Model, Policy]], found: Report
) -> None:
    for made in batch:
        by = made_by.get(Pair(made.model_sha256, made.policy_sha256))
        if by is None:
            found.impossible += 1
        else:
            seen = snapshot.from_json(made.snapshot)
            other, _ = decisions.assess(seen, *by, made.draw)
            found.add(made, other, _lgd_bps(by[1].applying_to(seen)))


def _lgd_bps(policy: Policy) -> int:
    """What is lost of a bad loan, as the policy prices it; without a price, all of it."""
    return policy.pricing.lgd_bps if policy.pricing is not None else _WHOLE_BPS


def _sum(sums: dict[str, Sums], currency: str, pd: float, minor: int, lgd_bps: int) -> None:
    loss = round(pd * minor * lgd_bps / _WHOLE_BPS)
    before = sums.get(currency, Sums())
    sums[currency] = Sums(before.approved_minor + minor, before.loss_minor + loss)


def _example(made: Decision, other: Assessment) -> Example:
    return Example(
        decision=str(made.id),
        before=made.outcome,
        after=other.outcome,
        pd_before=made.pd,
        pd_after=other.pd,
        approved_before=Money(made.approved_minor, made.currency).major,
        approved_after=Money(other.approved_minor, made.currency).major,
        currency=made.currency,
        reasons_before=list(made.reasons),
        reasons_after=list(other.reasons),
    )


def _shown(sums: Sums, currency: str) -> dict[str, str]:
    return {
        "approved": Money(sums.approved_minor, currency).major,
        "expected_loss": Money(sums.loss_minor, currency).major,
    }


def _beside(before: Counter[str], after: Counter[str]) -> dict[str, dict[str, int]]:
    return {
        name: {"before": before[name], "after": after[name]}
        for name in sorted(before.keys() | after.keys())
    }
