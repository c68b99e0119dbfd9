"""Cards: money that goes back to the card, or is taken back by its bank."""

import pytest
from sqlalchemy import select

from kit.crypto import vault_of
from kit.db import unit_of_work
from servicing import (
    chargebacks,
    order_reviews,
    refunds,
    suspense,
)
from servicing.models import Loan, Repayment
from servicing.payment_requests import REQUESTS
from tests.servicing.card_payments import asks, hears, held_by_card, paid, takes_cards, told, waits
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.treasury_acts import UMA, USHA


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await takes_cards(lender)


async def is_given_back_at_the_provider(lender: Lender) -> None:
    """We cannot send it by the rail; two people have done so and write it down."""
    async with lender.sessions() as session:
        (item,) = await suspense.list_open(session)
    with pytest.raises(refunds.RefundAtProvider):
        async with unit_of_work(lender.sessions) as session:
            await refunds.order(
                session, vault_of(session), item.id, staff_id=UMA, reason="x", now=lender.now
            )
    for who in (UMA, USHA):
        async with unit_of_work(lender.sessions) as session:
            await suspense.refund(
                session, item.id, reference="re_1", staff_id=who, reason="by hand",
                on=lender.on, now=lender.now,
            )  # fmt: skip


class TestMoneyThatGoesBack:
    async def test_is_given_back_by_the_provider_and_written_down(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked, amount=kes(600)))
        await is_given_back_at_the_provider(lender)
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await order_reviews.fail(
                    session, REQUESTS, asked.id, failure_code="other_amount", staff_id=who,
                    reason="given back", on=lender.on, zone=ZONE, now=lender.now,
                )  # fmt: skip

        assert await told(lender, loan) == []
        assert await waits(lender) == []
        assert await held_by_card(lender) == 0

    async def test_that_was_too_much_for_the_loan_goes_back_to_the_card(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await lender.receives(loan, await lender.payoff(loan) - kes(400))
        await hears(lender, paid(lender, asked))

        assert await waits(lender) == [("overpaid", "100.00 KES", "telegram")]
        await is_given_back_at_the_provider(lender)

        assert await held_by_card(lender) == 40_000
        await lender.verifies()

    async def test_that_the_bank_charged_back_is_owed_again(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked))
        async with lender.sessions() as session:
            repayment = await session.scalar(select(Repayment.id))
        assert repayment is not None
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await chargebacks.charge_back(
                    session, repayment, staff_id=who, reason="disputed", on=lender.on,
                    now=lender.now,
                )  # fmt: skip
        await hears(lender, paid(lender, asked))

        assert await held_by_card(lender) == 0
        assert "payment_taken_back" in await told(lender, loan)
        await lender.verifies()
