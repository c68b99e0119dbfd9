"""Funders, the pools they give capital to, and how much cash stays at a rail."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.ids import new_id
from kit.money import InvalidAmount, Money
from servicing.funding import limits
from servicing.funding.models import Floor, Funder, Pool, Stake, StakeKind


class FunderNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "funder_not_found"


class PoolNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "funding_pool_not_found"


class StakeNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "funding_stake_not_found"


class FundingNameTaken(DomainError):
    """A funder or a pool has this name."""

    kind = Kind.CONFLICT
    code = "funding_name_taken"


async def lock(session: AsyncSession, *, rail: str, currency: str) -> None:
    """Whoever spends or promises cash of this rail and currency does it alone.

    Taken after a loan's lock, never before it.
    """
    await lock_key(session, f"funding:{rail}:{currency}")


async def register_funder(session: AsyncSession, *, name: str, actor: str, now: datetime) -> Funder:
    await lock_key(session, f"funder:{name}")
    if await session.scalar(select(Funder.id).where(Funder.name == name)) is not None:
        raise FundingNameTaken(name=name)
    funder = Funder(id=new_id(), name=name, created_at=now)
    session.add(funder)
    audit.record(session, actor=actor, action="funder.registered", subject=f"funder:{funder.id}",
                 now=now, name=name)  # fmt: skip
    await session.flush()
    return funder


async def create_pool(
    session: AsyncSession, *, code: str, currency: str, rail: str, actor: str, now: datetime
) -> Pool:
    """It lends nothing, and nothing needs it, until two people agree to its policy."""
    await lock_key(session, f"funding_pool:{code}")
    if await session.scalar(select(Pool.id).where(Pool.code == code)) is not None:
        raise FundingNameTaken(name=code)
    pool = Pool(id=new_id(), code=code, currency=currency, rail=rail, policy={}, created_at=now)
    session.add(pool)
    audit.record(session, actor=actor, action="funding_pool.created", subject=pool.subject,
                 now=now, code=code, currency=currency, rail=rail)  # fmt: skip
    await session.flush()
    return pool


async def set_policy(
    session: AsyncSession,
    pool_id: UUID,
    *,
    policy: dict[str, Any],
    staff_id: UUID,
    reason: str,
    now: datetime,
) -> Proposal:
    """Two people say which loans the pool takes and how much of what. The first time opens it."""
    pool = await get_pool(session, pool_id)
    limits.parse(policy, pool.currency)
    proposal = await four_eyes.agree(
        session, act="funding.policy", subject=pool.subject, staff_id=staff_id, reason=reason,
        now=now, policy=json.dumps(policy, sort_keys=True),
    )  # fmt: skip
    if proposal.is_confirmed:
        await lock(session, rail=pool.rail, currency=pool.currency)
        pool.policy, pool.opened_at = policy, pool.opened_at or now
    return proposal


async def add_stake(
    session: AsyncSession,
    pool_id: UUID,
    *,
    funder_id: UUID,
    terms: StakeKind,
    rate_ppm: int,
    loss_order: int,
    staff_id: UUID,
    reason: str,
    now: datetime,
) -> Proposal:
    """Two people say on which terms a funder takes part in a pool."""
    pool = await get_pool(session, pool_id)
    if await session.get(Funder, funder_id) is None:
        raise FunderNotFound()
    proposal = await four_eyes.agree(
        session, act="funding.stake", subject=pool.subject, staff_id=staff_id, reason=reason,
        now=now, funder=str(funder_id), terms=terms, rate_ppm=str(rate_ppm),
        loss_order=str(loss_order),
    )  # fmt: skip
    if proposal.is_confirmed:
        stake = Stake(
            id=new_id(), pool_id=pool.id, funder_id=funder_id, kind=terms, rate_ppm=rate_ppm,
            loss_order=loss_order, created_at=now,
        )  # fmt: skip
        session.add(stake)
        await session.flush()
    return proposal


async def set_floor(
    session: AsyncSession, *, rail: str, floor: Money, staff_id: UUID, reason: str, now: datetime
) -> Proposal:
    """Two people say how much cash stays at a rail. Zero: that it is not overdrawn. Raises
    InvalidAmount for less."""
    if floor < floor.zero():
        raise InvalidAmount(amount=floor.major, currency=floor.currency)
    proposal = await four_eyes.agree(
        session, act="funding.floor", subject=f"cash:{rail}:{floor.currency}", staff_id=staff_id,
        reason=reason, now=now, floor=floor.major,
    )  # fmt: skip
    if proposal.is_confirmed:
        await lock(session, rail=rail, currency=floor.currency)
        await session.merge(
            Floor(rail=rail, currency=floor.currency, floor_minor=floor.minor, set_at=now)
        )
    return proposal


async def get_pool(session: AsyncSession, pool_id: UUID) -> Pool:
    pool = await session.get(Pool, pool_id)
    if pool is None:
        raise PoolNotFound()
    return pool


async def get_stake(session: AsyncSession, stake_id: UUID) -> tuple[Stake, Pool]:
    stake = await session.get(Stake, stake_id)
    if stake is None:
        raise StakeNotFound()
    return stake, await get_pool(session, stake.pool_id)


async def list_pools(session: AsyncSession) -> Sequence[Pool]:
    return (await session.scalars(select(Pool).order_by(Pool.code))).all()


async def list_open(session: AsyncSession, currency: str) -> Sequence[Pool]:
    """The pools that lend this currency, in the order in which they are asked."""
    rows = await session.scalars(
        select(Pool).where(Pool.currency == currency, Pool.opened_at.is_not(None))
    )
    return sorted(rows, key=lambda pool: (limits.parse(pool.policy, currency).rank, pool.code))


async def list_funders(
    session: AsyncSession, *, after: UUID | None = None, limit: int = 50
) -> Sequence[Funder]:
    """The longest known first; `after` is the last id of the page before."""
    query = select(Funder).order_by(Funder.id).limit(limit)
    if after is not None:
        query = query.where(Funder.id > after)
    return (await session.scalars(query)).all()


async def names_of(session: AsyncSession, funder_ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await session.execute(select(Funder.id, Funder.name).where(Funder.id.in_(funder_ids)))
    return {row.id: row.name for row in rows}


async def list_floors(session: AsyncSession) -> Sequence[Floor]:
    return (await session.scalars(select(Floor).order_by(Floor.rail, Floor.currency))).all()
