"""By the clock: what is held is tried again, and yesterday is shared out."""

from datetime import datetime, timedelta

from sqlalchemy import select

from kit.config import Settings
from kit.db import Sessions
from kit.worker import Worker
from servicing.funding import pools, tasks
from servicing.funding.models import Movement, StakeKind
from servicing.ledger.rules import Event
from tests.servicing.funding.money import Treasury
from tests.servicing.lending import Lender, kes


async def test_yesterday_is_shared_out_and_today_is_not(lender: Lender, treasury: Treasury) -> None:
    pool = await treasury.opens()
    stake = await treasury.joins(pool, rate_ppm=1_000_000)
    await treasury.pays_in(stake, kes(50_000))
    loan = await lender.lends()
    first, *_ = await lender.schedule(loan)
    await lender.closes_days_until(first.due_on)
    await lender.receives(loan, (await lender.owed(loan)).gross)

    await tasks.share_out(lender.context, pool_id=str(pool.id))
    today = (await treasury.stake_book(pool, stake.id)).payable
    await lender.closes_days_until(lender.on + timedelta(days=1))
    for _ in range(2):
        await tasks.share_out(lender.context, pool_id=str(pool.id))

    assert today == 0
    assert (await treasury.stake_book(pool, stake.id)).payable == 900_00


async def test_each_day_is_shared_out_for_itself_when_the_job_was_down(
    lender: Lender, treasury: Treasury
) -> None:
    pool = await treasury.opens()
    stake = await treasury.joins(pool, terms=StakeKind.FIXED, rate_ppm=365_000)
    await treasury.pays_in(stake, kes(10_000))
    begun = lender.on
    await treasury.settles(pool, begun)
    await lender.closes_days_until(begun + timedelta(days=4))

    await tasks.share_out(lender.context, pool_id=str(pool.id))

    async with lender.sessions() as session:
        rows = await session.execute(
            select(Movement.on, Movement.amount_minor)
            .where(Movement.event == Event.RETURN_EARNED)
            .order_by(Movement.on)
        )
        assert [tuple(row) for row in rows] == [
            (begun + timedelta(days=n), 10_00) for n in range(4)
        ]
        fresh = await pools.get_pool(session, pool.id)
    assert fresh.settled_on == begun + timedelta(days=3)
    await lender.verifies()


async def test_what_is_held_goes_when_money_comes(
    own_sessions: Sessions, now: datetime, database_url: str
) -> None:
    lender = Lender(own_sessions, now)
    treasury = Treasury(lender)
    stake = await treasury.joins(await treasury.opens())
    await lender.opens()
    worker = Worker(Settings(database_url=database_url, job_polling_seconds=0.02), lender.context)
    await worker.start()
    await worker.until_idle(timeout_seconds=120)
    before = len(lender.rail.sent)

    await treasury.pays_in(stake, kes(30_000))
    await worker.until_idle(timeout_seconds=120)
    await worker.stop()

    assert (before, len(lender.rail.sent)) == (0, 1)
