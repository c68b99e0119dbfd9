"""Asking the wallet for money: what we asked for is what is owed, also when the answer is late."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from kit.audit import AuditEvent
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.money import Money
from servicing import orders, payment_requests, queries, refunds, repayments, tasks
from servicing.models import Loan, PaymentRequest
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Outcome, OutcomeStatus
from servicing.states import LoanStatus, OrderStatus
from servicing.treasury.models import Refund
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.overpayments import orders_it, overpaid
from tests.servicing.treasury_acts import UMA

NAIROBI = ZoneInfo(ZONE)
DUE = date(2026, 12, 20)


def at(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NAIROBI)


async def asks(lender: Lender, loan: Loan, amount: Money) -> PaymentRequest:
    async with unit_of_work(lender.sessions) as session:
        asked = await payment_requests.request(
            session, vault_of(session), loan_id=loan.id, amount=amount, on=lender.on,
            now=lender.now,
        )  # fmt: skip
    await tasks.collect(lender.context, request_id=str(asked.id))
    return asked


async def accepted(lender: Lender, asked: PaymentRequest, when: datetime) -> None:
    """The rail moved the money at `when`, and tells us now."""
    outcome = Outcome(OutcomeStatus.SETTLED, asked.amount, f"W{asked.client_ref}", settled_at=when)
    async with unit_of_work(lender.sessions) as session:
        await orders.apply(
            session, REQUESTS, asked.id, outcome, on=lender.on, zone=ZONE, now=lender.now
        )


async def asked_payoff(lender: Lender, loan: Loan, day: date) -> PaymentRequest:
    """Five minutes before midnight."""
    await lender.closes_days_until(day)
    lender.now = at(day, 23, 55)
    return await asks(lender, loan, await lender.payoff(loan))


class TestPayoff:
    @pytest.mark.parametrize("day", [date(2026, 12, 5), DUE - timedelta(days=1), DUE])
    async def test_accepted_after_midnight_closes_the_loan(self, lender: Lender, day: date) -> None:
        loan = await lender.lends()
        asked = await asked_payoff(lender, loan, day)
        lender.on, lender.now = day + timedelta(days=1), at(day, 23, 55) + timedelta(minutes=10)

        await accepted(lender, asked, lender.now)

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await lender.books(loan) == await self.paid_in_time(lender, day)
        assert await lender.suspended() == []
        await lender.verifies()

    async def paid_in_time(self, lender: Lender, day: date) -> dict[str, str]:
        """The books of a loan that was paid off on `day` itself."""
        lender.on, lender.now = date(2026, 11, 20), at(date(2026, 11, 20), 10, 0)
        loan = await lender.lends()
        lender.on = day
        await lender.receives(loan, await lender.payoff(loan))
        return await lender.books(loan)

    @pytest.mark.parametrize(("days", "status"), [(3, LoanStatus.CLOSED), (4, LoanStatus.ACTIVE)])
    async def test_holds_for_three_days(
        self, lender: Lender, days: int, status: LoanStatus
    ) -> None:
        loan = await lender.lends()
        asked = await asked_payoff(lender, loan, DUE - timedelta(days=2))
        await lender.closes_days_until(lender.on + timedelta(days=days))

        await accepted(lender, asked, lender.now)

        assert (await lender.sees(loan)).status is status
        await lender.verifies()

    async def test_that_we_learn_of_late_holds_without_the_late_fee(self, lender: Lender) -> None:
        loan = await lender.lends()
        asked = await asked_payoff(lender, loan, DUE + timedelta(days=3))
        moved_at = lender.now
        await lender.closes_days_until(DUE + timedelta(days=9))
        assert (await lender.books(loan))["penalties_receivable"]

        await accepted(lender, asked, moved_at)

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert "penalty_income" not in await lender.books(loan)
        await lender.verifies()

    async def test_that_the_rail_takes_back_is_owed_like_before(self, lender: Lender) -> None:
        loan, other = await lender.lends(), await lender.lends()
        asked = await asked_payoff(lender, loan, DUE - timedelta(days=1))
        await lender.closes_days_until(DUE + timedelta(days=1))
        await accepted(lender, asked, lender.now)
        async with unit_of_work(lender.sessions) as session:
            (repayment,) = await queries.list_repayments(session, loan.id)
            await repayments.reverse(
                session, repayment.id, actor="staff:1", reason="chargeback", on=lender.on,
                now=lender.now,
            )  # fmt: skip
        await lender.verifies()

        await lender.closes_days_until(DUE + timedelta(days=3))

        assert await lender.books(loan) == await lender.books(other)
        await lender.verifies()

    async def test_is_the_most_that_we_ask_for(self, lender: Lender) -> None:
        loan = await lender.lends()
        most = await lender.payoff(loan)
        await asks(lender, loan, most)

        with pytest.raises(payment_requests.AmountAbovePayoff) as refused:
            await asks(lender, loan, Money(most.minor + 1, "KES"))

        assert refused.value.params == {"most": most.major, "currency": "KES"}


class TestOnTime:
    async def test_paid_on_the_due_date_and_learnt_of_next_morning(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(DUE)
        asked = await asks(lender, loan, kes("10635.91"))
        await lender.closes_days_until(DUE + timedelta(days=1))

        await accepted(lender, asked, at(DUE, 23, 55))

        async with lender.sessions() as session:
            (repayment,) = await queries.list_repayments(session, loan.id)
        first, *_ = await lender.schedule(loan)
        assert (repayment.paid_on, first.settled_on) == (DUE, DUE)

    @pytest.mark.parametrize(
        ("when", "day"),
        [(at(DUE - timedelta(days=5), 9, 0), DUE), (at(DUE + timedelta(days=5), 9, 0), DUE)],
    )
    async def test_a_rail_whose_clock_is_wrong_moves_no_day(
        self, lender: Lender, when: datetime, day: date
    ) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(DUE)
        asked = await asks(lender, loan, kes(100))

        await accepted(lender, asked, when)

        async with lender.sessions() as session:
            (repayment,) = await queries.list_repayments(session, loan.id)
        assert repayment.paid_on == day


class TestWholeShillings:
    """M-Pesa moves no cents."""

    @pytest.fixture
    def lender(self, lender: Lender) -> Lender:
        lender.rail.name = "mpesa"
        return lender

    @pytest.mark.parametrize("recalculates", [False, True])
    @pytest.mark.parametrize("days", [0, 1, 3])
    async def test_of_a_payoff_end_the_loan_and_leave_nothing(
        self, lender: Lender, days: int, recalculates: bool
    ) -> None:
        if recalculates:
            lender.rules = {**lender.rules, "interest_recalculation": {}}
        loan = await lender.lends(annual_rate_percent="35.3", day_count="actual/365")
        day = date(2026, 12, 5)
        asked = await asked_payoff(lender, loan, day)
        payoff = await lender.payoff(loan)
        await lender.closes_days_until(day + timedelta(days=days))

        await accepted(lender, asked, lender.now)

        cents = payoff - asked.amount
        assert 0 < cents.minor < 100
        assert asked.amount.minor % 100 == 0
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert (await lender.books(loan))["waiver_expense"] == cents.major
        async with lender.sessions() as session:
            (paid,) = await queries.list_repayments(session, loan.id)
        assert sum(minor for _, _, minor in paid.allocation["shares"]) == paid.amount_minor
        assert await lender.suspended() == []
        await lender.verifies()

    async def test_of_a_payoff_give_nothing_else_when_an_earlier_payment_is_taken_back(
        self, lender: Lender
    ) -> None:
        loan = await lender.lends(annual_rate_percent="35.3", day_count="actual/365")
        await lender.receives(loan, kes(10_000))
        asked = await asked_payoff(lender, loan, date(2026, 12, 5))
        await accepted(lender, asked, lender.now)
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED

        async with unit_of_work(lender.sessions) as session:
            earlier, _ = await queries.list_repayments(session, loan.id)
            await repayments.reverse(
                session, earlier.id, actor="staff:1", reason="chargeback", on=lender.on,
                now=lender.now,
            )  # fmt: skip

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert (await lender.payoff(loan)).minor >= 1_000_000
        assert "waiver_expense" not in await lender.books(loan)
        await lender.verifies()

    async def test_of_less_than_the_payoff_give_nothing(self, lender: Lender) -> None:
        loan = await lender.lends(annual_rate_percent="35.3", day_count="actual/365")
        late = await asked_payoff(lender, loan, date(2026, 12, 5))
        part = await asks(lender, loan, kes("500.40"))
        await accepted(lender, part, lender.now)
        await lender.closes_days_until(lender.on + timedelta(days=5))
        await accepted(lender, late, lender.now)

        assert part.amount == kes(501)
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert "waiver_expense" not in await lender.books(loan)
        await lender.verifies()

    @pytest.mark.parametrize("moved_after", [0, 1, 2])
    async def test_of_a_payoff_heard_of_after_a_late_fee_end_the_loan(
        self, lender: Lender, moved_after: int
    ) -> None:
        loan = await lender.lends(annual_rate_percent="35.3", day_count="actual/365")
        day = DUE + timedelta(days=2)
        asked = await asked_payoff(lender, loan, day)
        moved = lender.now + timedelta(days=moved_after)
        await lender.closes_days_until(day + timedelta(days=3))
        assert "penalties_receivable" in await lender.books(loan)

        await accepted(lender, asked, moved)

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await lender.suspended() == []
        await lender.verifies()

    async def test_that_we_hold_with_cents_are_refused_before_two_agree(
        self, lender: Lender
    ) -> None:
        _, item = await overpaid(lender, kes("0.84"))

        with pytest.raises(refunds.RefundNotMovable) as refused:
            await orders_it(lender, item, UMA)

        assert refused.value.params == {"rail": "mpesa", "least": "1.00", "currency": "KES"}
        async with lender.sessions() as session:
            assert await session.scalar(select(Refund.id)) is None
            acts = await session.scalars(select(AuditEvent.action))
            assert not [act for act in acts if act.startswith("suspense.refund_by_rail")]


class TestOpenRequest:
    async def is_open(self, lender: Lender, loan: Loan) -> bool:
        async with lender.sessions() as session:
            return await queries.find_open_request(session, loan.id, now=lender.now) is not None

    async def test_is_open_for_a_day(self, lender: Lender) -> None:
        loan = await lender.lends()
        asked = await asks(lender, loan, kes(500))
        lender.now += timedelta(hours=23)
        assert await self.is_open(lender, loan)

        lender.now += timedelta(hours=2)

        assert not await self.is_open(lender, loan)
        assert (await asks(lender, loan, kes(500))).id != asked.id

    async def test_that_a_person_must_look_at_is_not_open(self, lender: Lender) -> None:
        loan = await lender.lends()
        asked = await asks(lender, loan, kes(500))
        async with unit_of_work(lender.sessions) as session:
            fresh = await session.get_one(PaymentRequest, asked.id)
            fresh.status = OrderStatus.NEEDS_REVIEW

        assert not await self.is_open(lender, loan)
