"""Money on top of a running loan: owed from when it is there, and never without it."""

from datetime import date
from typing import Any

import pytest

from servicing import (
    amendments,
    happenings,
    queries,
    replay,
)
from servicing.jurisdictions.caps import CapPassed
from servicing.models import Loan
from servicing.rails.base import (
    Outcome,
    OutcomeStatus,
)
from servicing.states import AmendmentStatus, LoanStatus
from tests.servicing.lending import ACCOUNT, Lender, kes
from tests.servicing.test_amendments import (
    sees,
)
from tests.servicing.topping_up import (
    TOP_UP,
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


class TestPreview:
    async def test_shows_what_leaves_and_what_it_costs(self, lender: Lender, loan: Loan) -> None:
        seen = await sees(lender, loan, TOP_UP)

        assert seen.paid_out == kes(12_000)
        assert len(seen.after) == 6
        assert seen.after[0].due_on == date(2027, 1, 23)
        assert seen.extra_cost > kes(12_000)
        assert seen.needs_consent
        assert seen.apr_before is not None
        assert seen.apr_after is not None
        # 36 % a year by the month, and no fees on the new money: (1 + 0.36/12) ** 12 - 1.
        assert 41 < float(seen.apr_after) < 43.5
        assert float(seen.apr_before) > float(seen.apr_after)  # the old schedule has fees to come

    async def test_changes_nothing(self, lender: Lender, loan: Loan) -> None:
        books, rows = await lender.books(loan), await lender.schedule(loan)
        await sees(lender, loan, TOP_UP)

        assert await lender.books(loan) == books
        assert [row.due_on for row in await lender.schedule(loan)] == [row.due_on for row in rows]

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({**TOP_UP, "amount": "30000"}, "amount must leave at most"),
            ({**TOP_UP, "amount": "0"}, "amount"),
            ({**TOP_UP, "amount": "-1"}, "amount"),
            ({**TOP_UP, "installments": 0}, "installments"),
            ({**TOP_UP, "start": "2026-12-23"}, "start"),
            ({"type": "top_up", "installments": 3}, "amount"),
        ],
    )
    async def test_names_the_field_that_is_wrong(
        self, lender: Lender, loan: Loan, change: dict[str, Any], why: str
    ) -> None:
        with pytest.raises(amendments.ChangeNotPossible) as refused:
            await sees(lender, loan, change)

        assert why in str(refused.value.params["reason"])

    async def test_is_for_products_that_lend_more(self, lender: Lender) -> None:
        lender.product = {}
        with pytest.raises(amendments.ChangeNotPossible, match="not offered"):
            await sees(lender, await lender.lends(), TOP_UP)

    async def test_lends_nothing_on_top_of_what_is_late(self, lender: Lender, loan: Loan) -> None:
        await lender.closes_days_until(date(2027, 1, 22))

        with pytest.raises(amendments.ChangeNotPossible, match="overdue"):
            await sees(lender, loan, TOP_UP)


class TestLaw:
    async def test_new_terms_keep_to_the_caps_of_today(self, lender: Lender) -> None:
        lender.product = {**lender.product, "jurisdiction": "CN/small_loan"}
        loan = await lender.lends(annual_rate_percent="12", fees=[])
        await lender.closes_days_until(date(2026, 12, 1))

        assert (await sees(lender, loan, TOP_UP)).paid_out == kes(12_000)
        for type_ in ("top_up", "restructure"):
            dear = {**TOP_UP, "type": type_, "annual_rate_percent": "30"}
            if type_ == "restructure":
                del dear["amount"]
            with pytest.raises(CapPassed):
                await sees(lender, loan, dear)


