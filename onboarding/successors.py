"""What speaks against a successor of the model that decides: both on loans whose end is known."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import business_date
from kit.config import Settings
from kit.db import Sessions, reading, unit_of_work
from kit.four_eyes import Proposal
from onboarding import prices, products, watched_groups
from onboarding.models import Application
from onboarding.watching import LATE_DAYS, MATURED_WINDOW, WITHIN_DAYS
from scoring import line_up, promotion, versions
from scoring import snapshot as snapshots
from scoring.line_up import EVERY_PRODUCT, Pair
from scoring.models import Decision, Role, Seat
from scoring.policy import Policy
from scoring.promotion import Bid
from scoring.watching import gate
from scoring.watching.performance import Floats
from servicing import outcomes


async def agree(
    sessions: Sessions,
    bid: Bid,
    settings: Settings,
    *,
    staff_id: UUID,
    reason: str,
    now: datetime,
    force: bool = False,
) -> Proposal:
    """Propose or confirm who is to decide. A champion passes the gate, unless both insist; nobody
    who writes waits for that."""
    said = await ask_gate(sessions, bid, settings, now=now)
    async with unit_of_work(sessions) as session:
        await _check_offered(session, bid.product)
        await check(session, bid.pair, bid.product)
        return await promotion.agree(
            session, bid, said, staff_id=staff_id, reason=reason, now=now, force=force
        )


async def shadow(
    session: AsyncSession,
    pair: Pair,
    *,
    actor: str,
    why: str,
    now: datetime,
    product: str = EVERY_PRODUCT,
) -> Seat:
    """Let it look on. It takes one."""
    await _check_offered(session, product)
    return await line_up.take(
        session, Role.SHADOW, pair, actor=actor, why=why, now=now, product=product
    )


async def roll_back(
    session: AsyncSession,
    *,
    actor: str,
    why: str,
    now: datetime,
    product: str = EVERY_PRODUCT,
    seen: UUID | None = None,
) -> Seat | None:
    """As `line_up.roll_back`, unless who decides then could never approve a product of today."""
    seat = await line_up.roll_back(
        session, actor=actor, why=why, now=now, product=product, seen=seen
    )
    decides = seat or line_up.champion(await line_up.standing(session), product)
    if decides is not None:
        await check(session, Pair.of(decides), product)
    return seat


async def check(session: AsyncSession, pair: Pair, product: str) -> None:
    """Raise where it cannot be loaded, or PolicyRefused where it could never approve a product
    that would fall to it."""
    _, policy = await line_up.load(session, pair)
    seats = await line_up.standing(session)
    offered = await products.active(session)
    prices.check(policy, [each for each in offered if line_up.falls_to(seats, each.code, product)])


async def ask_gate(
    sessions: Sessions, bid: Bid, settings: Settings, *, now: datetime
) -> gate.Answer:
    """What it says of this pair in the place of the champion."""
    if bid.role is not Role.CHAMPION:
        return gate.NOT_ASKED
    async with reading(sessions) as session:
        seats = await line_up.standing(session)
        holder = line_up.champion(seats, bid.product)
        if holder is None or holder.model_sha256 == bid.pair.model_sha256:
            return gate.NOT_ASKED
        candidate, policy = await line_up.load(session, bid.pair)
        champion = await versions.get_model(session, holder.model_sha256)
        table = [
            row
            for row in await _table(session, settings, now=now)
            if line_up.falls_to(seats, row.snapshot.application.product, bid.product)
        ]
    return await asyncio.to_thread(
        gate.gate, candidate, champion, table, approve_up_to=_cut_offs(policy, table)
    )


def _cut_offs(policy: Policy, table: Sequence[gate.Outcome]) -> Floats:
    """Of each loan: an override may say another one."""
    return np.array(
        [policy.applying_to(row.snapshot).cut_offs.approve_up_to_bps / 10_000 for row in table]
    )


async def _check_offered(session: AsyncSession, product: str) -> None:
    """Raises ProductNotFound."""
    if product != EVERY_PRODUCT:
        await products.get(session, product)


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
