"""Deciding once per attempt and storing what it was decided from; making a decision again."""

import json
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import insert_once
from kit.errors import DomainError, Kind
from scoring import engine, exploration, queries, snapshot
from scoring.engine import Assessment
from scoring.model.predictor import Model
from scoring.models import Decision, Role
from scoring.policy import Policy
from scoring.refusals import Sentence
from scoring.snapshot import Snapshot

_LATER = frozenset({"annual_rate_bps", "expected_loss_minor", "workings"})
"""Not stored with the decisions of before."""


class DecisionMadeByAnother(Sentence, DomainError):
    """A replay needs the very model and policy of the decision."""

    code = "decision_made_by_another"
    kind = Kind.CONFLICT
    sentence = "The decision was made by another {part}: load the one whose hash it stores."


async def decide(
    session: AsyncSession,
    *,
    application_id: UUID,
    snapshot: Snapshot,
    model: Model,
    policy: Policy,
    now: datetime,
    attempt: int = 1,
    role: Role = Role.CHAMPION,
    draw: int | None = None,
) -> Decision:
    """Decide and store. The same attempt again returns the stored decision, whatever came since.

    `draw` is where the borrower fell for random approvals; without it there are none.
    """
    stored = await queries.find_decision(session, application_id, attempt=attempt)
    if stored is not None:
        return stored
    assessment, is_random = assess(snapshot, model, policy, draw)
    await insert_once(
        session,
        Decision,
        application_id=application_id,
        attempt=attempt,
        snapshot=snapshot.to_json(),
        role=role,
        draw=draw,
        is_random=is_random,
        created_at=now,
        **_columns(assessment),
    )
    # Somebody else may have been first; then theirs is the decision.
    decided = await queries.find_decision(session, application_id, attempt=attempt)
    assert decided is not None
    return decided


def assess(
    snapshot: Snapshot, model: Model, policy: Policy, draw: int | None
) -> tuple[Assessment, bool]:
    """The engine's answer, or a small random approval in its place; and which of the two."""
    assessment = engine.assess(snapshot, model, policy)
    explored = exploration.explored(assessment, snapshot, policy, draw)
    return (assessment, False) if explored is None else (explored, True)


def replay(decision: Decision, model: Model, policy: Policy) -> tuple[Assessment, bool]:
    """The same snapshot through the same model and policy: the same answer to the bit."""
    if decision.model_sha256 != model.sha256:
        raise DecisionMadeByAnother(part="model")
    if decision.policy_sha256 != policy.sha256:
        raise DecisionMadeByAnother(part="policy")
    return assess(snapshot.from_json(decision.snapshot), model, policy, decision.draw)


def differences(
    decision: Decision, again: Assessment, *, is_random: bool
) -> dict[str, tuple[object, object]]:
    """Every stored part that does not come out the same, to the last bit."""
    made = {**_columns(again), "is_random": is_random}
    found = {}
    for part, value in made.items():
        stored = getattr(decision, part)
        if part in _LATER and stored is None:
            continue
        if (now := json.loads(json.dumps(value))) != stored:
            found[part] = (stored, now)
    return found


def _columns(assessment: Assessment) -> dict[str, object]:
    counterfactual, price = assessment.counterfactual, assessment.price
    return {
        "model_sha256": assessment.model_sha256,
        "policy_sha256": assessment.policy_sha256,
        "pd": assessment.pd,
        "grade": assessment.grade,
        "outcome": assessment.outcome,
        "currency": assessment.currency,
        "limit_minor": assessment.limit_minor,
        "approved_minor": assessment.approved_minor,
        "reasons": list(assessment.reasons),
        "counterfactual": counterfactual.to_json() if counterfactual is not None else None,
        "contributions": [asdict(contribution) for contribution in assessment.contributions],
        "annual_rate_bps": None if price is None else price.annual_rate_bps,
        "expected_loss_minor": None if price is None else price.expected_loss_minor,
        "workings": assessment.workings,
    }
