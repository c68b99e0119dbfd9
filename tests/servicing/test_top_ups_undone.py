"""Money on top that fails, gets no answer, or comes back: nothing of it is owed."""

from datetime import date

import pytest

from kit import jobs
from kit.db import unit_of_work
from kit.four_eyes import SameStaff
from servicing import disbursements, order_reviews, orders, reconciliation
from servicing.disbursements import PAYOUTS
from servicing.models import Loan, Payout
from servicing.rails.base import (
    Ack,
    AckStatus,
    Direction,
    Outcome,
    OutcomeStatus,
    StatementLine,
)
from servicing.states import AmendmentStatus, LoanStatus, OrderStatus
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.test_amendments import LATER, UMA, USHA, amends, reverses
from tests.servicing.topping_up import (
    NO,
    TOP_UP,
    comes_back,
    fresh,
    hears,
    is_agreed,
    is_lent,
    lends_more,
    payouts_of,
    running,
    the_same,
)


@pytest.fixture
def lender(lender: Lender) -> Lender:
    return lends_more(lender)


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await running(lender)


class TestFailure:
    async def test_leaves_the_loan_as_it_was(self, lender: Lender, loan: Loan) -> None:
        books, rows = await lender.books(loan), await self.dues(lender, loan)
        amendment = await is_agreed(lender, loan)
        lender.rail.acks = [Ack(AckStatus.REJECTED, code="unknown_account")]
        await lender.pays_out(loan)

        assert (await fresh(lender, amendment)).status is AmendmentStatus.FAILED
        assert (await payouts_of(lender, loan))[-1].status is OrderStatus.FAILED
        assert await lender.books(loan) == books
        assert await self.dues(lender, loan) == rows
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        await lender.verifies()

    async def test_is_not_sent_again_and_can_be_agreed_anew(
        self, lender: Lender, loan: Loan
    ) -> None:
        await is_agreed(lender, loan)
        await lender.pays_out(loan)
        await hears(lender, loan, NO)
        with pytest.raises(disbursements.PayoutNotFailed):
            async with unit_of_work(lender.sessions) as session:
                await disbursements.cancel(session, loan.id, actor="staff:1", now=lender.now)

        again = await is_lent(lender, loan)

        assert again.status is AmendmentStatus.APPLIED
        await lender.verifies()

    async def test_of_money_that_was_returned_at_once(self, lender: Lender, loan: Loan) -> None:
        books = await lender.books(loan)
        amendment = await is_agreed(lender, loan)
        await lender.pays_out(loan)
        await comes_back(lender, loan)

        assert (await fresh(lender, amendment)).status is AmendmentStatus.FAILED
        assert await lender.books(loan) == books

    async def dues(self, lender: Lender, loan: Loan) -> list[tuple[date, int]]:
        return [(row.due_on, row.whole_minor) for row in await lender.schedule(loan)]


class TestSilence:
    async def is_unknown(self, lender: Lender, loan: Loan) -> Payout:
        await is_agreed(lender, loan)
        lender.rail.acks = [Ack(AckStatus.UNKNOWN)]
        with pytest.raises(jobs.Later):
            await lender.pays_out(loan)
        return (await payouts_of(lender, loan))[-1]

    async def test_is_asked_about_and_found_settled(self, lender: Lender, loan: Loan) -> None:
        books = await lender.books(loan)
        payout = await self.is_unknown(lender, loan)
        assert payout.status is OrderStatus.UNKNOWN
        assert await lender.books(loan) == books

        lender.rail.knows[payout.client_ref] = Outcome(
            OutcomeStatus.SETTLED, kes(12_000), "W2", settled_at=lender.now
        )
        sent = len(lender.rail.sent)
        await lender.pays_out(loan)

        assert len(lender.rail.sent) == sent
        assert kes((await lender.books(loan))["cash_wallet"]) < kes(books["cash_wallet"])
        line = StatementLine(
            "W2", payout.client_ref, Direction.PAYOUT, kes(12_000), OutcomeStatus.SETTLED
        )
        assert await self.reconciles(lender, line) == []
        await lender.verifies()

    async def test_that_a_person_ends(self, lender: Lender, loan: Loan) -> None:
        books = await lender.books(loan)
        payout = await self.is_unknown(lender, loan)
        lender.rail.knows[payout.client_ref] = Outcome(OutcomeStatus.UNKNOWN)
        for _ in range(orders.TRIES_MAX):
            try:
                await lender.pays_out(loan)
            except jobs.Later:
                continue
        assert (await payouts_of(lender, loan))[-1].status is OrderStatus.NEEDS_REVIEW

        for staff_id in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await order_reviews.fail(
                    session, PAYOUTS, payout.id, failure_code="never_came", staff_id=staff_id,
                    reason="called them", on=lender.on, zone=ZONE, now=lender.now,
                )  # fmt: skip

        assert (await payouts_of(lender, loan))[-1].status is OrderStatus.FAILED
        assert await lender.books(loan) == books
        await lender.verifies()

    async def reconciles(self, lender: Lender, *lines: StatementLine) -> list[str]:
        async with unit_of_work(lender.sessions) as session:
            found = await reconciliation.run(
                session, rail="wallet", day=lender.now.date(), lines=lines, now=lender.now
            )
        return [each.category for each in found if each.reference in {x.reference for x in lines}]


