"""The jobs of funding: payouts that wait are tried again, and funders get what is theirs."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.db import unit_of_work
from servicing.funding import holds, pools, returns

SHARE_OUT = "servicing.share_out"


@jobs.every("*/5 * * * *", "servicing.try_held")
async def try_held(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    await holds.try_again(session, why=tick.isoformat())


@jobs.every("20 3 * * *", "servicing.share_out_nightly")
async def share_out_nightly(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    for pool in await pools.list_pools(session):
        key = f"share_out:{pool.id}:{tick.isoformat()}"
        await jobs.enqueue(session, SHARE_OUT, key=key, pool_id=str(pool.id))


@jobs.effect(SHARE_OUT)
async def share_out(context: jobs.Context, *, pool_id: str) -> None:
    """Up to the end of yesterday: today is not over. Each day for itself, also when it is late."""
    now = context.clock.now()
    until = business_date(now, context.service(Settings).timezone) - timedelta(days=1)
    day = None
    while day is None or day < until:
        async with unit_of_work(context.sessions) as session:
            pool = await pools.get_pool(session, UUID(pool_id))
            settled = pool.settled_on
            is_behind = settled is not None and settled < until
            day = settled + timedelta(days=1) if settled is not None and is_behind else until
            await returns.settle(session, pool, until=day, now=now)
