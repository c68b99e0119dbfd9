"""Payouts that came back: by whose word, and by whom, they are taken back into the books."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from kit import four_eyes
from kit.audit import AuditEvent
from kit.db import unit_of_work
from servicing import reconciliation
from servicing.models import ReconciliationRun
from servicing.rails.base import (
    Balances,
    OutcomeStatus,
)
from servicing.treasury import breaks, positions, returns
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.returned import (
    looks,
    says,
    states,
    takes_back,
    trial,
)
from tests.servicing.topping_up import (
    payouts_of,
)
from tests.servicing.treasury_acts import (
    UMA,
    USHA,
    compares,
    open_breaks,
    paid_out,
    two_act,
)


class TestOfTwo:
    async def test_one_alone_does_nothing(self, lender: Lender) -> None:
        loan = await lender.lends()
        await says(lender, loan)
        before = await trial(lender)

        await takes_back(lender, loan, UMA)
        with pytest.raises(four_eyes.SameStaff):
            await takes_back(lender, loan, UMA)

        assert await trial(lender) == before
        assert await lender.incidents() != []

    async def test_what_was_agreed_is_what_is_done(self, lender: Lender) -> None:
        """Between the two the borrower repays: another look is needed."""
        loan = await lender.lends()
        await says(lender, loan)
        await takes_back(lender, loan, UMA)
        await lender.receives(loan, kes(500))

        with pytest.raises(four_eyes.ProposalDiffers):
            await takes_back(lender, loan, USHA)

    async def test_is_on_record(self, lender: Lender) -> None:
        loan = await lender.lends()
        await says(lender, loan)
        payout = (await payouts_of(lender, loan))[-1]
        await takes_back(lender, loan)

        async with lender.sessions() as session:
            trail = list(
                await session.scalars(
                    select(AuditEvent.action)
                    .where(AuditEvent.subject == f"payout:{payout.id}")
                    .order_by(AuditEvent.id)
                )
            )
        assert trail[-5:] == [
            "incident.payout_final_state_differs",
            "payout.take_back.proposed",
            "payout.take_back.confirmed",
            "payout.return",
            "incident.payout_final_state_differs.put_right",
        ]


class TestProof:
    async def test_has_to_be_there(self, lender: Lender) -> None:
        loan = await lender.lends()

        with pytest.raises(returns.ReturnNotProven):
            await takes_back(lender, loan, UMA)

    async def test_is_nothing_that_anybody_may_say(self, lender: Lender) -> None:
        loan = await lender.lends()
        await says(lender, loan, hint=True)

        with pytest.raises(returns.ReturnNotProven):
            await takes_back(lender, loan, UMA)

    async def test_of_another_amount_is_refused_and_stays(self, lender: Lender) -> None:
        loan = await lender.lends()
        before = await trial(lender)
        await says(lender, loan, kes(29_199))

        with pytest.raises(returns.ReturnedAmountDiffers):
            await takes_back(lender, loan, UMA)
        await states(lender, loan, kes(29_200))
        await states(lender, loan, kes(29_201))
        with pytest.raises(returns.ReturnedAmountDiffers):
            await takes_back(lender, loan, UMA)

        assert await lender.incidents() == ["payout_amount_differs"]
        assert [row.category for row in await open_breaks(lender)] == ["returned"]
        assert await trial(lender) == before

    async def test_is_gone_when_the_rail_has_sent_it_once_more(self, lender: Lender) -> None:
        loan = await lender.lends()
        back = await states(lender, loan)
        again = replace(back[0], status=OutcomeStatus.SETTLED)
        day = lender.now.date() + timedelta(days=1)
        await compares(lender, [again], day=day)

        with pytest.raises(returns.ReturnNotProven):
            await looks(lender, loan)

    async def test_is_there_in_a_statement_that_has_the_newest_first(self, lender: Lender) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        await compares(lender, [replace(line, status=OutcomeStatus.RETURNED), line])
        (found,) = await open_breaks(lender)

        await two_act(lender, "put_right", found.id)

        assert (await trial(lender)).get("cash_wallet", 0) == 0
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_is_needed_for_what_has_settled_alone(self, lender: Lender) -> None:
        loan = await lender.lends()
        await says(lender, loan)
        await takes_back(lender, loan)

        with pytest.raises(returns.PayoutNotSettled):
            await takes_back(lender, loan, UMA)


class TestOfABreak:
    async def test_is_put_right_and_the_day_is_square(self, lender: Lender) -> None:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        lines = [line, replace(line, status=OutcomeStatus.RETURNED)]
        whole = Balances(kes(100_000), kes(100_000))
        await compares(lender, lines, balances=whole)
        (found,) = await open_breaks(lender)
        await says(lender, loan)

        assert (await two_act(lender, "put_right", found.id)).is_confirmed

        assert await open_breaks(lender) == []
        assert await lender.incidents() == []
        assert await compares(lender, lines, balances=whole) == []
        async with lender.sessions() as session:
            (run,) = (await session.scalars(select(ReconciliationRun))).all()
            position = await positions.of_run(session, run)
        assert position is not None
        assert {name: part.major for name, part in position.parts.items()} == {
            "before_first_statement": "100000.00"
        }
        await lender.verifies()

    async def test_agreed_at_the_break_and_at_the_payout_is_one_act(self, lender: Lender) -> None:
        loan = await lender.lends()
        await states(lender, loan)
        (found,) = await open_breaks(lender)
        async with unit_of_work(lender.sessions) as session:
            await breaks.put_right(
                session, found.id, staff_id=UMA, reason="seen", on=lender.on, zone=ZONE,
                now=lender.now,
            )  # fmt: skip

        assert (await takes_back(lender, loan, USHA)).is_confirmed
        async with lender.sessions() as session:
            row = await session.get_one(type(found), found.id)
        assert row.resolution == reconciliation.Resolution.PUT_RIGHT
        assert await trial(lender) == {}

    async def test_needs_no_break_when_the_statement_comes_later(self, lender: Lender) -> None:
        loan = await lender.lends()
        await says(lender, loan)
        await takes_back(lender, loan)

        await states(lender, loan)

        assert await open_breaks(lender) == []