class TestReturn:
    async def test_leaves_nothing_owed(self, lender: Lender, loan: Loan) -> None:
        """As if it had never been lent: days in between cost nothing of it."""
        other = await the_same(lender)
        amendment = await is_lent(lender, loan)
        await lender.closes_days_until(date(2027, 1, 2))
        await comes_back(lender, loan)

        assert (await fresh(lender, amendment)).status is AmendmentStatus.REVERSED
        assert (await payouts_of(lender, loan))[-1].status is OrderStatus.RETURNED
        await lender.closes_days_until(date(2027, 1, 3))
        assert await lender.books(loan) == await lender.books(other)
        assert await lender.payoff(loan) == await lender.payoff(other)
        assert await lender.incidents() == []
        await lender.verifies()

        await comes_back(lender, loan)  # The rail says it once more.
        await lender.closes_days_until(date(2027, 1, 21))
        assert await lender.books(loan) == await lender.books(other)
        await lender.verifies()

    async def test_gives_back_what_was_paid_for_it(self, lender: Lender, loan: Loan) -> None:
        await is_lent(lender, loan)
        await lender.receives(loan, await lender.payoff(loan))
        await comes_back(lender, loan)

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await lender.suspended() == ["12000.00"]
        await lender.verifies()

    async def test_takes_late_fees_for_it_along(self, lender: Lender, loan: Loan) -> None:
        await is_lent(lender, loan, {**TOP_UP, "start": "2027-01-02"})
        await lender.closes_days_until(date(2027, 1, 9))
        assert "penalties_receivable" in await lender.books(loan)

        await comes_back(lender, loan)

        assert "penalties_receivable" not in await lender.books(loan)
        await lender.verifies()

    async def test_that_cannot_be_undone_goes_to_a_person(self, lender: Lender, loan: Loan) -> None:
        """Since then a date was moved that the loan had not before."""
        amendment = await is_lent(lender, loan)
        moved = {**LATER, "from_due_date": "2027-02-23", "new_due_date": "2027-02-27"}
        await amends(lender, loan, moved)
        books = await lender.books(loan)
        await comes_back(lender, loan)

        assert await lender.incidents() == ["payout_final_state_differs"]
        assert (await fresh(lender, amendment)).status is AmendmentStatus.APPLIED
        assert await lender.books(loan) == books
        await lender.verifies()

    async def test_of_a_part_of_it_goes_to_a_person(self, lender: Lender, loan: Loan) -> None:
        await is_lent(lender, loan)
        books = await lender.books(loan)
        await hears(lender, loan, Outcome(OutcomeStatus.RETURNED, kes(11_999), "W1"))

        assert await lender.incidents() == ["payout_amount_differs"]
        assert await lender.books(loan) == books

    async def test_can_be_told_by_two_of_staff(self, lender: Lender, loan: Loan) -> None:
        other = await the_same(lender)
        amendment = await is_lent(lender, loan)
        books = await lender.books(loan)
        first = await reverses(lender, amendment, UMA)
        with pytest.raises(SameStaff):
            await reverses(lender, amendment, UMA)

        assert first.status is AmendmentStatus.APPLIED
        assert (await payouts_of(lender, loan))[-1].status is OrderStatus.SETTLED
        assert await lender.books(loan) == books

        done = await reverses(lender, amendment)

        assert done.status is AmendmentStatus.REVERSED
        assert (await payouts_of(lender, loan))[-1].status is OrderStatus.RETURNED
        await lender.closes_days_until(date(2026, 12, 24))
        assert await lender.books(loan) == await lender.books(other)
        await lender.verifies()

    async def test_is_no_break_in_the_statement(self, lender: Lender, loan: Loan) -> None:
        await is_lent(lender, loan)
        await comes_back(lender, loan)
        ref = (await payouts_of(lender, loan))[-1].client_ref
        lines = [
            StatementLine("W1", ref, Direction.PAYOUT, kes(12_000), status)
            for status in (OutcomeStatus.SETTLED, OutcomeStatus.RETURNED)
        ]

        assert await TestSilence().reconciles(lender, *lines) == []
