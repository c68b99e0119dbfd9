"""Payouts that came back after they had settled: two of staff take them back into the books."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from kit import four_eyes
from kit.audit import AuditEvent
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.four_eyes import Proposal
from kit.money import Money
from notifications.models import Notification
from servicing import disbursements, rail_events, reconciliation, repayments, top_ups
from servicing.ledger import balances
from servicing.ledger.rules import Event
from servicing.models import Loan, Payout, ReconciliationRun, Repayment
from servicing.rails.base import (
    HINT,
    Ack,
    AckStatus,
    Balances,
    Direction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    StatementLine,
)
from servicing.states import AmendmentStatus, LoanStatus, OrderStatus
from servicing.treasury import breaks, positions, returns
from servicing.treasury.returns import Ending
from tests.servicing.lending import ACCOUNT, ZONE, Lender, kes
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
    paid_out,
    two_act,
)

NEXT_DAY = date(2026, 12, 5)
WALLETS = "cash_wallet"


async def says(
    lender: Lender,
    loan: Loan,
    amount: Money | None = None,
    *,
    event: str = "E9",
    name: str = "W1",
    hint: bool = False,
) -> None:
    """The rail tells that the last payout came back; `name`: how it calls the transfer."""
    payout = (await payouts_of(lender, loan))[-1]
    back = amount or payout.amount
    outcome = Outcome(OutcomeStatus.RETURNED, back, name, "account_closed")
    told = RailEvent(
        "wallet", f"{HINT}{event}" if hint else event, Direction.PAYOUT, payout.client_ref, name,
        back, outcome, is_hint=hint,
    )  # fmt: skip
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, told, on=lender.on, zone=ZONE, now=lender.now)


async def differs(lender: Lender, lines: list[StatementLine]) -> list[str]:
    """By today's statement; what borrowers paid in cash is in none."""
    found = await compares(lender, lines, day=lender.now.date())
    return [each.category for each in found if each.category != "missing_at_rail"]


async def states(lender: Lender, loan: Loan, amount: Money | None = None) -> list[StatementLine]:
    """Today's statement has it."""
    line = replace(await paid_out(lender, loan), status=OutcomeStatus.RETURNED)
    lines = [line if amount is None else replace(line, amount=amount)]
    await compares(lender, lines, day=lender.now.date())
    return lines


async def takes_back(lender: Lender, loan: Loan, *people: Any) -> Proposal:
    payout = (await payouts_of(lender, loan))[-1]
    for who in people or (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            done = await returns.take_back(
                session, payout.id, staff_id=who, reason="seen at the rail", on=lender.on,
                zone=ZONE, now=lender.now,
            )  # fmt: skip
    return done


async def looks(lender: Lender, loan: Loan) -> returns.Returned:
    payout = (await payouts_of(lender, loan))[-1]
    async with lender.sessions() as session:
        return await returns.look(session, payout.id, on=lender.on, zone=ZONE, now=lender.now)


async def sends_again(lender: Lender, loan: Loan, account: str | None = None) -> None:
    async with unit_of_work(lender.sessions) as session:
        await disbursements.retry(
            session, vault_of(session), loan.id, actor="staff:1", now=lender.now, account=account
        )
    await lender.arrives(loan)


async def trial(lender: Lender) -> dict[str, int]:
    async with lender.sessions() as session:
        rows = await balances.trial_balance(session)
    return {row.account: row.net_minor for row in rows if row.net_minor}


async def told(lender: Lender, loan: Loan, template: str) -> int:
    async with lender.sessions() as session:
        return (
            await session.scalar(
                select(func.count(Notification.id)).where(
                    Notification.person_id == loan.borrower_id, Notification.template == template
                )
            )
            or 0
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
