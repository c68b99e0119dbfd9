"""What speaks against a successor of the model that decides: both on loans whose end is known."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import business_date
from kit.config import Settings
from kit.four_eyes import Proposal
from onboarding import watched_groups
from onboarding.models import Application
from onboarding.watching import LATE_DAYS, MATURED_WINDOW, WITHIN_DAYS
from scoring import line_up, promotion, versions
from scoring import snapshot as snapshots
from scoring.line_up import EVERY_PRODUCT, Pair
from scoring.models import Decision
from scoring.watching import gate
from servicing import outcomes


async def promote(
    session: AsyncSession,
    pair: Pair,
    settings: Settings,
    *,
    staff_id: UUID,
    reason: str,
    now: datetime,
    product: str = EVERY_PRODUCT,
    force: bool = False,
) -> Proposal:
    """Propose or confirm a champion, unless the gate holds it back and nobody insists."""
    problems = await held_back_by(session, pair, settings, product=product, now=now)
    return await promotion.promote(
        session, pair, problems=problems, staff_id=staff_id, reason=reason, now=now,
        product=product, force=force,
    )  # fmt: skip


async def held_back_by(
    session: AsyncSession, pair: Pair, settings: Settings, *, product: str, now: datetime
) -> list[str]:
    """A policy alone is for what-if and its cases to judge; so is the first model of all."""
    holder = line_up.champion(await line_up.standing(session), product)
    if holder is None or holder.model_sha256 == pair.model_sha256:
        return []
    policy = await versions.get_policy(session, pair.policy_sha256)
    answer = gate.gate(
        await versions.get_model(session, pair.model_sha256),
        await versions.get_model(session, holder.model_sha256),
        await _table(session, settings, now=now),
        approve_up_to=policy.cut_offs.approve_up_to_bps / 10_000,
    )
    return answer.reasons


async def _table(session: AsyncSession, settings: Settings, *, now: datetime) -> list[gate.Outcome]:
    """The loans of the last two years that have had their time, as they were known then."""
    found = []
    ended = outcomes.list_matured(
        session, late_days=LATE_DAYS, within_days=WITHIN_DAYS,
        on=business_date(now, settings.timezone),
    )  # fmt: skip
    async for outcome in ended:
        row = (await session.execute(_decided(outcome.application_id))).first()
        if row is None or row.created_at < now - MATURED_WINDOW:
            continue
        groups = await watched_groups.of(session, row, settings.fairness_groups, now=now)
        seen = snapshots.from_json(row.snapshot)
        found.append(gate.Outcome(seen, outcome.went_bad, groups))
    return found


def _decided(application_id: UUID) -> Any:
    return (
        select(
            Decision.snapshot, Decision.created_at,
            Decision.snapshot["application"]["age_years"].as_integer().label("age"),
            Application.borrower_id, Application.verification_id,
        )
        .join(Application, Application.decision_id == Decision.id)
        .where(Application.id == application_id)
    )  # fmt: skip
