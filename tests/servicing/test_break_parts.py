"""Money that came back in parts: of 100 first 30, says the rail, and later another 20."""

from uuid import UUID

import pytest

from kit.db import unit_of_work
from kit.money import Money
from servicing import suspense
from servicing.models import Loan, ReconciliationRun
from servicing.rails.base import Balances, Direction, OutcomeStatus, StatementLine
from servicing.treasury import breaks, positions
from tests.servicing.lending import Lender, kes
from tests.servicing.overpayments import overpaid, sent, told
from tests.servicing.test_break_bounces import back
from tests.servicing.test_break_ends import cash
from tests.servicing.test_breaks import only_break, trial
from tests.servicing.treasury_acts import (
    DAY,
    NEXT,
    UMA,
    USHA,
    act,
    compares,
    open_breaks,
    paid_out,
    two_act,
)


class TestFurtherParts:
    async def lines(self, lender: Lender, *amounts: Money) -> tuple[Loan, list[StatementLine]]:
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        return loan, [line, *(back(line, amount) for amount in amounts)]

    async def waits(self, lender: Lender) -> list[tuple[str, UUID | None]]:
        async with lender.sessions() as session:
            rows = await suspense.list_open(session)
        return [(item.amount.major, item.loan_id) for item in rows]

    async def puts_right(self, lender: Lender, *categories: str) -> None:
        for category in categories:
            (found,) = [row for row in await open_breaks(lender) if row.category == category]
            await two_act(lender, "put_right", found.id)

    async def test_of_one_day_wait_one_by_one_for_their_loan(self, lender: Lender) -> None:
        loan, lines = await self.lines(lender, kes(9_000), kes(6_000))
        await compares(lender, lines)

        await self.puts_right(lender, "returned", "duplicate")

        assert sorted(await self.waits(lender)) == [("6000.00", loan.id), ("9000.00", loan.id)]
        assert await cash(lender) == kes(15_000).minor - lines[0].amount.minor
        assert "rail_differences" not in await trial(lender)
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        held = kes(100_000) - lines[0].amount + kes(15_000)
        await compares(lender, lines, balances=Balances(kes(100_000), held))
        async with lender.sessions() as session:
            run = await session.get_one(ReconciliationRun, ("wallet", DAY))
            found = await positions.of_run(session, run)
        assert found is not None
        assert dict(found.parts) == {"before_first_statement": kes(100_000)}
        await lender.verifies()

    async def test_of_a_later_day_are_no_gain_of_ours(self, lender: Lender) -> None:
        loan, lines = await self.lines(lender, kes(9_000), kes(6_000))
        found = await only_break(lender, lines[:2])
        await two_act(lender, "put_right", found.id)
        await compares(lender, lines[2:], day=NEXT)
        (found,) = await open_breaks(lender)
        assert (found.category, found.theirs_minor) == ("duplicate", -kes(6_000).minor)
        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "write_off", found.id, UMA)

        await two_act(lender, "put_right", found.id)

        assert await self.waits(lender) == [("9000.00", loan.id), ("6000.00", loan.id)]
        await compares(lender, lines[2:], day=NEXT)
        await compares(lender, lines[:2])
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_that_are_placed_stay_what_they_are(self, lender: Lender) -> None:
        loan, lines = await self.lines(lender, kes(9_000), kes(6_000))
        await compares(lender, lines)
        await self.puts_right(lender, "returned", "duplicate")
        async with lender.sessions() as session:
            items = await suspense.list_open(session)
        for item in items:
            for who in (UMA, USHA):
                async with unit_of_work(lender.sessions) as session:
                    await suspense.assign(
                        session, item.id, loan_id=loan.id, staff_id=who, reason="theirs",
                        on=lender.on, now=lender.now,
                    )  # fmt: skip

        await compares(lender, lines)

        assert await open_breaks(lender) == []
        assert (await lender.books(loan))["borrower_credit"] == "15000.00"
        await lender.verifies()

    async def test_that_are_more_than_had_left_are_a_gain(self, lender: Lender) -> None:
        """Nobody of ours has a right to them."""
        loan, lines = await self.lines(lender, kes(9_000), kes("20200.01"))
        await compares(lender, lines)
        await self.puts_right(lender, "returned")
        (found,) = await open_breaks(lender)
        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "put_right", found.id, UMA)

        await two_act(lender, "write_off", found.id)

        assert await self.waits(lender) == [("9000.00", loan.id)]
        assert (await trial(lender))["rail_differences"] == -kes("20200.01").minor
        await lender.verifies()

    async def test_are_taken_in_once_when_an_earlier_statement_comes_late(
        self, lender: Lender
    ) -> None:
        """What was the first part is the second one then, and is in the books."""
        loan, lines = await self.lines(lender, kes(6_000), kes(9_000))
        await compares(lender, lines[:1])
        await compares(lender, lines[2:], day=NEXT)
        await self.puts_right(lender, "returned")
        await compares(lender, lines[:2])
        (again,) = [row for row in await open_breaks(lender) if row.category == "duplicate"]

        await self.puts_right(lender, "returned")
        for verb in ("write_off", "put_right"):
            with pytest.raises(breaks.BreakActNotPossible):
                await two_act(lender, verb, again.id)
        await two_act(lender, "explain", again.id)

        assert await self.waits(lender) == [("9000.00", loan.id), ("6000.00", loan.id)]
        await compares(lender, lines[:2])
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_of_a_refund_wait_for_its_borrower(self, lender: Lender) -> None:
        loan, item = await overpaid(lender)
        refund = await sent(lender, item)
        await told(lender, refund, OutcomeStatus.SETTLED)
        before = await cash(lender)
        line = StatementLine(
            "W9", refund.client_ref, Direction.PAYOUT, refund.amount, OutcomeStatus.SETTLED
        )
        await compares(
            lender, [line, back(line, kes(100)), back(line, kes(50))], day=lender.now.date()
        )

        await self.puts_right(lender, "returned", "duplicate")

        assert await self.waits(lender) == [("100.00", loan.id), ("50.00", loan.id)]
        assert await cash(lender) == before + kes(150).minor
        await lender.verifies()
