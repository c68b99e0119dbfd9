"""Two payouts at once never pass on the same last money, on either database."""

import asyncio
from datetime import datetime

from kit.db import Sessions
from servicing import queries, tasks
from servicing.states import OrderStatus
from tests.servicing.funding.money import Treasury
from tests.servicing.lending import Lender, kes


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
