"""Money on top of a running loan: owed from when it is there, and never without it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kit.db import unit_of_work
from kit.four_eyes import SameStaff
from kit.state import InvalidTransition
from servicing import (
    amendments,
    happenings,
    incidents,
    orders,
    queries,
    replay,
    self_service,
    top_ups,
)
from servicing.disbursements import PAYOUTS
from servicing.jurisdictions.caps import CapPassed
from servicing.models import Amendment, Loan, Payout
from servicing.rails.base import (
    NoSuchRail,
    Outcome,
    OutcomeStatus,
)
from servicing.states import AmendmentStatus, LoanStatus
from tests.servicing.lending import ACCOUNT, ZONE, Lender, kes
from tests.servicing.test_amendments import (
    UMA,
    approves,
    consents,
    proposes,
    sees,
)

TOP_UP: Mapping[str, Any] = {"type": "top_up", "amount": "12000", "installments": 6}
DAILY = {"day_count": "actual/365"}
NO = Outcome(OutcomeStatus.FAILED, failure_code="unknown_account")


@pytest.fixture
def lender(lender: Lender) -> Lender:
    lender.product = {"amount_max_minor": kes(50_000).minor}
    return lender


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await running(lender)


async def running(lender: Lender) -> Loan:
    """A loan whose first installment is paid; three days of the second have passed."""
    loan = await lender.lends(**DAILY)
    await lender.closes_days_until(date(2026, 12, 20))
    await lender.receives(loan, (await lender.owed(loan)).total)
    await lender.closes_days_until(date(2026, 12, 23))
    return loan


async def is_agreed(lender: Lender, loan: Loan, change: Mapping[str, Any] = TOP_UP) -> Amendment:
    """All three have said yes: the payout is ordered."""
    amendment = await proposes(lender, loan, change)
    await consents(lender, loan, amendment)
    return await approves(lender, amendment)


async def is_lent(lender: Lender, loan: Loan, change: Mapping[str, Any] = TOP_UP) -> Amendment:
    amendment = await is_agreed(lender, loan, change)
    await lender.arrives(loan)
    return await fresh(lender, amendment)


async def fresh(lender: Lender, amendment: Amendment) -> Amendment:
    async with lender.sessions() as session:
        return await session.get_one(Amendment, amendment.id, populate_existing=True)


async def payouts_of(lender: Lender, loan: Loan) -> list[Payout]:
    async with lender.sessions() as session:
        return await queries.list_payouts(session, loan.id)


async def hears(lender: Lender, loan: Loan, outcome: Outcome) -> None:
    """The rail says something about the last payout."""
    payout = (await payouts_of(lender, loan))[-1]
    async with unit_of_work(lender.sessions) as session:
        await orders.apply(
            session, PAYOUTS, payout.id, outcome, on=lender.on, zone=ZONE, now=lender.now
        )


async def comes_back(lender: Lender, loan: Loan) -> None:
    amount = (await payouts_of(lender, loan))[-1].amount
    await hears(lender, loan, Outcome(OutcomeStatus.RETURNED, amount, "W1", "account_closed"))


async def open_incidents(lender: Lender) -> list[str]:
    async with lender.sessions() as session:
        return [incident.kind for incident in await incidents.list_open(session)]


async def the_same(lender: Lender) -> Loan:
    """What `loan` is, told today."""
    today, now = lender.on, lender.now
    lender.on = date(2026, 11, 20)
    other = await lender.lends(**DAILY)
    lender.on = date(2026, 12, 20)
    await lender.receives(other, (await lender.owed(other)).total)
    lender.on, lender.now = today, now
    return other


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
        assert await open_incidents(lender) == []
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


class TestAgreement:
    async def test_takes_all_three(self, lender: Lender, loan: Loan) -> None:
        amendment = await proposes(lender, loan, TOP_UP)
        with pytest.raises(amendments.ConsentMissing):
            await approves(lender, amendment)
        await consents(lender, loan, amendment)
        with pytest.raises(SameStaff):
            await approves(lender, amendment, UMA)

        assert len(await payouts_of(lender, loan)) == 1

    async def test_is_refused_when_the_rail_of_the_loan_is_gone(
        self, lender: Lender, loan: Loan
    ) -> None:
        amendment = await proposes(lender, loan, TOP_UP)
        await consents(lender, loan, amendment)
        lender.rail.name = "gsma"

        with pytest.raises(NoSuchRail):
            await approves(lender, amendment)

        assert len(await payouts_of(lender, loan)) == 1

    async def test_twice_pays_once(self, lender: Lender, loan: Loan) -> None:
        amendment = await proposes(lender, loan, TOP_UP)
        for _ in range(2):
            await consents(lender, loan, amendment)
        await approves(lender, amendment)
        with pytest.raises((InvalidTransition, top_ups.TopUpUnderWay)):
            await approves(lender, amendment)
        await consents(lender, loan, amendment)

        assert len(await payouts_of(lender, loan)) == 2

    async def test_keeps_other_changes_away_until_the_money_is_there(
        self, lender: Lender, loan: Loan
    ) -> None:
        second = await proposes(lender, loan, {**TOP_UP, "amount": "100"})
        gift = await proposes(lender, loan, {"type": "goodwill_credit", "amount": "5"})
        await consents(lender, loan, second)
        await is_agreed(lender, loan)

        for each in (second, gift):
            with pytest.raises(top_ups.TopUpUnderWay):
                await approves(lender, each)

        await lender.arrives(loan)
        assert (await approves(lender, gift)).status is AmendmentStatus.APPLIED
        await lender.verifies()

    async def test_is_measured_again_when_it_is_approved(self, lender: Lender, loan: Loan) -> None:
        amendment = await proposes(lender, loan, TOP_UP)
        await consents(lender, loan, amendment)
        await lender.closes_days_until(date(2027, 1, 22))

        with pytest.raises(amendments.ChangeNotPossible, match="overdue"):
            await approves(lender, amendment)

    async def test_the_database_insists(self, lender: Lender, loan: Loan) -> None:
        await proposes(lender, loan, TOP_UP)

        for status in ("paying", "failed", "applied"):
            with pytest.raises(IntegrityError):
                async with unit_of_work(lender.sessions) as session, session.begin_nested():
                    await session.execute(text(f"UPDATE amendments SET status = '{status}'"))

    async def test_the_database_allows_one_on_its_way(self, lender: Lender, loan: Loan) -> None:
        second = await proposes(lender, loan, {**TOP_UP, "amount": "100"})
        await consents(lender, loan, second)
        await is_agreed(lender, loan)

        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            async with unit_of_work(lender.sessions) as session, session.begin_nested():
                await session.execute(
                    text("UPDATE amendments SET status = 'paying', approved_by = 'staff:x'")
                )


class TestSelfService:
    async def test_waits_for_the_money_too(self, lender: Lender) -> None:
        limits = {"date_moves_a_year": 2, "date_move_days": 10}
        lender.rules = {**lender.rules, "changes": limits}
        loan = await lender.lends(**DAILY)
        await is_agreed(lender, loan)
        due = date(2026, 12, 20)

        with pytest.raises(top_ups.TopUpUnderWay):
            async with unit_of_work(lender.sessions) as session:
                await self_service.ask(
                    session, loan.id, self_service.move_date(due, due + timedelta(days=5)),
                    borrower_id=loan.borrower_id, on=lender.on, now=lender.now,
                )  # fmt: skip
