"""Money on its way is promised when the rail is asked, and posted or void when its end is known."""

import pytest

from kit import jobs
from kit.db import unit_of_work
from servicing import disbursements
from servicing.ledger import balances, invariants, pending
from servicing.ledger.balances import Cash
from servicing.ledger.chart import Account
from servicing.rails.base import Ack, AckStatus
from tests.servicing.lending import Lender, kes

WALLET = (Account.CASH_WALLET, "KES")
PAID = kes(29_200).minor


async def cash(lender: Lender) -> Cash:
    async with lender.sessions() as session:
        return (await balances.cash(session)).get(WALLET, Cash(0, 0))


class TestAPayout:
    async def test_is_promised_before_the_rail_is_asked(self, lender: Lender) -> None:
        lender.rail.acks = [Ack(AckStatus.UNKNOWN)] * 9
        loan = await lender.opens()
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)

        assert await cash(lender) == Cash(0, PAID)
        await lender.verifies()

    async def test_is_posted_when_it_arrives(self, lender: Lender) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)
        assert await cash(lender) == Cash(0, PAID)

        await lender.arrives(loan)

        assert await cash(lender) == Cash(-PAID, 0)
        await lender.verifies()

    async def test_is_void_when_it_fails(self, lender: Lender) -> None:
        lender.rail.acks = [Ack(AckStatus.REJECTED, code="unknown_account")]
        loan = await lender.opens()
        await lender.pays_out(loan)

        assert await cash(lender) == Cash(0, 0)
        await lender.verifies()

    async def test_that_never_left_is_still_promised(self, lender: Lender) -> None:
        """It goes again: nobody else may have its money meanwhile."""
        lender.rail.acks = [Ack(AckStatus.NOT_SENT)] * 9
        loan = await lender.opens()
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)

        assert await cash(lender) == Cash(0, PAID)
        async with unit_of_work(lender.sessions) as session:
            await disbursements.stop(session, loan.id, actor="system", now=lender.now)
        assert await cash(lender) == Cash(0, 0)
        await lender.verifies()


class TestTheBooks:
    async def test_miss_what_was_sent_and_is_not_on_its_way(self, lender: Lender) -> None:
        loan = await lender.opens()
        await lender.pays_out(loan)
        async with unit_of_work(lender.sessions) as session:
            held = (await pending.list_open(session))[0]
            await pending.resolve(session, held.reference, now=lender.now)

        async with lender.sessions() as session:
            found = await invariants.verify(session)
        assert [each.rule for each in found] == ["pending_is_sent"]
