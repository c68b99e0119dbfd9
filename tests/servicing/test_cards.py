"""Cards: an invoice is paid for what was asked, once; whatever Telegram says was paid is kept."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kit import jobs
from kit.clock import business_date
from kit.crypto import vault_of
from kit.db import reading, unit_of_work
from kit.errors import DomainError
from kit.ids import new_id
from kit.money import Money, exponent
from notifications import contacts
from notifications.models import Notification
from servicing import (
    card_tasks,
    cards,
    chargebacks,
    incidents,
    living,
    order_reviews,
    orders,
    payment_requests,
    queries,
    refunds,
    suspense,
    tasks,
)
from servicing.cards import CardPayment
from servicing.events import Type
from servicing.happenings import Happening
from servicing.ledger import balances
from servicing.ledger.chart import Account
from servicing.models import Loan, PaymentRequest, Repayment
from servicing.payment_requests import REQUESTS
from servicing.rails import telegram
from servicing.rails.base import Ack, AckStatus, Outcome, OutcomeStatus
from servicing.states import LoanStatus, OrderStatus
from tests.servicing.lending import ZONE, Lender, PaperRail, kes
from tests.servicing.treasury_acts import UMA, USHA

CHAT = 71_000_001
CHARGE, PROVIDER = "4242_71000001_9f", "ch_3Nabc"


class PaperTelegram(PaperRail):
    """As servicing sees it: an invoice is shown, and nothing can be asked."""

    name = telegram.NAME


@pytest.fixture
async def loan(lender: Lender) -> Loan:
    """Running, of a borrower whom we write to in Telegram; from now on cards are taken."""
    loan = await lender.lends()
    async with unit_of_work(lender.sessions) as session:
        await contacts.register(
            session, person_id=loan.borrower_id, telegram_chat_id=CHAT, locale="es", timezone=ZONE,
            now=lender.now,
        )  # fmt: skip
    lender.rail = PaperTelegram()
    return loan


async def asks(
    lender: Lender, loan: Loan, amount: Money, *, is_sent: bool = True
) -> PaymentRequest:
    async with unit_of_work(lender.sessions) as session:
        asked = await payment_requests.request(
            session, vault_of(session), loan_id=loan.id, amount=amount, on=lender.on,
            now=lender.now, by_card=True,
        )  # fmt: skip
    if is_sent:
        await tasks.collect(lender.context, request_id=str(asked.id))
    return asked


async def sees(lender: Lender, asked: PaymentRequest) -> PaymentRequest:
    async with lender.sessions() as session:
        return await session.get_one(PaymentRequest, asked.id)


async def may_pay(lender: Lender, asked: PaymentRequest, **changed: Any) -> str:
    """`yes`, or the code of the refusal."""
    given: dict[str, Any] = {
        "reference": asked.client_ref,
        "amount": asked.amount,
        "payer": CHAT,
    }
    try:
        async with reading(lender.sessions) as session:
            await cards.check(session, **(given | changed), on=lender.on, now=lender.now)
    except DomainError as refused:
        return refused.code
    return "yes"


def paid(lender: Lender, asked: PaymentRequest, **changed: Any) -> CardPayment:
    given: dict[str, Any] = {
        "telegram_id": CHARGE,
        "provider_id": PROVIDER,
        "reference": asked.client_ref,
        "amount": asked.amount,
        "at": lender.now,
    }
    return CardPayment(**(given | changed))


async def hears(lender: Lender, payment: CardPayment, times: int = 1) -> None:
    for _ in range(times):
        async with unit_of_work(lender.sessions) as session:
            await cards.take_in(
                session, payment, on=business_date(lender.now, ZONE), zone=ZONE, now=lender.now
            )


async def received(lender: Lender, loan: Loan) -> list[tuple[str, str]]:
    async with lender.sessions() as session:
        rows = await queries.list_repayments(session, loan.id)
    return [(row.amount.major, row.rail or "") for row in rows]


async def waits(lender: Lender) -> list[tuple[str, str, str]]:
    async with lender.sessions() as session:
        rows = await suspense.list_open(session)
    return [(row.reason, str(row.amount), row.rail or "") for row in rows]


async def in_doubt(lender: Lender) -> list[str]:
    async with lender.sessions() as session:
        return [row.kind for row in await incidents.list_open(session)]


async def held_by_card(lender: Lender, currency: str = "KES") -> int:
    async with lender.sessions() as session:
        stands = await balances.cash(session, accounts=[Account.CASH_TELEGRAM])
    return stands[Account.CASH_TELEGRAM, currency].posted_minor


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
        assert await in_doubt(lender) == []

    async def test_needs_a_chat(self, lender: Lender) -> None:
        other = await lender.lends()
        with pytest.raises(contacts.ContactNotFound):
            await asks(lender, other, kes(500))


async def told(lender: Lender, loan: Loan) -> list[str]:
    async with lender.sessions() as session:
        rows = await session.scalars(
            select(Notification.template).where(
                Notification.person_id == loan.borrower_id, Notification.template != "disbursed"
            )
        )
    return list(rows)


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
        assert await in_doubt(lender) == []

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


async def writes_off(lender: Lender, loan: Loan) -> None:
    async with unit_of_work(lender.sessions) as session:
        row = await queries.get_loan(session, loan.id, lock=True)
        act = living.Act("staff:1", lender.on, lender.now)
        await living.happen(
            session, row, act, Happening(Type.WRITE_OFF, lender.on, f"write_off:{new_id()}")
        )


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
        assert await in_doubt(lender) == []

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
        assert await in_doubt(lender) == ["payment_request_amount_differs"]
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
        assert await in_doubt(lender) == ["card_payment_unknown_to_us"]
        assert (await sees(lender, asked)).status is OrderStatus.PENDING

    async def test_by_an_invoice_that_we_never_sent_waits_for_a_person(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500), is_sent=False)
        await hears(lender, paid(lender, asked))

        assert await waits(lender) == [("never_sent", "500.00 KES", "telegram")]
        assert await in_doubt(lender) == ["payment_request_never_sent"]
        assert await received(lender, loan) == []

    async def test_told_in_other_words_is_in_doubt_and_counts_as_first_told(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked))
        await hears(lender, paid(lender, asked, amount=kes(600)))

        assert await received(lender, loan) == [("500.00", "telegram")]
        assert await in_doubt(lender) == ["card_payment_told_differently"]

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
        assert ("card_payment_settled_by_hand" in await in_doubt(lender)) == is_doubtful

    async def test_under_a_very_long_name_is_kept_apart_from_others(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        for end in "ab":
            long = "x" * 200 + end
            await hears(lender, paid(lender, asked, telegram_id=long, provider_id=long), times=2)

        assert await held_by_card(lender) == 100_000


class TestMoneyThatGoesBack:
    async def test_is_given_back_by_the_provider_and_written_down(
        self, lender: Lender, loan: Loan
    ) -> None:
        asked = await asks(lender, loan, kes(500))
        await hears(lender, paid(lender, asked, amount=kes(600)))
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


class TestCurrencies:
    def test_are_taken_where_telegram_and_we_count_alike(self) -> None:
        """An amount in other minor units would be a hundred times too much."""
        differ = {code for code, digits in telegram.EXPONENTS.items() if exponent(code) != digits}

        assert differ == set()
        assert telegram.takes("KES")
        assert telegram.takes("UGX")
        assert not telegram.takes("XAF")
