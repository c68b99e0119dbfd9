"""What people hold for come back, and the statements of its rail do not have: a break."""

from datetime import date, timedelta

import pytest

from kit.db import unit_of_work
from kit.money import Money
from servicing import chargebacks, suspense
from servicing.models import Loan, Repayment
from servicing.rails.base import Direction, OutcomeStatus, StatementLine
from servicing.treasury.breaks import BreakActNotPossible
from tests.servicing.lending import Lender, kes
from tests.servicing.test_amendments import reverses
from tests.servicing.topping_up import comes_back, is_lent, lends_more, payouts_of, running
from tests.servicing.treasury_acts import (
    UMA,
    USHA,
    act,
    compares,
    incoming,
    open_breaks,
    two_act,
)


async def found(lender: Lender) -> list[tuple[str, str, int | None, int | None]]:
    return [
        (each.category, each.reference, each.ours_minor, each.theirs_minor)
        for each in await open_breaks(lender)
    ]


async def cash(lender: Lender, loan: Loan) -> Money:
    return kes((await lender.books(loan))["cash_wallet"])


async def waits(lender: Lender, day: date) -> None:
    """Until the statements of `day` and of three days after it were compared; they have nothing."""
    for n in (1, 2, 3):
        await compares(lender, [], day=day + timedelta(days=n))


class TestMoneyOnTop:
    """Two of staff say that it came back, and the borrower has it."""

    async def says_so(self, lender: Lender, *, by_rail: bool = False) -> tuple[date, str]:
        loan = await running(lends_more(lender))
        amendment = await is_lent(lender, loan)
        *_, payout = await payouts_of(lender, loan)
        line = StatementLine(
            "W2", payout.client_ref, Direction.PAYOUT, kes(12_000), OutcomeStatus.SETTLED
        )
        day = lender.now.date()
        await compares(lender, [line], day=day)
        if by_rail:
            await comes_back(lender, loan)
        else:
            for staff_id in (UMA, USHA):
                await reverses(lender, amendment, staff_id)
        return day, payout.client_ref

    async def test_is_a_break_after_three_days(self, lender: Lender) -> None:
        day, reference = await self.says_so(lender)
        for n in range(3):
            await compares(lender, [], day=day + timedelta(days=n))
            assert "not_returned" not in {each[0] for each in await found(lender)}
        for _ in range(2):
            await compares(lender, [], day=day + timedelta(days=3))

        assert ("not_returned", reference, 12_000_00, None) in await found(lender)

    async def test_is_no_break_as_long_as_a_statement_is_missing(self, lender: Lender) -> None:
        day, _ = await self.says_so(lender)
        for n in (1, 3, 4):
            await compares(lender, [], day=day + timedelta(days=n))
        assert "not_returned" not in {each[0] for each in await found(lender)}

        await compares(lender, [], day=day + timedelta(days=2))
        await compares(lender, [], day=day + timedelta(days=5))

        assert "not_returned" in {each[0] for each in await found(lender)}

    async def test_mends_when_a_statement_has_it(self, lender: Lender) -> None:
        day, reference = await self.says_so(lender)
        await waits(lender, day)
        back = StatementLine("W2", reference, Direction.PAYOUT, kes(12_000), OutcomeStatus.RETURNED)
        await compares(lender, [back], day=day + timedelta(days=4))

        assert "not_returned" not in {each[0] for each in await found(lender)}

    async def test_is_no_break_where_a_statement_has_it(self, lender: Lender) -> None:
        day, reference = await self.says_so(lender, by_rail=True)
        back = StatementLine("W2", reference, Direction.PAYOUT, kes(12_000), OutcomeStatus.RETURNED)
        await compares(lender, [back], day=day + timedelta(days=1))
        for n in (2, 3):
            await compares(lender, [], day=day + timedelta(days=n))

        assert "not_returned" not in {each[0] for each in await found(lender)}

    async def test_is_lost_when_two_say_so(self, lender: Lender) -> None:
        day, reference = await self.says_so(lender)
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == reference]
        with pytest.raises(BreakActNotPossible):
            await act(lender, "put_right", broken.id, UMA)
        await two_act(lender, "write_off", broken.id)
        await compares(lender, [], day=day + timedelta(days=4))

        assert reference not in {each[1] for each in await found(lender)}
        await lender.verifies()


class TestAPayment:
    """Two of staff say that the rail took it back, and it is there."""

    async def says_so(self, lender: Lender) -> tuple[Loan, date]:
        loan = await lender.lends()
        paid: Repayment = await lender.receives(loan, kes(500), rail_reference="wallet:W7")
        day = lender.now.date()
        await compares(lender, [incoming("W7", loan.reference, kes(500))], day=day)
        for staff_id in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await chargebacks.charge_back(
                    session, paid.id, staff_id=staff_id, reason="they told us", on=lender.on,
                    now=lender.now,
                )  # fmt: skip
        return loan, day

    async def test_waits_for_its_payer_when_it_is_put_right(self, lender: Lender) -> None:
        loan, day = await self.says_so(lender)
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == "W7"]
        assert (broken.category, broken.day, broken.ours_minor) == ("not_returned", day, 500_00)

        with pytest.raises(BreakActNotPossible):
            await act(lender, "write_off", broken.id, UMA)
        before = await cash(lender, loan)
        await two_act(lender, "put_right", broken.id)
        await compares(lender, [], day=day + timedelta(days=4))

        async with lender.sessions() as session:
            (item,) = await suspense.list_open(session)
        assert (item.amount, item.loan_id, item.rail) == (kes(500), loan.id, "wallet")
        assert "W7" not in {each[1] for each in await found(lender)}
        for staff_id in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await suspense.assign(
                    session, item.id, loan_id=loan.id, staff_id=staff_id, reason="his",
                    on=lender.on, now=lender.now,
                )  # fmt: skip
        assert await cash(lender, loan) == before + kes(500)
        assert (await lender.books(loan))["borrower_credit"] == "500.00"
        await lender.verifies()

    async def test_is_explained_for_good(self, lender: Lender) -> None:
        _, day = await self.says_so(lender)
        await waits(lender, day)
        (broken,) = [each for each in await open_breaks(lender) if each.reference == "W7"]
        await two_act(lender, "explain", broken.id)
        await compares(lender, [], day=day + timedelta(days=4))
        await compares(lender, [incoming("W7", "x", kes(500))], day=day)

        assert "not_returned" not in {each[0] for each in await found(lender)}
