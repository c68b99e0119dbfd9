"""The rail takes a payment back: once, whole, told to the borrower, or doubted."""

from uuid import UUID

import pytest
from sqlalchemy import select

from kit import four_eyes
from kit.db import unit_of_work
from kit.four_eyes import Proposal
from kit.money import Money
from notifications.models import Notification
from servicing import chargebacks, queries, rail_events, suspense
from servicing.models import Loan
from servicing.rails.base import Direction, Outcome, OutcomeStatus, RailEvent
from servicing.states import LoanStatus
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.test_amendments import amends
from tests.servicing.treasury_acts import UMA, USHA


async def told(
    lender: Lender, event_id: str, status: OutcomeStatus, reference: str, amount: Money
) -> None:
    event = RailEvent(
        "wallet", event_id, Direction.INCOMING, reference, "W2", amount, Outcome(status, amount)
    )
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, event, on=lender.on, zone=ZONE, now=lender.now)


async def pays(lender: Lender, loan: Loan, amount: Money) -> None:
    await told(lender, "E1", OutcomeStatus.SETTLED, loan.reference, amount)


class TestByTheRail:
    async def test_undoes_the_payment_once_and_tells_the_borrower(self, lender: Lender) -> None:
        loan = await lender.lends()
        before = await lender.books(loan)
        await pays(lender, loan, kes(500))

        for number in range(3):
            await told(lender, f"B{number}", OutcomeStatus.RETURNED, loan.reference, kes(500))

        assert await lender.books(loan) == before
        assert await lender.incidents() == []
        async with lender.sessions() as session:
            templates = await session.scalars(
                select(Notification.template).where(Notification.person_id == loan.borrower_id)
            )
        assert list(templates).count("payment_taken_back") == 1
        await lender.verifies()

    async def test_of_the_last_payment_opens_the_loan_again(self, lender: Lender) -> None:
        loan = await lender.lends()
        payoff = await lender.payoff(loan)
        await pays(lender, loan, payoff)
        assert (await lender.sees(loan)).status is LoanStatus.CLOSED

        await told(lender, "B", OutcomeStatus.RETURNED, loan.reference, payoff)

        assert (await lender.sees(loan)).status is LoanStatus.ACTIVE
        assert await lender.payoff(loan) == payoff
        await lender.verifies()

    async def test_of_what_was_refunded_after_a_loss_is_lost_too(self, lender: Lender) -> None:
        loan = await lender.lends()
        await amends(lender, loan, {"type": "write_off"})
        await lender.receives(loan, kes(30_000))
        await pays(lender, loan, kes(100))
        async with unit_of_work(lender.sessions) as session:
            (item,) = await suspense.list_open(session)
            for who in (UMA, USHA):
                await suspense.refund(
                    session, item.id, reference="BANK-1", staff_id=who, reason="too much",
                    on=lender.on, now=lender.now,
                )  # fmt: skip
        before = await lender.books(loan)

        await told(lender, "B", OutcomeStatus.RETURNED, loan.reference, kes(100))

        books = await lender.books(loan)
        assert (before["write_off_expense"], books["write_off_expense"]) == ("30000.00", "30100.00")
        assert (await lender.sees(loan)).status is LoanStatus.WRITTEN_OFF
        await lender.verifies()
        await lender.receives(loan, kes(100))
        assert (await lender.books(loan))["write_off_recovery"] == "30100.00"
        assert await lender.suspended() == []
        await lender.verifies()

    async def test_of_money_that_waits_takes_it_out_of_suspense(self, lender: Lender) -> None:
        await lender.lends()
        await told(lender, "E1", OutcomeStatus.SETTLED, "rent", kes(500))
        assert await lender.suspended() == ["500.00"]

        for number in range(2):
            await told(lender, f"B{number}", OutcomeStatus.RETURNED, "rent", kes(500))

        assert await lender.suspended() == []
        assert await lender.incidents() == []
        await lender.verifies()

    @pytest.mark.parametrize(
        ("amount", "doubt"),
        [("499.99", "chargeback_amount_differs"), ("500", "chargeback_unknown")],
    )
    async def test_that_does_not_fit_changes_nothing(
        self, lender: Lender, amount: str, doubt: str
    ) -> None:
        loan = await lender.lends()
        if doubt == "chargeback_amount_differs":
            await pays(lender, loan, kes(500))
        before = await lender.books(loan)

        await told(lender, "B", OutcomeStatus.RETURNED, loan.reference, kes(amount))

        assert await lender.incidents() == [doubt]
        assert await lender.books(loan) == before
        await lender.verifies()


class TestByStaff:
    async def agree(self, lender: Lender, repayment_id: UUID, who: UUID) -> Proposal:
        async with unit_of_work(lender.sessions) as session:
            return await chargebacks.charge_back(
                session, repayment_id, staff_id=who, reason="the bank wrote to us", on=lender.on,
                now=lender.now,
            )  # fmt: skip

    async def test_takes_two_and_happens_once(self, lender: Lender) -> None:
        loan = await lender.lends()
        before = await lender.books(loan)
        await pays(lender, loan, kes(500))
        async with lender.sessions() as session:
            (paid,) = await queries.list_repayments(session, loan.id)
        await self.agree(lender, paid.id, UMA)
        with pytest.raises(four_eyes.SameStaff):
            await self.agree(lender, paid.id, UMA)
        assert await lender.books(loan) != before

        await self.agree(lender, paid.id, USHA)

        assert await lender.books(loan) == before
        with pytest.raises(chargebacks.RepaymentReversed):
            await self.agree(lender, paid.id, UMA)
        await lender.verifies()
