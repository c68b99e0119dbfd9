"""Making stored decisions again, from their snapshots by the models and policies that are kept."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import Sessions, reading
from kit.errors import DomainError
from scoring import decisions, line_up, queries
from scoring.line_up import Pair
from scoring.model.predictor import Model
from scoring.models import Decision
from scoring.policy import Policy
from scoring.queries import Period

_SHOWN = 20
Progress = Callable[[int], None]
Differing = dict[str, tuple[object, object]]


@dataclass
class Replayed:
    """How many decisions came out the same, and the first of those that did not."""

    same: int = 0
    different: int = 0
    impossible: int = 0
    """Their model or policy is not kept, or this program cannot load it."""
    differences: list[tuple[UUID, Differing]] = field(default_factory=list)
    hindrances: dict[str, int] = field(default_factory=dict)

    @property
    def is_exact(self) -> bool:
        return not self.different and not self.impossible

    def to_json(self) -> dict[str, Any]:
        return {
            "same": self.same,
            "different": self.different,
            "impossible": self.impossible,
            "differences": [
                {"decision": str(number), "parts": parts} for number, parts in self.differences
            ],
            "hindrances": self.hindrances,
        }


async def one(session: AsyncSession, decision: Decision) -> Differing:
    """What differs when this decision is made again; nothing, as it should be."""
    made_by = await line_up.load(session, _pair(decision))
    return await asyncio.to_thread(_again, decision, *made_by)


async def every(
    sessions: Sessions, period: Period, report: Progress = lambda done: None
) -> Replayed:
    """All decisions of a period, a batch at a time."""
    found, done = Replayed(), 0
    async for batch in queries.batches(sessions, period):
        made_by = {}
        async with reading(sessions) as session:
            for pair in {_pair(decision) for decision in batch}:
                try:
                    made_by[pair] = await line_up.load(session, pair)
                except DomainError as refused:
                    count = sum(_pair(decision) == pair for decision in batch)
                    found.impossible += count
                    found.hindrances[str(refused)] = found.hindrances.get(str(refused), 0) + count
        await asyncio.to_thread(_replay, batch, made_by, found)
        done += len(batch)
        report(done)
    return found


def _replay(
    batch: Sequence[Decision], made_by: dict[Pair, tuple[Model, Policy]], found: Replayed
) -> None:
    for decision in batch:
        if (by := made_by.get(_pair(decision))) is None:
            continue
        if not (differing := _again(decision, *by)):
            found.same += 1
            continue
        found.different += 1
        if len(found.differences) < _SHOWN:
            found.differences.append((decision.id, differing))


def _again(decision: Decision, model: Model, policy: Policy) -> Differing:
    assessment, is_random = decisions.replay(decision, model, policy)
    return decisions.differences(decision, assessment, is_random=is_random)


def _pair(decision: Decision) -> Pair:
    return Pair(decision.model_sha256, decision.policy_sha256)
