"""Cards: whatever Telegram says was paid is kept, once."""

from datetime import timedelta

import pytest

from kit.db import unit_of_work
from kit.money import Money
from servicing import (
    card_tasks,
    order_reviews,
    orders,
    tasks,
)
from servicing.models import Loan
from servicing.payment_requests import REQUESTS
from servicing.rails.base import Ack, AckStatus, Outcome, OutcomeStatus
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.card_payments import (
    CHARGE,
    PROVIDER,
    asks,
    hears,
    held_by_card,
    may_pay,
    paid,
    received,
    sees,
    takes_cards,
    told,
    waits,
    writes_off,
)
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.treasury_acts import UMA, USHA


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await takes_cards(lender)


class TestWhatWasPaid:
    async def test_repays_the_loan_and_stands_with_telegram(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked))

        order = await sees(lender, asked)
        assert (order.status, order.rail_id) == (OrderStatus.SETTLED, PROVIDER)
        assert await received(lender, loan) == [("500.00", "telegram")]
        assert await held_by_card(lender) == 50_000
        assert "repayment_received" in await told(lender, loan)
        await lender.verifies()

    async def test_counts_once_however_often_it_is_told(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked), times=3)
        lender.now += timedelta(days=3)
        await hears(lender, paid(lender, asked))

        assert await received(lender, loan) == [("500.00", "telegram")]
        assert await held_by_card(lender) == 50_000
        assert await lender.incidents() == []

    async def test_counts_before_we_know_that_the_invoice_was_shown(
        self, lender: Lender, loan: Loan
    ) -> None:
        """The answer to our call was lost: the payment is what proves it."""
        lender.rail.acks = [Ack(AckStatus.UNKNOWN)]
        asked = await asks(lender, loan, kes(500), is_sent=False)
        with pytest.raises(Exception, match="again in"):
            await tasks.collect(lender.context, request_id=str(asked.id))
        await hears(lender, paid(lender, asked))

        assert (await sees(lender, asked)).status is OrderStatus.SETTLED
        assert await received(lender, loan) == [("500.00", "telegram")]

    async def test_twice_by_two_charges_is_more_money_for_the_loan(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked))
        again = paid(lender, asked, telegram_id="another", provider_id="ch_other")
        await hears(lender, again, times=2)

        assert await received(lender, loan) == [("500.00", "telegram")] * 2
        assert await held_by_card(lender) == 100_000
        await lender.verifies()

    @pytest.mark.parametrize("amount", [kes("499.99"), kes("500.01"), Money(50_000, "UGX")])
    async def test_of_another_amount_waits_for_a_person(
        self, lender: Lender, loan: Loan, amount: Money
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked, amount=amount), times=2)

        assert await received(lender, loan) == []
        assert await waits(lender) == [("amount_differs", str(amount), "telegram")]
        assert await lender.incidents() == ["payment_request_amount_differs"]
        assert (await sees(lender, asked)).status is OrderStatus.NEEDS_REVIEW
        assert await held_by_card(lender, amount.currency) == amount.minor
        assert await may_pay(lender, asked) == "invoice_not_payable"
        await lender.verifies()

    async def test_for_nothing_that_we_asked_waits_for_a_person(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked, reference="C" + "0" * 32), times=2)

        assert await waits(lender) == [("unknown_reference", "500.00 KES", "telegram")]
        assert await lender.incidents() == ["card_payment_unknown_to_us"]
        assert (await sees(lender, asked)).status is OrderStatus.PENDING

    async def test_by_an_invoice_that_we_never_sent_waits_for_a_person(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500), is_sent=False)
        await hears(lender, paid(lender, asked))

        assert await waits(lender) == [("never_sent", "500.00 KES", "telegram")]
        assert await lender.incidents() == ["payment_request_never_sent"]
        assert await received(lender, loan) == []

    async def test_told_in_other_words_is_in_doubt_and_counts_as_first_told(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked))
        await hears(lender, paid(lender, asked, amount=kes(600)))

        assert await received(lender, loan) == [("500.00", "telegram")]
        assert await lender.incidents() == ["card_payment_told_differently"]

    async def test_after_it_was_given_up_repays_the_loan(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        lender.now += timedelta(days=2)
        await card_tasks.expire_invoices(lender.context)
        await hears(lender, paid(lender, asked), times=2)

        assert await received(lender, loan) == [("500.00", "telegram")]
        assert await held_by_card(lender) == 50_000

    async def test_that_ends_the_loan_ends_it(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, await lender.payoff(loan))
        await hears(lender, paid(lender, asked), times=2)

        assert (await lender.sees(loan)).status is LoanStatus.CLOSED
        assert await waits(lender) == []

    async def test_of_a_loan_that_ended_meanwhile_waits(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        await lender.receives(loan, await lender.payoff(loan))
        await hears(lender, paid(lender, asked), times=2)

        assert await waits(lender) == [("loan_over", "500.00 KES", "telegram")]
        await lender.verifies()

    async def test_of_a_loan_that_is_written_off_is_recovered(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await writes_off(lender, loan)
        await hears(lender, paid(lender, asked), times=2)

        assert await received(lender, loan) == [("500.00", "telegram")]
        assert await held_by_card(lender) == 50_000
        await lender.verifies()

    @pytest.mark.parametrize("name", [PROVIDER, CHARGE, "pi_another"])
    async def test_that_staff_had_settled_by_hand_counts_once(
        self, lender: Lender, loan: Loan, name: str
    ) -> None:
        """They saw it in the provider's dashboard before Telegram told us."""
        asked = await asks(lender, loan, kes(500))
        async with unit_of_work(lender.sessions) as session:
            outcome = Outcome(OutcomeStatus.UNKNOWN)
            _, order = await orders.locked(session, REQUESTS, asked.id)
            await orders.doubt(session, REQUESTS, order, outcome, "no_answer", now=lender.now)
        for who in (UMA, USHA):
            async with unit_of_work(lender.sessions) as session:
                await order_reviews.settle(
                    session, REQUESTS, asked.id, rail_id=name, settled_at=lender.now,
                    staff_id=who, reason="seen", on=lender.on, zone=ZONE, now=lender.now,
                )  # fmt: skip
        await hears(lender, paid(lender, asked), times=2)

        is_doubtful = name == "pi_another"
        assert await received(lender, loan) == [("500.00", "telegram")]
        assert await waits(lender) == [("settled_by_hand", "500.00 KES", "telegram")] * is_doubtful
        assert ("card_payment_settled_by_hand" in await lender.incidents()) == is_doubtful

    async def test_under_a_very_long_name_is_kept_apart_from_others(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        for end in "ab":
            long = "x" * 200 + end
            await hears(lender, paid(lender, asked, telegram_id=long, provider_id=long), times=2)

        assert await held_by_card(lender) == 100_000
