"""Payouts that had settled and came back: what becomes of the loan when staff take them back."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kit.db import unit_of_work
from servicing import disbursements, repayments, top_ups
from servicing.ledger.rules import Event
from servicing.models import Loan, Payout, Repayment
from servicing.rails.base import (
    Ack,
    AckStatus,
    Direction,
    OutcomeStatus,
    StatementLine,
)
from servicing.states import AmendmentStatus, LoanStatus, OrderStatus
from servicing.treasury import returns
from servicing.treasury.returns import Ending
from tests.servicing.lending import ACCOUNT, ZONE, Lender, kes
from tests.servicing.returned import (
    NEXT_DAY,
    WALLETS,
    differs,
    looks,
    says,
    sends_again,
    states,
    takes_back,
    told,
    trial,
)
from tests.servicing.test_amendments import LATER, amends, reverses
from tests.servicing.test_refinancing import MORE, between_loans, new_loan
from tests.servicing.topping_up import (
    DAILY,
    fresh,
    is_agreed,
    is_lent,
    lends_more,
    payouts_of,
    running,
    the_same,
)
from tests.servicing.treasury_acts import (
    UMA,
    USHA,
    compares,
    open_breaks,
)

PENALTY: dict[str, Any] = {"penalty": {"kind": "percent", "percent": "2", "grace_days": 2}}
DAILY_INTEREST: dict[str, Any] = {"interest_recalculation": {"advance": "reduce_installment"}}


class TestOfAWholeLoan:
    async def test_is_as_if_nothing_had_been_lent(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(NEXT_DAY)
        assert "interest_receivable" in await lender.books(loan)
        await says(lender, loan)
        assert await lender.incidents() == ["payout_final_state_differs"]

        await takes_back(lender, loan)

        now = await lender.sees(loan)
        assert (now.status, now.disbursed_on, now.accrued_on) == (
            LoanStatus.PENDING_DISBURSEMENT, None, None,
        )  # fmt: skip
        assert (await payouts_of(lender, loan))[-1].status is OrderStatus.RETURNED
        assert await lender.books(loan) == {}
        assert await trial(lender) == {}
        assert await lender.incidents() == []
        assert await told(lender, loan, "payout_returned") == 1
        await lender.verifies()

    async def test_is_shown_before_it_is_done(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(NEXT_DAY)
        await says(lender, loan)
        before = await trial(lender)

        seen = await looks(lender, loan)

        assert (seen.ending, seen.proof.amount) == (Ending.UNDONE, kes(29_200))
        assert (seen.proof.source, seen.proof.on) == (returns.Source.MESSAGE, NEXT_DAY)
        assert seen.undone.pop(Event.INTEREST_ACCRUED) > kes(400)
        assert seen.undone == {
            Event.PRINCIPAL_DISBURSED: kes(29_200),
            Event.FEE_DEDUCTED: kes(750),
            Event.THIRD_PARTY_FEE_DEDUCTED: kes(50),
        }
        assert await trial(lender) == before
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE

    async def test_can_be_sent_again_to_a_corrected_account(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(NEXT_DAY)
        await says(lender, loan)
        await takes_back(lender, loan)
        await lender.closes_days_until(NEXT_DAY + timedelta(days=3))

        await sends_again(lender, loan, "254700000002")

        assert [each.account for each in lender.rail.sent] == [ACCOUNT, "254700000002"]
        other = await lender.lends()
        again = await lender.sees(loan)
        assert (again.status, again.disbursed_on) == (LoanStatus.ACTIVE, lender.on)
        assert await lender.books(loan) == await lender.books(other)
        dues = [(row.due_on, row.whole_minor) for row in await lender.schedule(other)]
        assert [(row.due_on, row.whole_minor) for row in await lender.schedule(loan)] == dues
        await lender.verifies()
        await lender.closes_days_until(date(2027, 1, 15))
        await lender.receives(loan, await lender.payoff(loan))
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        await lender.verifies()

    async def test_can_come_back_a_second_time(self, lender: Lender) -> None:
        loan = await lender.lends()
        await says(lender, loan)
        await takes_back(lender, loan)
        await sends_again(lender, loan)
        await says(lender, loan, event="E10")

        await takes_back(lender, loan)

        assert await trial(lender) == {}
        assert [row.status for row in await payouts_of(lender, loan)] == ["returned", "returned"]
        # The incident of the second is its own.
        assert await lender.incidents() == []
        assert await told(lender, loan, "payout_returned") == 2
        await lender.verifies()

    async def test_can_be_given_up(self, lender: Lender) -> None:
        loan = await lender.lends()
        await says(lender, loan)
        await takes_back(lender, loan)
        async with unit_of_work(lender.sessions) as session:
            await disbursements.cancel(session, loan.id, actor="staff:1", now=lender.now)

        assert (await lender.sees(loan)).status is LoanStatus.CANCELED
        await lender.verifies()

    async def test_takes_late_fees_along(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 28))
        assert "penalties_receivable" in await lender.books(loan)
        await says(lender, loan)

        await takes_back(lender, loan)

        assert await trial(lender) == {}
        assert all(row.penalties_minor == 0 for row in await lender.schedule(loan))
        await sends_again(lender, loan)
        await lender.closes_days_until(date(2027, 2, 5))
        assert "penalties_receivable" in await lender.books(loan)
        await lender.verifies()

    @pytest.mark.parametrize("rules", [DAILY_INTEREST, DAILY_INTEREST | PENALTY, PENALTY])
    async def test_of_a_loan_that_follows_its_days(
        self, lender: Lender, rules: dict[str, Any]
    ) -> None:
        lender.rules = rules
        loan = await lender.lends(**DAILY)
        await lender.closes_days_until(date(2026, 12, 28))
        await says(lender, loan)

        await takes_back(lender, loan)

        assert await trial(lender) == {}
        await lender.verifies()

    async def test_leaves_payments_that_were_taken_back_undone(self, lender: Lender) -> None:
        loan = await lender.lends()
        paid = await lender.receives(loan, kes(500))
        async with unit_of_work(lender.sessions) as session:
            await repayments.reverse(
                session, paid.id, actor="staff:1", reason="theirs", on=lender.on, now=lender.now
            )
        await says(lender, loan)

        await takes_back(lender, loan)

        assert await trial(lender) == {}
        await lender.verifies()

    async def test_does_not_send_what_was_lent_on_top(self, lender: Lender) -> None:
        """The last payout of the loan was of something else."""
        loan = await lends_more(lender).lends(**DAILY)
        first = (await payouts_of(lender, loan))[0]
        await is_agreed(lender, loan)
        lender.rail.acks = [Ack(AckStatus.REJECTED, code="unknown_account")]
        await lender.pays_out(loan)
        await self.is_back(lender, loan, first)

        await sends_again(lender, loan)

        sent = await payouts_of(lender, loan)
        assert [(row.attempt, row.amount) for row in sent][2:] == [(3, first.amount)]
        await lender.verifies()

    async def is_back(self, lender: Lender, loan: Loan, payout: Payout) -> None:
        line = StatementLine(
            "W1", payout.client_ref, Direction.PAYOUT, payout.amount, OutcomeStatus.RETURNED
        )
        await compares(lender, [line], day=lender.now.date())
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await returns.take_back(
                    session, payout.id, staff_id=who, reason="seen", on=lender.on, zone=ZONE,
                    now=lender.now,
                )  # fmt: skip


class TestOfALoanThatWentOn:
    async def test_counts_as_a_payment_when_others_were_made(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(500))
        await lender.closes_days_until(NEXT_DAY)
        lines = await states(lender, loan)
        await says(lender, loan)
        seen = await looks(lender, loan)
        assert (seen.ending, seen.undone) == (Ending.REPAID, {})

        await takes_back(lender, loan)

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert (await lender.books(loan))["borrower_credit"] == "29700.00"
        assert (await trial(lender))[WALLETS] == kes(500).minor
        assert (await payouts_of(lender, loan))[-1].status is OrderStatus.SETTLED
        assert await lender.incidents() == []
        assert await open_breaks(lender) == []
        await compares(lender, lines, day=lender.now.date())
        assert await open_breaks(lender) == []
        assert await told(lender, loan, "repayment_received") == 2
        with pytest.raises(returns.PayoutNotSettled):
            await takes_back(lender, loan, UMA)
        await lender.verifies()

    async def test_waits_in_suspense_when_the_loan_is_repaid(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, await lender.payoff(loan))
        lines = await states(lender, loan)
        assert (await looks(lender, loan)).ending is Ending.SET_ASIDE

        await takes_back(lender, loan)

        assert await lender.suspended() == ["29200.00"]
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await differs(lender, lines) == []
        assert await told(lender, loan, "payout_set_aside") == 1
        with pytest.raises(returns.PayoutNotSettled):
            await takes_back(lender, loan, UMA)
        await lender.verifies()

    @pytest.mark.parametrize("is_over", [False, True])
    async def test_is_over_however_often_the_rail_tells_of_it(
        self, lender: Lender, is_over: bool
    ) -> None:
        """A bank has another name for each of its messages."""
        loan = await lender.lends()
        await lender.receives(loan, await lender.payoff(loan) if is_over else kes(500))
        await says(lender, loan)
        await takes_back(lender, loan)
        before = await trial(lender)

        await says(lender, loan, event="E10", name="RTN-2")

        assert await lender.incidents() == []
        assert await trial(lender) == before
        await says(lender, loan, kes(29_199), event="E11")
        assert await lender.incidents() == ["payout_amount_differs"]

    async def test_counted_and_taken_back_it_is_a_break_again(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(500))
        lines = await states(lender, loan)
        await takes_back(lender, loan)
        async with unit_of_work(lender.sessions) as session:
            counted = await session.scalar(
                select(Repayment).where(Repayment.rail_reference.startswith("returned:"))
            )
            assert counted is not None
            await repayments.reverse(
                session, counted.id, actor="staff:1", reason="wrong", on=lender.on, now=lender.now
            )

        assert await differs(lender, lines) == ["returned"]
        await says(lender, loan)
        assert await lender.incidents() == ["payout_final_state_differs"]
        await lender.receives(loan, kes(500))
        with pytest.raises(returns.ReturnNotPossible):
            await takes_back(lender, loan, UMA)

    async def test_waits_for_changes_to_be_taken_back(self, lender: Lender) -> None:
        loan = await lender.lends()
        changed = await amends(lender, loan, LATER)
        before = await trial(lender)
        await says(lender, loan)
        with pytest.raises(returns.ReturnNotPossible):
            await takes_back(lender, loan, UMA)
        assert await trial(lender) == before

        await reverses(lender, changed)
        await takes_back(lender, loan)

        assert await trial(lender) == {}
        await lender.verifies()


class TestOfMoneyOnTop:
    async def test_that_is_on_its_way_is_waited_for(self, lender: Lender) -> None:
        loan = await lends_more(lender).lends(**DAILY)
        first = (await payouts_of(lender, loan))[0]
        await is_agreed(lender, loan)
        await lender.pays_out(loan)
        line = StatementLine(
            "W1", first.client_ref, Direction.PAYOUT, first.amount, OutcomeStatus.RETURNED
        )
        await compares(lender, [line], day=lender.now.date())

        with pytest.raises(top_ups.TopUpUnderWay):
            async with unit_of_work(lender.sessions) as session:
                await returns.take_back(
                    session, first.id, staff_id=UMA, reason="seen", on=lender.on, zone=ZONE,
                    now=lender.now,
                )  # fmt: skip

        await lender.arrives(loan)
        await lender.verifies()

    async def test_that_could_not_be_undone_can_be_later(self, lender: Lender) -> None:
        """The rail told while a change stood against it; then that one was taken back."""
        loan = await running(lends_more(lender))
        other = await the_same(lender)
        amendment = await is_lent(lender, loan)
        moved = await amends(
            lender, loan,
            {**LATER, "from_due_date": "2027-02-23", "new_due_date": "2027-02-27"},
        )  # fmt: skip
        await says(lender, loan)
        assert await lender.incidents() == ["payout_final_state_differs"]
        with pytest.raises(returns.ReturnNotPossible):
            await takes_back(lender, loan, UMA)
        await reverses(lender, moved)
        assert (await looks(lender, loan)).undone[Event.PRINCIPAL_DISBURSED] == kes(12_000)

        await takes_back(lender, loan)

        await lender.closes_days_until(date(2026, 12, 24))
        assert await lender.books(loan) == await lender.books(other)
        assert (await fresh(lender, amendment)).status is AmendmentStatus.REVERSED
        assert await told(lender, loan, "top_up_undone") == 1
        assert await lender.incidents() == []
        await lender.verifies()

    async def test_of_a_refinance_on_which_was_paid_counts_as_a_payment(
        self, lender: Lender
    ) -> None:
        loan = await running(lends_more(lender))
        new = await new_loan(lender, await is_agreed(lender, loan, MORE))
        await lender.arrives(new)
        await lender.receives(new, kes(100))
        await says(lender, new)
        assert (await looks(lender, new)).ending is Ending.REPAID

        await takes_back(lender, new)

        assert await between_loans(lender) == 0
        assert (await lender.sees(new)).status is LoanStatus.ACTIVE
        await lender.verifies()

    async def test_of_a_refinance_brings_the_old_loan_back(self, lender: Lender) -> None:
        """Its payment was taken back in the meantime."""
        loan = await running(lends_more(lender))
        paying = await is_agreed(lender, loan, MORE)
        new = await new_loan(lender, paying)
        await lender.arrives(new)
        paid = await lender.receives(new, kes(100))
        await says(lender, new)
        async with unit_of_work(lender.sessions) as session:
            await repayments.reverse(
                session, paid.id, actor="staff:1", reason="theirs", on=lender.on, now=lender.now
            )

        await takes_back(lender, new)

        assert (await lender.sees(new)).status is LoanStatus.CANCELED
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert await between_loans(lender) == 0
        assert (await fresh(lender, paying)).status is AmendmentStatus.REVERSED
        await lender.verifies()
