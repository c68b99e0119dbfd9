"""Money in: once, split exactly, told, and taken back when the rail takes it back."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from kit.db import unit_of_work
from kit.errors import DomainError
from kit.ids import new_id
from kit.money import Money
from notifications.models import Notification
from notifications.states import Purpose, Status
from servicing import queries, reminders, repayments
from servicing.models import Loan, Repayment
from servicing.states import LoanStatus
from tests.servicing.lending import Lender, kes

DUE = date(2026, 12, 20)


async def reverses(lender: Lender, repayment: Repayment) -> Repayment:
    async with unit_of_work(lender.sessions) as session:
        return await repayments.reverse(
            session, repayment.id, actor="staff:1", reason="chargeback", on=lender.on,
            now=lender.now,
        )  # fmt: skip


async def messages(lender: Lender, loan: Loan) -> dict[str, Status]:
    async with lender.sessions() as session:
        rows = await session.scalars(
            select(Notification).where(Notification.subject == loan.subject)
        )
        return {row.template: row.status for row in rows}


class TestReceive:
    async def test_settles_penalty_fee_interest_then_principal(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 25))  # late fee of 425.44

        repayment = await lender.receives(loan, kes(1_400))

        assert repayment.allocation == {
            "shares": [[1, "penalty", 425_44], [1, "fee", 30_00], [1, "interest", 900_00],
                       [1, "principal", 44_56]],
            "in_advance": 0,
        }  # fmt: skip

    async def test_settles_the_oldest_installment_first(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2027, 1, 20))

        repayment = await lender.receives(loan, kes("11061.36"))

        assert repayment.allocation["shares"][-1] == [2, "fee", 1]

    async def test_the_same_reference_is_received_once(self, lender: Lender) -> None:
        loan = await lender.lends()
        first = await lender.receives(loan, kes(100), rail_reference="wallet:W77")
        books = await lender.books(loan)

        again = await lender.receives(loan, kes(100), rail_reference="wallet:W77")

        assert again.id == first.id
        assert await lender.books(loan) == books

    async def test_a_repeat_after_closing_is_still_the_same(self, lender: Lender) -> None:
        loan = await lender.lends()
        first = await lender.receives(loan, kes(30_000), rail_reference="wallet:W77")

        again = await lender.receives(loan, kes(30_000), rail_reference="wallet:W77")

        assert again.id == first.id

    async def test_a_payment_before_the_loan_is_refused(self, lender: Lender) -> None:
        loan = await lender.opens()

        with pytest.raises(repayments.LoanNotRepayable):
            await lender.receives(loan, kes(100))

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"amount": kes(101)}, repayments.RailReferenceReused),
            ({"amount": Money(100, "USD")}, repayments.RailReferenceReused),
            ({"rail_reference": "new", "amount": Money(1, "USD")},
             repayments.RepaymentInOtherCurrency),
            ({"rail_reference": "new", "amount": kes(0)}, repayments.RepaymentInOtherCurrency),
            ({"rail_reference": "new", "amount": kes(-5)}, repayments.RepaymentInOtherCurrency),
        ],
    )  # fmt: skip
    async def test_refuses_what_cannot_be(
        self, lender: Lender, changed: dict[str, Any], error: type[DomainError]
    ) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(100), rail_reference="wallet:W77")
        books = await lender.books(loan)

        with pytest.raises(error):
            await lender.receives(loan, **({"rail_reference": "wallet:W77"} | changed))

        assert await lender.books(loan) == books

    async def test_a_loan_that_is_not_there(self, lender: Lender) -> None:
        ghost = Loan(id=new_id())

        with pytest.raises(queries.LoanNotFound):
            await lender.receives(ghost, kes(100))

    async def test_a_late_callback_keeps_its_own_day(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 22))

        repayment = await lender.receives(loan, kes("10635.91"), on=DUE)

        assert repayment.paid_on == DUE
        await lender.verifies()

    async def test_the_payoff_of_last_week_counts_from_last_week(self, lender: Lender) -> None:
        """Interest of the days since is taken out of the books again."""
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 12))

        await lender.receives(loan, kes(30_450), on=date(2026, 12, 5))

        assert (await lender.sees(loan)).closed_on == date(2026, 12, 5)
        assert (await lender.books(loan))["interest_income"] == "450.00"
        await lender.verifies()

    @pytest.mark.parametrize("paid_on", [DUE, date(2026, 12, 24)])
    async def test_money_that_was_there_in_time_takes_the_late_fee_back(
        self, lender: Lender, paid_on: date
    ) -> None:
        """The fee was charged when the 24th was closed."""
        loan, other = await lender.lends(), await lender.lends()
        await lender.closes_days_until(paid_on)
        await lender.receives(other, kes("10635.91"))
        await lender.closes_days_until(date(2026, 12, 25))
        assert (await lender.books(loan))["penalties_receivable"]

        await lender.receives(loan, kes("10635.91"), on=paid_on)

        await lender.closes_days_until(date(2026, 12, 28))
        assert await lender.books(loan) == await lender.books(other)
        await lender.verifies()

    async def test_a_part_that_was_there_in_time_leaves_the_fee_on_the_rest(
        self, lender: Lender
    ) -> None:
        loan, other = await lender.lends(), await lender.lends()
        await lender.closes_days_until(DUE)
        for amount in (kes(6_000), kes(4_000)):
            await lender.receives(other, amount)
        await lender.closes_days_until(date(2026, 12, 26))

        for amount in (kes(6_000), kes(4_000)):
            await lender.receives(loan, amount, on=DUE)

        await lender.closes_days_until(date(2026, 12, 28))
        books = await lender.books(loan)
        assert books == await lender.books(other)
        assert books["penalty_income"] == "25.44"
        await lender.verifies()

    async def test_money_of_a_day_before_other_money_is_split_first(self, lender: Lender) -> None:
        loan, other = await lender.lends(), await lender.lends()
        await lender.closes_days_until(date(2026, 12, 22))
        await lender.receives(loan, kes(500), on=date(2026, 12, 22))
        await lender.receives(loan, kes(10_000), on=DUE)
        await lender.receives(other, kes(10_000), on=DUE)
        await lender.receives(other, kes(500), on=date(2026, 12, 22))

        await lender.closes_days_until(date(2026, 12, 23))
        assert await lender.books(loan) == await lender.books(other)
        await lender.verifies()


class TestMessages:
    async def test_a_payment_takes_back_what_was_queued(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(DUE)
        async with unit_of_work(lender.sessions) as session:
            await reminders.remind(session, loan.id, zone="Africa/Nairobi", now=lender.now)
        assert (await messages(lender, loan))["reminder_due_today"] is Status.QUEUED

        await lender.receives(loan, kes("10635.91"))

        told = await messages(lender, loan)
        assert told["reminder_due_today"] is Status.CANCELED
        assert told["repayment_received"] is Status.QUEUED

    async def test_receipts_pass_quiet_hours(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, kes(100))
        await lender.receives(loan, kes(29_900))

        async with lender.sessions() as session:
            rows = await session.scalars(
                select(Notification).where(Notification.subject == loan.subject)
            )
            assert {row.template: row.purpose for row in rows} == dict.fromkeys(
                ("disbursed", "repayment_received", "loan_closed"), Purpose.CRITICAL
            )


class TestReverse:
    async def test_opens_again_what_was_settled(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(DUE)
        before = await lender.owed(loan)
        repayment = await lender.receives(loan, kes(5_000))

        await reverses(lender, repayment)
        await reverses(lender, repayment)

        assert await lender.owed(loan) == before
        await lender.verifies()

    async def test_of_the_last_payment_lets_the_loan_go_on(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 5))
        repayment = await lender.receives(loan, await lender.payoff(loan))

        await reverses(lender, repayment)
        await lender.closes_days_until(date(2026, 12, 21))

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert (await lender.owed(loan)).gross == kes("10635.91")
        await lender.verifies()

    async def test_of_credit_that_was_used_since_is_as_if_it_had_never_come(
        self, lender: Lender
    ) -> None:
        loan, other = await lender.lends(), await lender.lends()
        repayment = await lender.receives(loan, kes(100))  # credit
        await lender.closes_days_until(date(2026, 12, 21))  # used

        await reverses(lender, repayment)
        await lender.closes_days_until(date(2026, 12, 22))

        assert await lender.books(loan) == await lender.books(other)
        await lender.verifies()

    async def test_of_nothing(self, lender: Lender) -> None:
        with pytest.raises(repayments.RepaymentNotFound):
            await reverses(lender, Repayment(id=new_id()))
