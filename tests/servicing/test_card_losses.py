"""Cards: money that we gave back, and that the card's bank took back as well."""

from uuid import UUID

import pytest
from sqlalchemy import select

from kit.db import unit_of_work
from kit.four_eyes import Proposal, SameStaff
from servicing import chargebacks, suspense
from servicing.models import Loan, Repayment, SuspenseItem
from servicing.suspense import SuspenseItemNotFound
from servicing.treasury import losses
from servicing.treasury.losses import DidNotLeaveTwice, WrittenOffBefore
from tests.servicing.card_payments import asks, hears, held_by_card, paid, takes_cards
from tests.servicing.lending import Lender, kes
from tests.servicing.test_breaks import trial
from tests.servicing.test_card_refunds import is_given_back_at_the_provider
from tests.servicing.treasury_acts import UMA, USHA


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await takes_cards(lender)


async def the_payment(lender: Lender) -> UUID:
    async with lender.sessions() as session:
        found = await session.scalar(select(Repayment.id).order_by(Repayment.id.desc()))
    assert found is not None
    return found


async def the_item(lender: Lender) -> UUID:
    async with lender.sessions() as session:
        return (await session.scalars(select(SuspenseItem.id))).one()


async def goes_back(lender: Lender, repayment_id: UUID) -> None:
    for who in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            await chargebacks.charge_back(
                session, repayment_id, staff_id=who, reason="given back in the dashboard",
                on=lender.on, now=lender.now,
            )  # fmt: skip


async def is_lost(
    lender: Lender, who: UUID, *, payment: UUID | None = None, item: UUID | None = None
) -> Proposal:
    async with unit_of_work(lender.sessions) as session:
        if payment is not None:
            return await losses.write_off_payment(
                session, payment, staff_id=who, reason="disputed, too", on=lender.on,
                now=lender.now,
            )  # fmt: skip
        assert item is not None
        return await losses.write_off_item(
            session, item, staff_id=who, reason="disputed, too", on=lender.on, now=lender.now
        )


class TestAPaymentOfALoan:
    async def test_is_lost_when_it_left_twice(self, lender: Lender, loan: Loan) -> None:
        await hears(lender, paid(lender, await asks(lender, loan, kes(500))))
        payment = await the_payment(lender)
        await goes_back(lender, payment)
        books = await lender.books(loan)

        await is_lost(lender, UMA, payment=payment)
        with pytest.raises(SameStaff):
            await is_lost(lender, UMA, payment=payment)
        assert await held_by_card(lender) == 0
        assert (await is_lost(lender, USHA, payment=payment)).is_confirmed

        assert await held_by_card(lender) == -kes(500).minor
        assert (await trial(lender))["rail_differences"] == kes(500).minor
        assert await lender.books(loan) == books
        with pytest.raises(WrittenOffBefore):
            await is_lost(lender, UMA, payment=payment)
        await lender.verifies()

    async def test_is_not_lost_while_it_counts(self, lender: Lender, loan: Loan) -> None:
        await hears(lender, paid(lender, await asks(lender, loan, kes(500))))

        with pytest.raises(DidNotLeaveTwice):
            await is_lost(lender, UMA, payment=await the_payment(lender))

    async def test_of_a_rail_with_statements_is_for_its_break(self, lender: Lender) -> None:
        loan = await lender.lends()
        payment = (await lender.receives(loan, kes(500), rail="wallet")).id
        await goes_back(lender, payment)

        with pytest.raises(DidNotLeaveTwice):
            await is_lost(lender, UMA, payment=payment)


class TestMoneyInSuspense:
    async def test_is_lost_when_it_was_given_back_before(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked, amount=kes(600)))
        item = await the_item(lender)
        with pytest.raises(DidNotLeaveTwice):
            await is_lost(lender, UMA, item=item)
        await is_given_back_at_the_provider(lender)

        for who in (UMA, USHA):
            await is_lost(lender, who, item=item)

        assert await held_by_card(lender) == -kes(600).minor
        assert (await trial(lender))["rail_differences"] == kes(600).minor
        with pytest.raises(WrittenOffBefore):
            await is_lost(lender, UMA, item=item)
        await lender.verifies()

    async def test_that_a_loan_had_left_over_is_owed_by_its_borrower(
        self, lender: Lender, loan: Loan
    ) -> None:
        """The bank takes back the payment, not what was too much of it."""
        asked = await asks(lender, loan, kes(500))
        await lender.receives(loan, await lender.payoff(loan) - kes(400))
        await hears(lender, paid(lender, asked))
        item, payment = await the_item(lender), await the_payment(lender)
        await is_given_back_at_the_provider(lender)
        with pytest.raises(DidNotLeaveTwice):
            await is_lost(lender, UMA, item=item)

        await goes_back(lender, payment)

        assert await held_by_card(lender) == -kes(100).minor
        assert await lender.payoff(loan) == kes(500)
        assert "rail_differences" not in await trial(lender)
        await lender.verifies()

    async def test_that_was_placed_did_not_leave(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked, amount=kes(600)))
        item = await the_item(lender)
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await suspense.assign(
                    session, item, loan_id=loan.id, staff_id=who, reason="hers", on=lender.on,
                    now=lender.now,
                )  # fmt: skip

        with pytest.raises(DidNotLeaveTwice):
            await is_lost(lender, UMA, item=item)
        with pytest.raises(SuspenseItemNotFound):
            await is_lost(lender, UMA, item=loan.id)
