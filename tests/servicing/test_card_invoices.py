"""Cards: an invoice for what was asked, which may be paid once and only as it was asked."""

from datetime import timedelta
from typing import Any

import pytest

from kit import jobs
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.money import Money, exponent
from notifications import contacts
from servicing import (
    card_tasks,
    payment_requests,
    tasks,
)
from servicing.models import Loan
from servicing.rails import telegram
from servicing.rails.base import Ack, AckStatus
from servicing.states import OrderStatus
from tests.servicing.card_payments import (
    CHAT,
    asks,
    hears,
    may_pay,
    paid,
    received,
    sees,
    takes_cards,
    told,
    writes_off,
)
from tests.servicing.lending import Lender, kes


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    return await takes_cards(lender)


class TestAnInvoice:
    async def test_goes_to_the_borrowers_chat_in_her_language(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))

        (sent,) = lender.rail.sent
        assert (sent.account, sent.client_ref) == (f"{CHAT}/es", asked.client_ref)
        assert (await sees(lender, asked)).status is OrderStatus.PENDING

    async def test_is_one_for_a_double_tap_and_a_new_one_later(
        self, lender: Lender, loan: Loan
    ) -> None:
        first = await asks(lender, loan, kes(500))
        assert (await asks(lender, loan, kes(500))).id == first.id

        lender.now += timedelta(minutes=2)
        second = await asks(lender, loan, kes(500))

        assert second.id != first.id
        assert await may_pay(lender, first) == "invoice_not_payable"
        assert await may_pay(lender, second) == "yes"

    async def test_that_telegram_refuses_is_told(self, lender: Lender, loan: Loan) -> None:
        lender.rail.acks = [Ack(AckStatus.REJECTED, code="currency_total_amount_invalid")]
        asked = await asks(lender, loan, kes(5))

        assert (await sees(lender, asked)).failure_code == "currency_total_amount_invalid"
        assert await told(lender, loan) == ["invoice_refused"]

    async def test_that_nobody_pays_ends_without_a_word(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        lender.now += timedelta(hours=47)
        await card_tasks.expire_invoices(lender.context)
        assert (await sees(lender, asked)).status is OrderStatus.PENDING

        lender.now += timedelta(hours=1)
        await card_tasks.expire_invoices(lender.context)

        assert (await sees(lender, asked)).status is OrderStatus.FAILED
        assert await told(lender, loan) == []

    async def test_that_was_never_shown_ends_too(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500), is_sent=False)
        lender.now += timedelta(hours=48)
        await card_tasks.expire_invoices(lender.context)

        ended = await sees(lender, asked)
        assert (ended.status, ended.failure_code) == (OrderStatus.FAILED, "expired")
        assert await lender.incidents() == []

    async def test_needs_a_chat(self, lender: Lender) -> None:
        other = await lender.lends()
        with pytest.raises(contacts.ContactNotFound):
            await asks(lender, other, kes(500))


class TestBeforeTheCardIsCharged:
    async def test_what_was_asked_may_be_paid(self, lender: Lender, loan: Loan) -> None:
        assert await may_pay(lender, await asks(lender, loan, kes(500))) == "yes"

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"amount": Money(50_001, "KES")}, "invoice_differs"),
            ({"amount": Money(49_999, "KES")}, "invoice_differs"),
            ({"amount": Money(50_000, "UGX")}, "invoice_differs"),
            ({"reference": "C" + "0" * 32}, "invoice_not_payable"),
            ({"reference": ""}, "invoice_not_payable"),
            ({"payer": CHAT + 1}, "invoice_not_payable"),
        ],
    )
    async def test_nothing_else_may(
        self, lender: Lender, loan: Loan, changed: dict[str, Any], code: str
    ) -> None:
        asked = await asks(lender, loan, kes(500))

        assert await may_pay(lender, asked, **changed) == code

    async def test_after_a_day_it_may_not(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        lender.now += timedelta(hours=24)

        assert await may_pay(lender, asked) == "invoice_not_payable"

    async def test_that_was_never_shown_may_not(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500), is_sent=False)

        assert await may_pay(lender, asked) == "invoice_not_payable"

    async def test_shown_by_a_try_that_was_lost_it_may(self, lender: Lender, loan: Loan) -> None:
        """Even when the next try has not left us: Telegram cannot be asked about the first."""
        lender.rail.acks = [Ack(AckStatus.UNKNOWN), Ack(AckStatus.NOT_SENT, code="not_reached")]
        asked = await asks(lender, loan, kes(500), is_sent=False)
        for _ in range(2):
            with pytest.raises(jobs.Later):
                await tasks.collect(lender.context, request_id=str(asked.id))

        assert await may_pay(lender, asked) == "yes"
        await hears(lender, paid(lender, asked))
        assert await received(lender, loan) == [("500.00", "telegram")]
        assert await lender.incidents() == []

    async def test_once_paid_it_may_not(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked))

        assert await may_pay(lender, asked) == "invoice_paid"

    async def test_once_the_wallet_is_asked_it_may_not(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        async with unit_of_work(lender.sessions) as session:
            await payment_requests.request(
                session, vault_of(session), loan_id=loan.id, amount=kes(500), on=lender.on,
                now=lender.now,
            )  # fmt: skip

        assert await may_pay(lender, asked) == "invoice_not_payable"

    async def test_more_than_is_owed_by_now_may_not(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, await lender.payoff(loan))
        assert await may_pay(lender, asked) == "yes"
        await lender.receives(loan, kes(1))

        assert await may_pay(lender, asked) == "invoice_not_owed"

    async def test_of_a_loan_that_is_over_it_may_not(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        await lender.receives(loan, await lender.payoff(loan))

        assert await may_pay(lender, asked) == "invoice_not_owed"

    async def test_of_a_loan_that_is_written_off_it_may(self, lender: Lender, loan: Loan) -> None:
        asked = await asks(lender, loan, kes(500))
        await writes_off(lender, loan)

        assert await may_pay(lender, asked) == "yes"


class TestCurrencies:
    def test_are_taken_where_telegram_and_we_count_alike(self) -> None:
        """An amount in other minor units would be a hundred times too much."""
        differ = {code for code, digits in telegram.EXPONENTS.items() if exponent(code) != digits}

        assert differ == set()
        assert telegram.takes("KES")
        assert telegram.takes("UGX")
        assert not telegram.takes("XAF")
