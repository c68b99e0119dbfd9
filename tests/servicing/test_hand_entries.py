"""Money that staff enter by hand: cash at no rail, and two people for much of it."""

import pytest

from kit.config import Settings
from kit.db import unit_of_work
from kit.four_eyes import Proposal, SameStaff
from kit.money import Money
from servicing import chargebacks, hand_entries, queries, repayments, suspense, transfers
from servicing.ledger import balances
from servicing.ledger.chart import Account
from servicing.models import Loan, Repayment
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.funding.money import Treasury
from tests.servicing.funding.test_gate import floor, held, status_of
from tests.servicing.lending import Lender, kes
from tests.servicing.treasury_acts import UMA, USHA

ALWAYS = kes(0)


async def enters(
    lender: Lender,
    loan: Loan,
    amount: Money,
    who: object = UMA,
    *,
    reference: str = "cash box 12",
    two_from: Money = ALWAYS,
) -> Repayment | Proposal:
    async with unit_of_work(lender.sessions) as session:
        return await hand_entries.enter(
            session, loan_id=loan.id, amount=amount, reference=reference, on=lender.on,
            staff_id=who, reason="counted", two_from=two_from, today=lender.on, now=lender.now,  # type: ignore[arg-type]
        )  # fmt: skip


async def both_enter(lender: Lender, loan: Loan, amount: Money) -> None:
    for who in (UMA, USHA):
        await enters(lender, loan, amount, who)


class TestTwo:
    async def test_have_to_agree_by_default(self, lender: Lender) -> None:
        assert Settings().hand_money_two_from == "0"
        loan = await lender.lends()
        books = await lender.books(loan)
        payoff = await lender.payoff(loan)
        first = await enters(lender, loan, payoff)
        with pytest.raises(SameStaff):
            await enters(lender, loan, payoff)

        assert isinstance(first, Proposal)
        assert await lender.books(loan) == books

        done = await enters(lender, loan, payoff, USHA)

        assert isinstance(done, Repayment)
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        again = await enters(lender, loan, payoff, USHA)
        assert isinstance(again, Repayment)
        assert again.id == done.id
        await lender.verifies()

    async def test_are_for_the_amount_and_all_other_currencies(self, lender: Lender) -> None:
        loan = await lender.lends()
        most = kes(1_000)
        small = await enters(lender, loan, kes(999), reference="R-1", two_from=most)
        much = await enters(lender, loan, most, reference="R-2", two_from=most)

        assert isinstance(small, Repayment)
        assert isinstance(much, Proposal)
        other = await enters(
            lender, await lender.lends(), kes(1), reference="R-3", two_from=Money(100_000, "USD")
        )
        assert isinstance(other, Proposal)

    async def test_are_not_asked_for_what_cannot_be(self, lender: Lender) -> None:
        loan = await lender.opens()
        with pytest.raises(repayments.LoanNotRepayable):
            await enters(lender, loan, kes(1))
        running = await lender.lends()
        with pytest.raises(repayments.RepaymentInOtherCurrency):
            await enters(lender, running, Money(1, "USD"))
        await lender.receives(running, kes(5), rail_reference="wallet:W5")
        with pytest.raises(transfers.RailTransferKnown):
            await enters(lender, running, kes(5), reference="W5")


class TestItsCash:
    async def test_is_at_no_rail(self, lender: Lender) -> None:
        loan = await lender.lends()
        before = (await lender.books(loan))["cash_wallet"]
        await both_enter(lender, loan, kes(500))

        books = await lender.books(loan)
        assert (books["cash_outside"], books["cash_wallet"]) == ("500.00", before)
        async with lender.sessions() as session:
            assert {account for account, _ in await balances.cash(session)} == {Account.CASH_WALLET}
        await lender.verifies()

    async def test_lets_no_payout_go(self, lender: Lender) -> None:
        """30,000 of a funder, 29,200 are lent: what is in the cash box cannot leave the wallet."""
        await floor(lender, kes(0))
        treasury = Treasury(lender)
        pool = await treasury.opens()
        await treasury.pays_in(await treasury.joins(pool), kes(30_000))
        first = await lender.lends()
        second = await lender.opens()
        await lender.pays_out(second)
        await both_enter(lender, first, await lender.payoff(first))

        await lender.pays_out(second)

        assert (await lender.sees(first)).status is LoanStatus.CLOSED
        assert await status_of(lender, second) is OrderStatus.HELD
        assert [facts["would_be"] for _, facts in await held(lender)] == ["-28400.00"]

    async def test_goes_back_from_where_it_came(self, lender: Lender) -> None:
        loan = await lender.lends()
        before = await lender.books(loan)
        await both_enter(lender, loan, kes(500))
        async with lender.sessions() as session:
            entered = await queries.find_repayment(session, "staff:cash box 12")
        assert entered is not None
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await chargebacks.charge_back(
                    session, entered.id, staff_id=who, reason="a false note", on=lender.on,
                    now=lender.now,
                )  # fmt: skip

        assert await lender.books(loan) == before

    async def test_from_before_goes_back_from_the_rail(self, lender: Lender) -> None:
        """Then all of it counted as cash of the loan's rail."""
        loan = await lender.lends()
        before = await lender.books(loan)
        old = await lender.receives(loan, kes(500), rail_reference="staff:R-1")
        assert "cash_outside" not in await lender.books(loan)
        async with unit_of_work(lender.sessions) as session:
            await repayments.reverse(
                session, old.id, actor="staff:1", reason="a false note", on=lender.on,
                now=lender.now,
            )  # fmt: skip

        assert await lender.books(loan) == before
        await lender.verifies()

    async def test_beyond_the_loan_goes_back_by_the_loans_rail(self, lender: Lender) -> None:
        loan = await lender.lends()
        await both_enter(lender, loan, await lender.payoff(loan) + kes(70))

        async with lender.sessions() as session:
            (item,) = await suspense.list_open(session)
        assert (item.amount, item.rail) == (kes(70), "wallet")
        await lender.verifies()
