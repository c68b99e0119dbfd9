"""Shadows: other models and policies answer to the same snapshot afterwards, and never act."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.db import insert_once
from scoring import decisions, line_up, queries, snapshot
from scoring.engine import Assessment
from scoring.line_up import Pair
from scoring.models import Decision, Role, Seat, ShadowAssessment


@dataclass(frozen=True, slots=True)
class Beside:
    """What another seat of the line-up answers to the same snapshot."""

    seat: Seat
    assessment: Assessment
    model_name: str
    policy_name: str


async def ask(session: AsyncSession, decision: Decision) -> None:
    """The borrower does not wait for it."""
    key = f"shadow:{decision.id}"
    await jobs.enqueue(session, "scoring.shadow", key=key, decision_id=str(decision.id))


async def assess(session: AsyncSession, decision_id: UUID, *, now: datetime) -> int:
    """Store what each shadow that stands would have answered; how many are new."""
    decision = await queries.get_decision(session, decision_id)
    written = 0
    for other in await beside(session, decision, roles=(Role.SHADOW,)):
        found = other.assessment
        written += await insert_once(
            session, ShadowAssessment, decision_id=decision.id,
            model_sha256=found.model_sha256, policy_sha256=found.policy_sha256, pd=found.pd,
            grade=found.grade, outcome=found.outcome, limit_minor=found.limit_minor,
            approved_minor=found.approved_minor, reasons=list(found.reasons), created_at=now,
        )  # fmt: skip
    return written


async def beside(
    session: AsyncSession, decision: Decision, *, roles: tuple[Role, ...] = tuple(Role)
) -> list[Beside]:
    """The same borrower under every other seat of these roles that stands for the product."""
    seen = snapshot.from_json(decision.snapshot)
    made_by = Pair(decision.model_sha256, decision.policy_sha256)
    found = []
    for seat in line_up.of_product(await line_up.standing(session), seen.application.product):
        if seat.role in roles and Pair.of(seat) != made_by:
            model, policy = await line_up.load(session, Pair.of(seat))
            assessment, _ = decisions.assess(seen, model, policy, decision.draw)
            found.append(Beside(seat, assessment, model.manifest.name, policy.name))
    return found
