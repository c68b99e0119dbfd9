"""A refund of money that the rail takes back is not sent, or is owed again."""

import pytest

from kit import jobs
from servicing import (
    tasks,
)
from servicing.ledger import pending
from servicing.rails.base import Ack, AckStatus, OutcomeStatus
from servicing.states import OrderStatus
from tests.servicing.lending import Lender
from tests.servicing.overpayments import (
    charged_back,
    orders_it,
    overpaid,
    sent,
    the_refund,
    told,
    too_late,
)
from tests.servicing.treasury_acts import UMA, USHA


class TestMoneyThatTheRailTookBack:
    async def test_is_not_sent_any_more(self, lender: Lender) -> None:
        loan, over = await overpaid(lender)
        item = await too_late(lender, loan, over)
        for who in (UMA, USHA):
            await orders_it(lender, item, who)
        await charged_back(lender, item)
        lender.rail.sent.clear()

        refund = await the_refund(lender, item)
        await tasks.refund(lender.context, refund_id=str(refund.id))

        assert lender.rail.sent == []
        assert (await the_refund(lender, item)).status is OrderStatus.FAILED
        await lender.verifies()

    async def test_is_not_sent_after_it_was_held_back(self, lender: Lender) -> None:
        loan, over = await overpaid(lender)
        item = await too_late(lender, loan, over)
        lender.rail.acks = [Ack(AckStatus.NOT_SENT, code="no_token")]
        with pytest.raises(jobs.Later):
            await sent(lender, item)
        await charged_back(lender, item)
        lender.rail.sent.clear()

        refund = await the_refund(lender, item)
        await tasks.refund(lender.context, refund_id=str(refund.id))

        assert lender.rail.sent == []
        assert (await the_refund(lender, item)).status is OrderStatus.FAILED
        async with lender.sessions() as session:
            assert await pending.list_open(session) == []
        await lender.verifies()

    async def test_while_it_is_sent_leaves_a_doubt_and_nothing_posted_twice(
        self, lender: Lender
    ) -> None:
        loan, over = await overpaid(lender)
        item = await too_late(lender, loan, over)
        refund = await sent(lender, item)
        await charged_back(lender, item)

        await told(lender, refund, OutcomeStatus.SETTLED)

        assert await lender.incidents() == ["refund_not_owed"]
        await lender.verifies()
