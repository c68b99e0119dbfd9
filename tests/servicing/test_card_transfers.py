"""A card's charge stands in the books once, by either of its names, whoever enters it."""

import pytest

from servicing.models import Loan
from servicing.payment_requests import REQUESTS
from servicing.states import OrderStatus
from tests.servicing import card_payments as by_card
from tests.servicing.lending import Lender, kes
from tests.servicing.reviews import (
    charges_back,
    doubts,
    enters,
    places,
    repaid,
    settles,
)


class TestCards:
    @pytest.fixture
    async def loan(self, lender: Lender) -> Loan:
        return await by_card.takes_cards(lender)

    @pytest.mark.parametrize("name", [by_card.PROVIDER, by_card.CHARGE, "pi_another"])
    async def test_a_request_is_not_settled_beside_what_was_charged_for_it(
        self, lender: Lender, loan: Loan, name: str
    ) -> None:
        """490 was charged for 500: it waited, and then it was the loan's."""
        asked = await by_card.asks(lender, loan, kes(500))
        await by_card.hears(lender, by_card.paid(lender, asked, amount=kes(490)))
        assert await settles(lender, REQUESTS, asked.id, name) == "rail_transfer_known"
        await places(lender, loan)

        assert await settles(lender, REQUESTS, asked.id, name) == "rail_transfer_known"

        assert await by_card.received(lender, loan) == [("490.00", "telegram")]
        assert await by_card.held_by_card(lender) == 49_000
        await lender.verifies()

    async def test_another_request_is_not_settled_by_a_charge_that_stands(
        self, lender: Lender, loan: Loan
    ) -> None:
        paid, other = [await by_card.asks(lender, loan, kes(amount)) for amount in (500, 501)]
        await by_card.hears(lender, by_card.paid(lender, paid))
        await doubts(lender, REQUESTS, other.id)

        for name in (by_card.PROVIDER, by_card.CHARGE):
            assert await settles(lender, REQUESTS, other.id, name) == "rail_transfer_known"
            assert await enters(lender, loan, kes(500), name) == "rail_transfer_known"

        assert await by_card.held_by_card(lender) == 50_000

    @pytest.mark.parametrize("name", [by_card.PROVIDER, by_card.CHARGE])
    @pytest.mark.parametrize("is_ours", [True, False])
    async def test_a_charge_that_staff_took_for_another_request_is_not_taken_in_again(
        self, lender: Lender, loan: Loan, name: str, is_ours: bool
    ) -> None:
        wrong, right = [await by_card.asks(lender, loan, kes(each)) for each in (500, 501)]
        await doubts(lender, REQUESTS, wrong.id)
        await settles(lender, REQUESTS, wrong.id, name)

        reference = right.client_ref if is_ours else "C" + "0" * 32
        charge = by_card.paid(lender, right, reference=reference)
        await by_card.hears(lender, charge, times=2)

        assert await by_card.held_by_card(lender) == 50_000
        assert await by_card.waits(lender) == []
        assert "card_payment_stands_elsewhere" in await lender.incidents()
        status = OrderStatus.NEEDS_REVIEW if is_ours else OrderStatus.PENDING
        assert (await by_card.sees(lender, right)).status is status

    async def test_a_charge_that_staff_entered_by_hand_is_not_taken_in_again(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await by_card.asks(lender, loan, kes(500))
        await enters(lender, loan, kes(500), by_card.PROVIDER)

        await by_card.hears(lender, by_card.paid(lender, asked))

        assert await repaid(lender, loan) == [(f"staff:{by_card.PROVIDER}", "500.00")]
        await charges_back(lender, loan)
        assert await settles(lender, REQUESTS, asked.id, by_card.PROVIDER) == "settled"
        assert await by_card.held_by_card(lender) == 50_000
        await lender.verifies()