class TestArrival:
    async def test_is_when_the_money_is_owed(self, lender: Lender, loan: Loan) -> None:
        books, rows = await lender.books(loan), await lender.schedule(loan)
        paying = await is_agreed(lender, loan)
        assert paying.status is AmendmentStatus.PAYING
        assert await lender.books(loan) == books
        assert [row.whole_minor for row in await lender.schedule(loan)] == [
            row.whole_minor for row in rows
        ]

        await lender.arrives(loan)

        assert (await fresh(lender, paying)).status is AmendmentStatus.APPLIED
        first, second = await payouts_of(lender, loan)
        assert (first.amount, second.amount) == (kes(29_200), kes(12_000))
        sent = lender.rail.sent[-1]
        assert (sent.client_ref, sent.account) == (second.client_ref, ACCOUNT)
        after = await lender.books(loan)
        assert kes(after["loan_principal"]) == kes(books["loan_principal"]) + kes(12_000)
        assert kes(after["cash_wallet"]) == kes(books["cash_wallet"]) - kes(12_000)
        assert after["fee_income"] == books["fee_income"]
        open_rows = [row for row in await lender.schedule(loan) if row.unpaid_minor]
        assert open_rows[0].due_on == date(2027, 1, 23)
        assert len(open_rows) == 6
        await lender.verifies()

    async def test_is_as_it_was_shown(self, lender: Lender, loan: Loan) -> None:
        seen = await sees(lender, loan, TOP_UP)
        await is_lent(lender, loan)

        assert [(due.due_on, due.amount.minor) for due in seen.after] == [
            (row.due_on, row.unpaid_minor)
            for row in await lender.schedule(loan)
            if row.unpaid_minor
        ]

    async def test_twice_is_once(self, lender: Lender, loan: Loan) -> None:
        await is_lent(lender, loan)
        books = await lender.books(loan)

        await hears(lender, loan, Outcome(OutcomeStatus.SETTLED, kes(12_000), "W1"))

        assert await lender.books(loan) == books
        assert await lender.incidents() == []
        await lender.verifies()

    async def test_later_moves_the_dates_along(self, lender: Lender, loan: Loan) -> None:
        await is_agreed(lender, loan, {**TOP_UP, "start": "2026-12-27"})
        await lender.pays_out(loan)
        await lender.closes_days_until(date(2026, 12, 28))
        await hears(lender, loan, Outcome(OutcomeStatus.SETTLED, kes(12_000), "W1"))

        open_rows = [row for row in await lender.schedule(loan) if row.unpaid_minor]
        assert open_rows[0].due_on == date(2027, 1, 1)
        await lender.verifies()

    async def test_after_the_loan_was_repaid_lends_anew(self, lender: Lender, loan: Loan) -> None:
        await is_agreed(lender, loan)
        await lender.pays_out(loan)
        await lender.receives(loan, await lender.payoff(loan))
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED

        await hears(lender, loan, Outcome(OutcomeStatus.SETTLED, kes(12_000), "W1"))

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert (await lender.books(loan))["loan_principal"] == "12000.00"
        await lender.verifies()

    async def test_lets_the_loan_be_repaid(self, lender: Lender, loan: Loan) -> None:
        await is_lent(lender, loan)
        for row in [row for row in await lender.schedule(loan) if row.unpaid_minor]:
            await lender.closes_days_until(row.due_on)
            await lender.receives(loan, (await lender.owed(loan)).total)
            await lender.verifies()

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await lender.suspended() == []

    async def test_can_happen_again(self, lender: Lender, loan: Loan) -> None:
        await is_lent(lender, loan, {**TOP_UP, "amount": "2000"})
        await lender.closes_days_until(date(2026, 12, 30))
        await is_lent(lender, loan, {**TOP_UP, "amount": "3000"})

        assert [payout.attempt for payout in await payouts_of(lender, loan)] == [1, 2, 3]
        await lender.verifies()

    async def test_hears_of_a_payment_from_before_later(self, lender: Lender, loan: Loan) -> None:
        """Told in whichever order, the same payments make the same loan."""
        other = await the_same(lender)
        await lender.receives(other, kes(5_000), on=lender.on)
        await lender.closes_days_until(date(2026, 12, 24))
        for each in (loan, other):
            await is_lent(lender, each)
        await lender.closes_days_until(date(2027, 1, 5))

        await lender.receives(loan, kes(5_000), on=date(2026, 12, 23))

        assert await lender.books(loan) == await lender.books(other)
        assert await self.dues(lender, loan) == await self.dues(lender, other)
        await lender.verifies()

    async def test_survives_a_payoff_from_before(self, lender: Lender, loan: Loan) -> None:
        payoff, day = await lender.payoff(loan), lender.on
        await lender.closes_days_until(date(2026, 12, 24))
        await is_lent(lender, loan)
        await lender.closes_days_until(date(2027, 1, 5))

        await lender.receives(loan, payoff, on=day)

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert (await lender.books(loan))["loan_principal"] == "12000.00"
        await lender.verifies()

    async def dues(self, lender: Lender, loan: Loan) -> list[tuple[date, int]]:
        return [(row.due_on, row.unpaid_minor) for row in await lender.schedule(loan)]

    async def test_is_told_like_kopa_replay(self, lender: Lender, loan: Loan) -> None:
        await is_lent(lender, loan)
        async with lender.sessions() as session:
            fresh_loan = await queries.get_loan(session, loan.id)
            told = await happenings.of_loan(session, fresh_loan)
            document = happenings.as_document(fresh_loan, told)
        (snapshot,) = replay.tell(replay.parse(document))

        assert {"type": "top_up", "amount": "12000.00"}.items() <= document["events"][-1].items()
        assert snapshot["balances"]["principal"] == (await lender.books(loan))["loan_principal"]
