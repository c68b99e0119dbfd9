"""Penalties by product rule on loans in the database: charged by the day close, in the books."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from notifications.models import Notification
from servicing.models import Loan
from servicing.states import LoanStatus
from tests.servicing.lending import Lender, kes

FIRST_DUE = date(2026, 12, 20)
DAILY = {"penalty": {"kind": "daily", "percent": "36.5", "grace_days": 3}}
CAPPED = {"penalty": {"kind": "daily", "percent": "365", "cap_per_loan": "500"}}


async def late_by(lender: Lender, days: int, rules: dict[str, Any]) -> Loan:
    """A loan of which so many late days were closed."""
    lender.rules = rules
    loan = await lender.lends()
    await lender.closes_days_until(FIRST_DUE + timedelta(days=days + 1))
    return loan


async def charged(lender: Lender, loan: Loan) -> int:
    return sum(row.penalties_minor for row in await lender.schedule(loan))


async def times_told(lender: Lender) -> int:
    async with lender.sessions() as session:
        told = select(func.count()).where(Notification.template == "late_fee_charged")
        return await session.scalar(told) or 0


class TestDayClose:
    @pytest.mark.parametrize(("days", "shillings"), [(3, "0"), (4, "42.42"), (10, "106.06")])
    async def test_charges_by_the_day_after_the_grace(
        self, lender: Lender, days: int, shillings: str
    ) -> None:
        """Principal and interest of 10,605.91 are late: a thousandth of it a day."""
        loan = await late_by(lender, days, DAILY)

        assert await charged(lender, loan) == kes(shillings).minor
        books = await lender.books(loan)
        assert books.get("penalties_receivable", "0.00") == kes(shillings).major
        await lender.verifies()

    async def test_never_passes_the_cap(self, lender: Lender) -> None:
        loan = await late_by(lender, 60, CAPPED)

        assert await charged(lender, loan) == kes(500).minor
        await lender.verifies()

    async def test_tells_the_borrower_once_for_an_installment(self, lender: Lender) -> None:
        await late_by(lender, 10, DAILY)

        assert await times_told(lender) == 1

    async def test_a_payment_told_late_takes_it_back(self, lender: Lender) -> None:
        loan = await late_by(lender, 10, DAILY)

        await lender.receives(loan, kes(11_000), on=FIRST_DUE)

        assert await charged(lender, loan) == 0
        await lender.verifies()


class TestToday:
    """The day is not closed yet, and what it costs is owed."""

    async def test_a_quoted_payoff_ends_the_loan(self, lender: Lender) -> None:
        loan = await late_by(lender, 10, DAILY)

        quoted = await lender.payoff(loan)
        await lender.receives(loan, quoted)

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await lender.suspended() == []
        await lender.verifies()

    async def test_what_is_due_leaves_nothing_overdue(self, lender: Lender) -> None:
        loan = await late_by(lender, 10, DAILY)

        due = (await lender.owed(loan)).total
        assert due.minor == kes("10752.58").minor  # 10,635.91 and eleven days of 10.60591
        await lender.receives(loan, due)

        assert (await lender.owed(loan)).total == kes(0)
        assert (await lender.schedule(loan))[0].unpaid_minor == 0
