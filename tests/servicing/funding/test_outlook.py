"""The cash to come, of loans in the database."""

from datetime import date, timedelta

from servicing.funding import outlook
from servicing.funding.outlook import Outlook
from tests.servicing.funding.money import Treasury
from tests.servicing.lending import START, Lender, kes


async def looks(lender: Lender, days: int = 92, step: int = 31) -> Outlook:
    async with lender.sessions() as session:
        return await outlook.of_rail(
            session, rail="wallet", currency="KES", on=lender.on, days=days, step=step
        )


class TestOutlook:
    async def test_shows_what_comes_and_what_is_ordered_to_leave(
        self, lender: Lender, treasury: Treasury
    ) -> None:
        pool = await treasury.opens()
        stake = await treasury.joins(pool)
        await treasury.pays_in(stake, kes(61_000))
        loan = await lender.lends()
        await lender.opens()
        await treasury.withdraws(stake, kes(500))

        found = await looks(lender)

        # 80 % of an installment due on 20 December come that day.
        first, second, third = found.periods
        due = [row.unpaid_minor for row in await lender.schedule(loan)]
        assert found.available_minor == 61_000_00 - 29_200_00
        assert (first.since, first.until) == (START, date(2026, 12, 20))
        assert (first.payouts_minor, second.payouts_minor) == (29_200_00, 0)
        assert (first.withdrawals_minor, second.withdrawals_minor) == (500_00, 0)
        assert first.inflow.expected == round(due[0] * 0.8)
        assert (
            first.cash.expected
            == found.available_minor - 29_200_00 - 500_00 + first.inflow.expected
        )
        assert third.until == START + timedelta(days=91)
        for period in found.periods:
            assert period.cash.low <= period.cash.expected <= period.cash.high

    async def test_learns_from_what_was_paid(self, lender: Lender) -> None:
        loan = await lender.lends()
        first, second, _ = await lender.schedule(loan)
        await lender.closes_days_until(first.due_on)
        await lender.receives(loan, (await lender.owed(loan)).gross + kes(1))
        await lender.closes_days_until(first.due_on + timedelta(days=1))

        found = await looks(lender, days=31, step=31)

        # 51 installments, 40 of the prior's on time and this one; the credit is taken off.
        assert found.seen == 1
        unpaid = second.unpaid_minor - 1_00
        assert found.periods[0].inflow.expected == round(unpaid * 41 / 51)
