"""Money that came back in parts: of 100 first 30, says the rail, and later another 20."""

from datetime import timedelta
from uuid import UUID

import pytest

from kit.db import unit_of_work
from kit.money import Money
from servicing import suspense
from servicing.models import Loan, ReconciliationRun
from servicing.rails.base import Balances, Direction, OutcomeStatus, StatementLine
from servicing.treasury import breaks, positions
from servicing.treasury.returns import PayoutNotSettled
from tests.servicing.lending import Lender, kes
from tests.servicing.overpayments import overpaid, sent, told
from tests.servicing.returned import says, takes_back
from tests.servicing.test_amendments import reverses
from tests.servicing.test_break_bounces import back, charges_back
from tests.servicing.test_break_ends import cash
from tests.servicing.test_breaks import only_break, trial
from tests.servicing.topping_up import is_lent, lends_more, running
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

    async def counts_no_more(self, lender: Lender, loan: Loan, n: int) -> None:
        """What waits n-th was placed on the wrong loan, and that was taken back."""
        async with lender.sessions() as session:
            item = (await suspense.list_open(session))[n]
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await suspense.assign(
                    session, item.id, loan_id=loan.id, staff_id=who, reason="theirs",
                    on=lender.on, now=lender.now,
                )  # fmt: skip
        await charges_back(lender, loan)

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
        assert [row.category for row in await open_breaks(lender)] == ["returned"]

        await self.puts_right(lender, "returned")

        assert await self.waits(lender) == [("9000.00", loan.id), ("6000.00", loan.id)]
        await compares(lender, lines[:2])
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_of_one_amount_are_two_whichever_is_put_right_first(self, lender: Lender) -> None:
        """The first has mended with what the second brought, and the second is a break again."""
        loan, lines = await self.lines(lender, kes(6_000), kes(6_000))
        await compares(lender, lines)
        await self.puts_right(lender, "duplicate")
        await compares(lender, lines)

        await self.puts_right(lender, "duplicate")

        await compares(lender, lines)
        assert await self.waits(lender) == [("6000.00", loan.id), ("6000.00", loan.id)]
        assert await cash(lender) == kes(12_000).minor - lines[0].amount.minor
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_of_one_amount_on_two_days_are_two(self, lender: Lender) -> None:
        _, lines = await self.lines(lender, kes(6_000), kes(500), kes(500))
        await compares(lender, lines[:2])
        await self.puts_right(lender, "returned")
        days = (NEXT, NEXT + timedelta(days=1))
        for line, day in zip(lines[2:], days, strict=True):
            await compares(lender, [line], day=day)
        for found in reversed(await open_breaks(lender)):
            await two_act(lender, "put_right", found.id)

        for line, day in zip(lines[2:], days, strict=True):
            await compares(lender, [line], day=day)

        assert [amount for amount, _ in await self.waits(lender)] == ["6000.00", "500.00", "500.00"]
        assert await open_breaks(lender) == []
        await lender.verifies()

    @pytest.mark.parametrize(("n", "category"), [(0, "returned"), (1, "duplicate")])
    async def test_that_count_no_more_are_breaks_again(
        self, lender: Lender, n: int, category: str
    ) -> None:
        loan, lines = await self.lines(lender, kes(6_000), kes(500))
        await compares(lender, lines)
        await self.puts_right(lender, "returned", "duplicate")
        before = await cash(lender)
        await self.counts_no_more(lender, loan, n)

        await compares(lender, lines)
        assert [row.category for row in await open_breaks(lender)] == [category]
        await self.puts_right(lender, category)

        assert await cash(lender) == before
        await compares(lender, lines)
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_that_a_corrected_statement_adds_are_taken_in_alone(self, lender: Lender) -> None:
        _, lines = await self.lines(lender, kes(6_000), kes(500), kes(100), kes(500))
        await compares(lender, lines[:2])
        await self.puts_right(lender, "returned")
        await compares(lender, lines[2:3], day=NEXT)
        await self.puts_right(lender, "duplicate")

        await compares(lender, lines[2:], day=NEXT)
        await self.puts_right(lender, "duplicate")

        waits = [amount for amount, _ in await self.waits(lender)]
        assert waits == ["6000.00", "500.00", "100.00", "500.00"]
        assert await cash(lender) == kes(7_100).minor - lines[0].amount.minor
        await compares(lender, lines[2:], day=NEXT)
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_are_the_borrowers_also_where_a_statement_has_the_newest_first(
        self, lender: Lender
    ) -> None:
        loan, lines = await self.lines(lender, kes(9_000), kes(6_000))
        await compares(lender, lines[::-1])
        await self.puts_right(lender, "returned")
        (again,) = await open_breaks(lender)
        with pytest.raises(breaks.BreakActNotPossible):
            await act(lender, "write_off", again.id, UMA)

        await self.puts_right(lender, "duplicate")

        assert sorted(await self.waits(lender)) == [("6000.00", loan.id), ("9000.00", loan.id)]
        await compares(lender, lines[::-1])
        assert await open_breaks(lender) == []
        await lender.verifies()

    async def test_are_not_undone_as_well_while_one_of_them_counts(self, lender: Lender) -> None:
        loan = await running(lends_more(lender))
        amendment = await is_lent(lender, loan)
        line = await paid_out(lender, loan)
        parts = [back(line, kes(600)), back(line, kes(50))]
        await compares(lender, [line, *parts], day=lender.now.date())
        await self.puts_right(lender, "returned", "duplicate")
        await self.counts_no_more(lender, loan, 0)
        before = await cash(lender)

        await says(lender, loan)
        with pytest.raises(PayoutNotSettled):
            await reverses(lender, amendment)

        assert await cash(lender) == before
        await lender.verifies()

    async def test_of_a_payout_that_is_undone_are_no_gain(self, lender: Lender) -> None:
        """The rail's message told of all of it, and its statement has it in two parts."""
        loan = await lender.lends()
        line = await paid_out(lender, loan)
        await says(lender, loan)
        await takes_back(lender, loan)
        lines = [line, back(line, kes(9_000)), back(line, line.amount - kes(9_000))]
        await compares(lender, lines)

        for found in await open_breaks(lender):
            for verb in ("write_off", "put_right"):
                with pytest.raises(breaks.BreakActNotPossible):
                    await two_act(lender, verb, found.id)
            await two_act(lender, "explain", found.id)

        assert (await cash(lender), await self.waits(lender)) == (0, [])
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
