"""Whose money it may be: proposals with their reasons, and nothing posted by itself."""

import pytest

from kit import ids
from kit.crypto import vault_of
from kit.db import unit_of_work
from kit.money import Money
from notifications import contacts
from servicing import rail_events, suspense
from servicing.models import Loan
from servicing.rails.base import Direction, Outcome, OutcomeStatus, RailEvent
from servicing.treasury import owners
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.test_amendments import amends

AMINAS = "+254700000009"


async def pays(lender: Lender, written: str, amount: Money, *, account: str = "") -> None:
    outcome = Outcome(OutcomeStatus.SETTLED, amount)
    event = RailEvent(
        "wallet", f"E{written}", Direction.INCOMING, written, "W2", amount, outcome, account=account
    )
    async with unit_of_work(lender.sessions) as session:
        await rail_events.apply(session, event, on=lender.on, zone=ZONE, now=lender.now)


async def proposed(lender: Lender) -> list[tuple[str, set[str]]]:
    async with lender.sessions() as session:
        (item,) = await suspense.list_open(session)
        found = await owners.propose(session, item, on=lender.on)
    return [(owner.loan.reference, set(owner.why)) for owner in found]


async def has_phone(lender: Lender, loan: Loan) -> None:
    async with unit_of_work(lender.sessions) as session:
        await contacts.register(
            session, person_id=loan.borrower_id, telegram_chat_id=None, locale="en", timezone=ZONE,
            now=lender.now,
        )  # fmt: skip
        await contacts.set_phone(
            session, vault_of(session), person_id=loan.borrower_id, phone_e164=AMINAS,
            now=lender.now,
        )  # fmt: skip


def slip(reference: str) -> str:
    """One sign read as a nought, which no reference has."""
    return f"{reference[:4]}0{reference[5:]}"


class TestPropose:
    async def test_a_loan_whose_reference_is_one_slip_away(self, lender: Lender) -> None:
        loan, _ = await lender.lends(), await lender.lends()

        await pays(lender, slip(loan.reference), kes(500))

        assert await proposed(lender) == [(loan.reference, {"reference_is_near"})]
        assert "borrower_credit" not in await lender.books(loan)
        await lender.verifies()

    async def test_a_loan_that_was_written_off(self, lender: Lender) -> None:
        loan = await lender.lends()
        await amends(lender, loan, {"type": "write_off"})

        await pays(lender, slip(loan.reference), kes(500))

        assert await proposed(lender) == [(loan.reference, {"reference_is_near"})]

    async def test_both_where_two_are_named(self, lender: Lender) -> None:
        one, two = await lender.lends(), await lender.lends()

        await pays(lender, f"{one.reference} {two.reference}", kes(500))

        assert {reference for reference, _ in await proposed(lender)} == {
            one.reference,
            two.reference,
        }

    @pytest.mark.parametrize("account", [AMINAS, AMINAS.removeprefix("+")])
    async def test_the_loan_of_the_phone_that_paid(self, lender: Lender, account: str) -> None:
        loan, _ = await lender.lends(), await lender.lends()
        await has_phone(lender, loan)

        await pays(lender, "for my loan", kes(500), account=account)

        assert await proposed(lender) == [(loan.reference, {"phone_of_borrower"})]

    async def test_with_more_reasons_first(self, lender: Lender) -> None:
        loan, other = await lender.lends(), await lender.lends()
        await has_phone(lender, loan)
        payoff = await lender.payoff(loan)

        await pays(lender, slip(other.reference), payoff, account=AMINAS)

        assert await proposed(lender) == [
            (loan.reference, {"phone_of_borrower", "amount_is_payoff"}),
            (other.reference, {"reference_is_near", "amount_is_payoff"}),
        ] or [why for _, why in await proposed(lender)] == [
            {"reference_is_near", "amount_is_payoff"},
            {"phone_of_borrower", "amount_is_payoff"},
        ]

    async def test_nobody_by_a_masked_phone_or_by_words(self, lender: Lender) -> None:
        loan = await lender.lends()
        await has_phone(lender, loan)

        await pays(lender, "rent", kes(500), account="2547****0009")

        assert await proposed(lender) == []

    async def test_the_one_that_owes_just_that_about_now(self, lender: Lender) -> None:
        loan = await lender.lends()
        first, *_ = await lender.schedule(loan)
        await lender.closes_days_until(first.due_on)

        await pays(lender, "rent", Money(first.whole_minor, "KES"))

        assert await proposed(lender) == [
            (loan.reference, {"amount_is_installment", "amount_is_due"})
        ]

    async def test_nobody_where_many_owe_the_same(self, lender: Lender) -> None:
        loans = [await lender.lends() for _ in range(4)]
        first, *_ = await lender.schedule(loans[0])
        lender.on = first.due_on

        await pays(lender, "rent", Money(first.whole_minor, "KES"))

        assert await proposed(lender) == []

    async def test_the_borrowers_next_loan(self, lender: Lender) -> None:
        over, running = await lender.lends(), await lender.lends()
        async with unit_of_work(lender.sessions) as session:
            (await session.get_one(Loan, running.id)).borrower_id = over.borrower_id
        await lender.receives(over, await lender.payoff(over))

        await pays(lender, over.reference, kes(7))

        assert await proposed(lender) == [(running.reference, {"same_borrower"})]


def test_references_have_no_nought() -> None:
    assert "0" not in ids.ALPHABET
