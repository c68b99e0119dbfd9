"""A new loan pays off running ones: to the cent, in one transaction, and only when it is there."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.ids import new_id
from servicing import amendments, origination, queries, repayments, terms, top_ups
from servicing import rules as agreed_rules
from servicing.jurisdictions.caps import CapPassed
from servicing.ledger import balances
from servicing.ledger.chart import Account
from servicing.models import Amendment, Loan
from servicing.rails.base import Outcome, OutcomeStatus
from servicing.states import AmendmentStatus, LoanStatus, OrderStatus
from tests.servicing.lending import ACCOUNT, RULES, TERMS, Lender, kes
from tests.servicing.test_amendments import (
    LATER,
    amends,
    approves,
    consents,
    proposes,
    reverses,
    sees,
)
from tests.servicing.topping_up import (
    DAILY,
    NO,
    comes_back,
    fresh,
    hears,
    is_agreed,
    payouts_of,
)

REFINANCE: Mapping[str, Any] = {
    "type": "refinance",
    "installments": 6,
    "annual_rate_percent": "24",
}
MORE = {**REFINANCE, "amount": "5000"}


@pytest.fixture
def lender(lender: Lender) -> Lender:
    lender.product = {"amount_max_minor": kes(80_000).minor}
    return lender


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    loan = await lender.lends(**DAILY)
    await lender.closes_days_until(date(2026, 12, 5))
    return loan


async def another(lender: Lender, loan: Loan, principal: str = "10000") -> Loan:
    """A second loan of the same borrower, paid out today."""
    agreed = terms.parse({**TERMS, **DAILY, "principal": principal, "fees": []})
    async with unit_of_work(lender.sessions) as session:
        other = await origination.open_loan(
            session, vault_of(session), application_id=new_id(), borrower_id=loan.borrower_id,
            terms=agreed, rules=agreed_rules.parse(RULES, "KES"), account=ACCOUNT, on=lender.on,
            now=lender.now,
        )  # fmt: skip
    await lender.arrives(other)
    return other


async def new_loan(lender: Lender, amendment: Amendment) -> Loan:
    async with lender.sessions() as session:
        found = await queries.find_by_application(session, amendment.id)
    assert found is not None
    return found


async def between_loans(lender: Lender) -> int:
    async with lender.sessions() as session:
        rows = await balances.trial_balance(session)
    return sum(row.net_minor for row in rows if row.account is Account.REFINANCING)


class TestPreview:
    async def test_shows_the_debt_on_new_terms(self, lender: Lender, loan: Loan) -> None:
        seen = await sees(lender, loan, REFINANCE)

        assert seen.paid_out == kes(0)
        assert len(seen.after) == 6
        assert seen.needs_consent
        assert seen.apr_before is not None
        assert seen.apr_after is not None
        assert 26 < float(seen.apr_after) < 27.5 < float(seen.apr_before)  # 1.02 ** 12 is 1.268
        principal = kes(0)
        for due in seen.after:
            principal += due.amount
        assert principal == seen.to_pay_after > await lender.payoff(loan)

    async def test_with_more_money(self, lender: Lender, loan: Loan) -> None:
        seen = await sees(lender, loan, MORE)

        assert seen.paid_out == kes(5_000)

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({**MORE, "amount": "60000"}, "amount must leave at most"),
            ({**MORE, "amount": "-1"}, "amount"),
            ({**REFINANCE, "installments": 0}, "installments"),
            ({**REFINANCE, "also": ["L-NOBODY"]}, "also must list"),
            ({**REFINANCE, "also": "L-NOBODY"}, "also must list"),
            ({**REFINANCE, "waive": ["fee"]}, "waive"),
            ({**REFINANCE, "colour": "blue"}, "colour"),
        ],
    )
    async def test_names_the_field_that_is_wrong(
        self, lender: Lender, loan: Loan, change: dict[str, Any], why: str
    ) -> None:
        with pytest.raises(amendments.ChangeNotPossible) as refused:
            await sees(lender, loan, change)

        assert why in str(refused.value.params["reason"])

    async def test_never_pays_off_loans_of_others(self, lender: Lender, loan: Loan) -> None:
        stranger = await lender.lends(**DAILY)
        for reference in (stranger.reference, loan.reference):
            with pytest.raises(amendments.ChangeNotPossible, match="also must list"):
                await sees(lender, loan, {**REFINANCE, "also": [reference]})

    async def test_keeps_to_the_caps_of_today(self, lender: Lender) -> None:
        lender.product = {**lender.product, "jurisdiction": "CN/small_loan"}
        loan = await lender.lends(annual_rate_percent="12", fees=[])

        assert (await sees(lender, loan, {**REFINANCE, "annual_rate_percent": "18"})).after
        with pytest.raises(CapPassed):
            await sees(lender, loan, {**REFINANCE, "annual_rate_percent": "30"})


class TestWithoutMoney:
    async def test_is_done_at_once(self, lender: Lender, loan: Loan) -> None:
        seen, payoff = await sees(lender, loan, REFINANCE), await lender.payoff(loan)
        cash = (await lender.books(loan))["cash_wallet"]
        done = await is_agreed(lender, loan, REFINANCE)
        new = await new_loan(lender, done)

        assert done.status is AmendmentStatus.APPLIED
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert new.status is LoanStatus.ACTIVE
        assert new.principal == payoff
        assert await lender.books(new) == {
            Account.PRINCIPAL: payoff.major,
            Account.REFINANCING: (payoff.zero() - payoff).major,
        }
        assert (await lender.books(loan))["cash_wallet"] == cash
        assert await payouts_of(lender, new) == []
        assert [(due.due_on, due.amount.minor) for due in seen.after] == [
            (row.due_on, row.unpaid_minor) for row in await lender.schedule(new)
        ]
        assert await between_loans(lender) == 0
        await lender.verifies()

    async def test_puts_several_loans_into_one(self, lender: Lender, loan: Loan) -> None:
        other = await another(lender, loan)
        await lender.closes_days_until(date(2026, 12, 10))
        owed = await lender.payoff(loan) + await lender.payoff(other)
        done = await is_agreed(lender, loan, {**REFINANCE, "also": [other.reference]})

        assert (await new_loan(lender, done)).principal == owed
        for old in (loan, other):
            assert (await lender.sees(old)).status is LoanStatus.CLOSED
        assert await between_loans(lender) == 0
        await lender.verifies()

    async def test_is_repaid_to_the_end(self, lender: Lender, loan: Loan) -> None:
        new = await new_loan(lender, await is_agreed(lender, loan, REFINANCE))
        for row in await lender.schedule(new):
            await lender.closes_days_until(row.due_on)
            await lender.receives(new, (await lender.owed(new)).total)
            await lender.verifies()

        assert (await lender.sees(new)).status is LoanStatus.CLOSED
        assert await lender.suspended() == []

    async def test_takes_credit_into_account(self, lender: Lender, loan: Loan) -> None:
        await lender.receives(loan, kes(1_000))
        payoff = await lender.payoff(loan)
        new = await new_loan(lender, await is_agreed(lender, loan, REFINANCE))

        assert new.principal == payoff
        assert await lender.suspended() == []
        await lender.verifies()

    async def test_takes_over_what_is_late(self, lender: Lender, loan: Loan) -> None:
        await lender.closes_days_until(date(2026, 12, 26))
        with pytest.raises(amendments.ChangeNotPossible, match="overdue"):
            await sees(lender, loan, MORE)
        payoff = await lender.payoff(loan)

        assert (await new_loan(lender, await is_agreed(lender, loan, REFINANCE))).principal == (
            payoff
        )
        await lender.verifies()

    async def test_can_be_taken_back(self, lender: Lender, loan: Loan) -> None:
        other = await lender.lends(**DAILY)
        lender.on = date(2026, 12, 5)
        done = await is_agreed(lender, loan, REFINANCE)
        await lender.closes_days_until(date(2026, 12, 8))
        await reverses(lender, done)
        await lender.closes_days_until(date(2026, 12, 9))

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert (await new_loan(lender, done)).status is LoanStatus.CANCELED
        assert await lender.books(await new_loan(lender, done)) == {}
        assert other.status is LoanStatus.ACTIVE
        assert "refinancing" not in await lender.books(loan)
        await lender.verifies()


class TestWithMoney:
    async def test_ends_the_old_when_the_money_is_there(self, lender: Lender, loan: Loan) -> None:
        books = await lender.books(loan)
        paying = await is_agreed(lender, loan, MORE)
        new = await new_loan(lender, paying)
        assert paying.status is AmendmentStatus.PAYING
        assert new.status is LoanStatus.PENDING_DISBURSEMENT
        assert await lender.books(loan) == books
        await lender.pays_out(new)
        await lender.closes_days_until(date(2026, 12, 7))
        payoff = await lender.payoff(loan)

        await hears(lender, new, Outcome(OutcomeStatus.SETTLED, kes(5_000), "W1"))

        new = await new_loan(lender, paying)
        assert (await fresh(lender, paying)).status is AmendmentStatus.APPLIED
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert new.principal == payoff + kes(5_000)
        assert (await lender.books(new))["cash_wallet"] == "-5000.00"
        assert await between_loans(lender) == 0
        await lender.verifies()

    @pytest.mark.parametrize("heard_on", [date(2026, 12, 8), date(2026, 12, 20)])
    async def test_heard_of_late_begins_after_the_days_that_are_closed(
        self, lender: Lender, loan: Loan, heard_on: date
    ) -> None:
        """The first due date that was agreed is over, for a loan that begins only then."""
        paying = await is_agreed(lender, loan, {**MORE, "start": "2026-12-07"})
        new = await new_loan(lender, paying)
        await lender.pays_out(new)
        moved_at = lender.now + timedelta(days=1)
        await lender.closes_days_until(heard_on)

        outcome = Outcome(OutcomeStatus.SETTLED, kes(5_000), "W1", settled_at=moved_at)
        await hears(lender, new, outcome)

        rows = await lender.schedule(await new_loan(lender, paying))
        # Two days after the agreement, and as many after the last day that the old loan had.
        assert rows[0].due_on == heard_on - timedelta(days=1) + timedelta(days=2)
        assert (await fresh(lender, paying)).status is AmendmentStatus.APPLIED
        await lender.verifies()

    async def test_is_less_by_what_was_paid_meanwhile(self, lender: Lender, loan: Loan) -> None:
        paying = await is_agreed(lender, loan, MORE)
        await lender.pays_out(await new_loan(lender, paying))
        await lender.receives(loan, await lender.payoff(loan))
        await hears(
            lender, await new_loan(lender, paying),
            Outcome(OutcomeStatus.SETTLED, kes(5_000), "W1"),
        )  # fmt: skip

        assert (await new_loan(lender, paying)).principal == kes(5_000)
        await lender.verifies()

    async def test_that_fails_leaves_the_old_loan(self, lender: Lender, loan: Loan) -> None:
        books = await lender.books(loan)
        paying = await is_agreed(lender, loan, MORE)
        new = await new_loan(lender, paying)
        await lender.pays_out(new)
        await hears(lender, new, NO)

        assert (await fresh(lender, paying)).status is AmendmentStatus.FAILED
        assert (await new_loan(lender, paying)).status is LoanStatus.CANCELED
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert await lender.books(loan) == books
        await lender.verifies()

    async def test_keeps_other_changes_away(self, lender: Lender, loan: Loan) -> None:
        later = await proposes(lender, loan, LATER)
        await consents(lender, loan, later)
        await is_agreed(lender, loan, MORE)

        with pytest.raises(top_ups.TopUpUnderWay):
            await approves(lender, later)

    async def test_that_comes_back_brings_the_old_loan_back(
        self, lender: Lender, loan: Loan
    ) -> None:
        payoff = await lender.payoff(loan)
        paying = await is_agreed(lender, loan, MORE)
        new = await new_loan(lender, paying)
        await lender.arrives(new)
        await comes_back(lender, new)

        assert (await fresh(lender, paying)).status is AmendmentStatus.REVERSED
        assert (await new_loan(lender, paying)).status is LoanStatus.CANCELED
        assert (await payouts_of(lender, new))[-1].status is OrderStatus.RETURNED
        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert await lender.payoff(loan) == payoff
        assert await between_loans(lender) == 0
        await lender.verifies()

    async def test_that_comes_back_after_a_payment_goes_to_a_person(
        self, lender: Lender, loan: Loan
    ) -> None:
        paying = await is_agreed(lender, loan, MORE)
        new = await new_loan(lender, paying)
        await lender.arrives(new)
        await lender.receives(new, kes(100))
        await comes_back(lender, new)

        assert await lender.incidents() == ["payout_final_state_differs"]
        assert (await lender.sees(new)).status is LoanStatus.ACTIVE
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        await lender.verifies()


class TestWhatHadBeenPaid:
    async def test_is_owed_again_when_it_goes_back(self, lender: Lender, loan: Loan) -> None:
        """The new loan stays what it is; the old one has the rest."""
        paid = await lender.receives(loan, kes(1_000))
        new = await new_loan(lender, await is_agreed(lender, loan, REFINANCE))
        principal = new.principal

        async with unit_of_work(lender.sessions) as session:
            await repayments.reverse(
                session, paid.id, actor="staff:1", reason="bounced", on=lender.on, now=lender.now
            )

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert await lender.payoff(loan) == kes(1_000)
        assert (await lender.sees(new)).principal == principal
        await lender.verifies()
        assert await amends(lender, loan, {"type": "write_off"})
        await lender.verifies()


class TestRecalculatedInterest:
    """Interest that follows what is owed: every day has to be told."""

    @pytest.fixture
    def lender(self, lender: Lender) -> Lender:
        daily = {"rest": "daily", "advance": "reduce_installment"}
        lender.rules = {**RULES, "interest_recalculation": daily}
        return lender

    async def test_is_taken_over_to_the_cent(self, lender: Lender, loan: Loan) -> None:
        await lender.receives(loan, kes(3_000))
        await lender.closes_days_until(date(2026, 12, 9))
        payoff = await lender.payoff(loan)
        new = await new_loan(lender, await is_agreed(lender, loan, REFINANCE))

        assert new.principal == payoff
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        await lender.verifies()

    async def test_ends_with_the_payoff_that_was_told(self, lender: Lender, loan: Loan) -> None:
        """Fees that were paid before they fell due count."""
        await lender.receives(loan, kes(3_000))
        await lender.closes_days_until(date(2026, 12, 9))
        await lender.receives(loan, await lender.payoff(loan))

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await lender.suspended() == []
        await lender.verifies()

    async def test_goes_on_when_money_on_top_comes_back(self, lender: Lender, loan: Loan) -> None:
        payoff = await lender.payoff(loan)
        top_up = {"type": "top_up", "amount": "4000", "installments": 5}
        done = await is_agreed(lender, loan, top_up)
        await lender.arrives(loan)
        await lender.verifies()
        await comes_back(lender, loan)

        assert (await fresh(lender, done)).status is AmendmentStatus.REVERSED
        assert await lender.payoff(loan) == payoff
        await lender.closes_days_until(date(2026, 12, 8))
        await lender.verifies()
