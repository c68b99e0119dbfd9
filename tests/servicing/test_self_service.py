"""What borrowers change by themselves: within the limits of the product, at its price."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from kit.db import unit_of_work
from kit.ids import new_id
from servicing import queries, self_service
from servicing.models import Amendment, Loan
from servicing.self_service import Ahead, ChangeNotOffered, Offers, move_date, take_break
from tests.servicing.lending import RULES, Lender, kes

DUE = date(2026, 12, 20)
LIMITS = {
    "date_moves_a_year": 2, "date_move_days": 10, "pauses_a_year": 1, "pause_days": 35,
    "price": "50",
}  # fmt: skip


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    lender.rules = {**RULES, "changes": LIMITS}
    return await lender.lends(day_count="actual/365")


async def offered(lender: Lender, loan: Loan) -> Offers:
    async with lender.sessions() as session:
        fresh = await queries.get_loan(session, loan.id)
        return await self_service.offers(session, fresh, on=lender.on)


async def asks(
    lender: Lender, loan: Loan, change: Mapping[str, Any], borrower_id: Any = None
) -> Amendment:
    async with unit_of_work(lender.sessions) as session:
        return await self_service.ask(
            session, loan.id, change, borrower_id=borrower_id or loan.borrower_id, on=lender.on,
            now=lender.now,
        )  # fmt: skip


class TestOffers:
    async def test_say_how_far_at_which_price_and_how_often(
        self, lender: Lender, loan: Loan
    ) -> None:
        found = await offered(lender, loan)

        assert found.date_move is not None
        assert found.date_move.latest == DUE + timedelta(days=10)
        assert (found.date_move.price, found.date_move.left) == (kes(50), 2)
        assert found.payment_break is not None
        assert found.payment_break.latest == DUE + timedelta(days=35)

    async def test_are_none_without_limits_when_late_and_before_the_money(
        self, lender: Lender, loan: Loan
    ) -> None:
        await lender.closes_days_until(DUE + timedelta(days=1))
        assert await offered(lender, loan) == Offers()
        waiting = await lender.opens()
        assert await offered(lender, waiting) == Offers()
        lender.rules = RULES
        assert await offered(lender, await lender.lends()) == Offers()


class TestAsk:
    async def test_moves_one_date_and_charges_the_price_with_it(
        self, lender: Lender, loan: Loan
    ) -> None:
        change = move_date(DUE, DUE + timedelta(days=10))
        async with lender.sessions() as session:
            seen = await self_service.preview(
                session, loan.id, change, on=lender.on, now=lender.now
            )
        await asks(lender, loan, change)

        rows = await lender.schedule(loan)
        assert [row.due_on for row in rows[:2]] == [DUE + timedelta(days=10), date(2027, 1, 20)]
        assert rows[0].fees_minor == 30_00 + 50_00
        assert sum(row.unpaid_minor for row in rows) == seen.to_pay_after.minor
        await lender.verifies()

    async def test_a_break_moves_all_dates(self, lender: Lender, loan: Loan) -> None:
        await asks(lender, loan, take_break(DUE, date(2027, 1, 20)))

        rows = await lender.schedule(loan)
        assert [row.due_on.isoformat() for row in rows] == [
            "2027-01-20", "2027-02-20", "2027-03-20",
        ]  # fmt: skip

    async def test_as_often_as_the_product_says(self, lender: Lender, loan: Loan) -> None:
        await asks(lender, loan, take_break(DUE, date(2027, 1, 10)))

        with pytest.raises(ChangeNotOffered):
            await asks(lender, loan, take_break(date(2027, 1, 10), date(2027, 1, 20)))

    @pytest.mark.parametrize(
        "change",
        [
            move_date(DUE, DUE + timedelta(days=11)),
            move_date(DUE, DUE - timedelta(days=1)),
            move_date(date(2027, 1, 20), date(2027, 1, 22)),
            {"type": "goodwill_credit", "amount": "1000"},
            {"type": "goodwill_credit", "amount": "1000", "from_due_date": "2026-12-20",
             "new_due_date": "2026-12-22"},
            {"type": "write_off"},
        ],
    )  # fmt: skip
    async def test_no_more_than_is_offered(
        self, lender: Lender, loan: Loan, change: dict[str, Any]
    ) -> None:
        with pytest.raises(ChangeNotOffered):
            await asks(lender, loan, change)

    async def test_nothing_besides_the_date(self, lender: Lender, loan: Loan) -> None:
        change = {**move_date(DUE, DUE + timedelta(days=5)), "annual_rate_percent": "0"}

        with pytest.raises(ChangeNotOffered):
            await asks(lender, loan, change)

    async def test_of_another_borrowers_loan(self, lender: Lender, loan: Loan) -> None:
        with pytest.raises(queries.LoanNotFound):
            await asks(lender, loan, take_break(DUE, date(2027, 1, 10)), new_id())


class TestChooseAhead:
    async def chooses(self, lender: Lender, loan: Loan, choice: Ahead) -> None:
        async with unit_of_work(lender.sessions) as session:
            await self_service.choose_ahead(
                session, loan.id, choice, borrower_id=loan.borrower_id, on=lender.on,
                now=lender.now,
            )  # fmt: skip

    async def overpaid(self, lender: Lender) -> list[Loan]:
        lender.rules = {**RULES, "interest_recalculation": {"advance": "reduce_installment"}}
        agreed: dict[str, Any] = {"installments": 6, "fees": [], "day_count": "actual/365"}
        loans = [await lender.lends(**agreed) for _ in range(2)]
        await lender.closes_days_until(DUE)
        for loan in loans:
            await lender.receives(loan, (await lender.owed(loan)).total + kes(8_000))
        return loans

    async def test_shorter_or_smaller(self, lender: Lender) -> None:
        smaller, shorter = await self.overpaid(lender)
        assert (await offered(lender, shorter)).may_choose_ahead

        await self.chooses(lender, shorter, Ahead.SHORTER)

        fewer, more = await lender.schedule(shorter), await lender.schedule(smaller)
        assert len([row for row in fewer if row.unpaid_minor]) < 5
        assert len([row for row in more if row.unpaid_minor]) == 5
        assert sum(row.interest_minor for row in fewer) < sum(row.interest_minor for row in more)
        await lender.verifies()

    async def test_only_where_interest_follows_the_debt(self, lender: Lender, loan: Loan) -> None:
        await lender.receives(loan, kes(500))

        with pytest.raises(ChangeNotOffered):
            await self.chooses(lender, loan, Ahead.SHORTER)


class TestRecalculated:
    async def test_days_payments_and_payoff_keep_the_books(self, lender: Lender) -> None:
        """Interest follows what is owed: late days cost, early money saves."""
        lender.rules = {**RULES, "interest_recalculation": {"advance": "reduce_installment"}}
        late = await lender.lends(installments=4, day_count="actual/365")
        early = await lender.lends(installments=4, day_count="actual/365")
        await lender.closes_days_until(date(2026, 12, 10))
        await lender.receives(early, kes(5_000))
        await lender.verifies()
        await lender.closes_days_until(date(2027, 1, 5))
        await lender.verifies()

        more, less = await lender.books(late), await lender.books(early)
        assert kes(more["interest_income"]) > kes(less["interest_income"])
        for loan in (late, early):
            await lender.receives(loan, await lender.payoff(loan))
        assert await lender.suspended() == []
        await lender.verifies()
