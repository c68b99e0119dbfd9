"""Two payouts at once never pass on the same last money, on either database."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from kit.db import Sessions, unit_of_work
from servicing import queries, tasks
from servicing.funding import capital
from servicing.states import OrderStatus
from tests.servicing.funding.money import CHECKER, MAKER, Treasury
from tests.servicing.lending import Lender, kes
from tests.servicing.test_locks import until_somebody_waits
from tests.servicing.test_rail_events import arrives, event


async def test_one_of_five_gets_the_last_money(own_sessions: Sessions, now: datetime) -> None:
    lender = Lender(own_sessions, now)
    treasury = Treasury(lender)
    pool = await treasury.opens()
    await treasury.pays_in(await treasury.joins(pool), kes(50_000))
    loans = [await lender.opens() for _ in range(5)]
    async with own_sessions() as session:
        waiting = [(await queries.list_payouts(session, loan.id))[-1].id for loan in loans]

    await asyncio.gather(*(tasks.disburse(lender.context, payout_id=str(x)) for x in waiting))

    async with own_sessions() as session:
        found = [(await queries.list_payouts(session, loan.id))[-1].status for loan in loans]
    assert sorted(found) == [*[OrderStatus.HELD] * 4, OrderStatus.PENDING]
    assert len(lender.rail.sent) == 1
    assert (await treasury.book(pool)).free == 20_000_00


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_capital_that_its_rail_tells_of_meanwhile_is_one(
    own_sessions: Sessions, now: datetime
) -> None:
    """Staff have typed its name in other letters than the rail's."""
    lender = Lender(own_sessions, now)
    treasury = Treasury(lender)
    pool = await treasury.opens()
    stake = await treasury.joins(pool)
    told = event("from Acme", kes(50_000), rail_id="W77")
    given: dict[str, Any] = {
        "amount": kes(50_000),
        "reference": "w77",
        "reason": "seen",
        "on": lender.on,
    }
    async with unit_of_work(own_sessions) as session:
        await capital.pay_in(session, stake.id, staff_id=MAKER, now=now, **given)

    async with unit_of_work(own_sessions) as session:
        await capital.pay_in(session, stake.id, staff_id=CHECKER, now=now, **given)
        coming = asyncio.ensure_future(arrives(lender, told))
        await until_somebody_waits(own_sessions, coming)
    await coming

    assert await lender.suspended() == []
    assert (await treasury.book(pool)).free == 50_000_00
    await lender.verifies()
