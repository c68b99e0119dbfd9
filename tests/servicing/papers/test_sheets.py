"""Statement and receipt, read from the finished PDF of a loan that was lived through."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from kit.db import Sessions, unit_of_work
from servicing.ledger.rules import EntryKind
from servicing.models import Loan, Repayment
from servicing.papers import receipt, statement
from servicing.papers.receipt import Receipt
from servicing.papers.words import LOCALES, Words
from servicing.repayments import RepaymentNotFound
from tests.servicing.lending import START, Lender, kes
from tests.servicing.papers import looking

ISSUER = "Kopa Lending"


@pytest.fixture
def lender(sessions: Sessions, now: datetime) -> Lender:
    return Lender(sessions, now)


async def printed(lender: Lender, loan: Loan, locale: str = "en") -> bytes:
    async with lender.sessions() as session:
        account = await statement.account_of(session, await lender.sees(loan), on=lender.on)
    return statement.pdf(account, locale, issuer=ISSUER, now=lender.now)


class TestAStatement:
    async def test_tells_where_the_loan_stands(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(START + timedelta(days=30))
        due, payoff = await lender.owed(loan), await lender.payoff(loan)
        said = looking.words(await printed(lender, loan))

        assert f"Loan {loan.reference} · 20 Dec 2026 · amounts in KES" in said
        assert "Paid out on 20 Nov 2026" in said
        assert f"To pay now {Words('en').number(due.total.minor, 'KES')}" in said
        assert f"To pay everything on 20 Dec 2026 {Words('en').number(payoff.minor, 'KES')}" in said

    async def test_folds_days_of_interest_into_one_line(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 21))
        await lender.receives(loan, kes(5000))
        said = looking.words(await printed(lender, loan))

        assert said.count("Interest and fees") == 1
        assert "Interest and fees since" in said
        assert "Your payment 5,000.00" in said

    async def test_lists_what_is_to_come(self, lender: Lender) -> None:
        loan = await lender.lends()
        rows = await lender.schedule(loan)
        said = looking.words(await printed(lender, loan, "es"))

        assert "Lo que falta" in said
        for row in rows:
            amount = Words("es").number(row.unpaid_minor, "KES")
            assert f"{Words('es').day(row.due_on)} " in said
            assert amount in said

    async def test_of_a_loan_that_is_over_says_so(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.receives(loan, await lender.payoff(loan))
        said = looking.words(await printed(lender, loan))

        assert "Repaid on 20 Nov 2026" in said
        assert "still to come" not in said

    async def test_before_the_money_came_has_no_movement(self, lender: Lender) -> None:
        loan = await lender.opens()

        assert "Nothing has happened yet" in looking.words(await printed(lender, loan))

    async def test_repeats_its_titles_on_every_page(self, lender: Lender) -> None:
        loan = await lender.lends(installments=60)
        pages = looking.pages(await printed(lender, loan))

        assert len(pages) > 2
        assert all("To pay" in page for page in pages[1:])
        assert [f"· {n}/{len(pages)}" in page for n, page in enumerate(pages, 1)] == [True] * len(
            pages
        )

    async def test_is_the_same_bytes_at_the_same_moment(self, lender: Lender) -> None:
        loan = await lender.lends()

        assert await printed(lender, loan) == await printed(lender, loan)


async def receipt_of(lender: Lender, loan: Loan, repayment: Repayment) -> Receipt:
    async with unit_of_work(lender.sessions) as session:
        return await receipt.receipt_of(session, loan, repayment.id, now=lender.now)


class TestAReceipt:
    async def test_says_what_the_money_paid(self, lender: Lender) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(date(2026, 12, 20))
        due = await lender.owed(loan)
        paid = await lender.receives(loan, due.total + kes(7))
        found = await receipt_of(lender, loan, paid)
        said = looking.words(receipt.pdf(found, "en", issuer=ISSUER))

        words = Words("en")
        assert f"We received {words.money(due.total + kes(7))}" in said
        assert f"Principal {words.money(due.principal)}" in said
        assert f"Interest {words.money(due.interest)}" in said
        assert "Paid ahead KES 7" in said
        assert "Late fees" not in said
        assert found.number in said

    async def test_that_was_taken_back_does_not_thank(self, lender: Lender) -> None:
        loan = await lender.lends()
        paid = await lender.receives(loan, kes(100))
        paid.reversed_on = date(2026, 12, 1)
        said = looking.words(receipt.pdf(Receipt(loan.reference, paid), "es", issuer=ISSUER))

        assert "se devolvió el 1 dic 2026" in said
        assert "Gracias" not in said

    async def test_of_another_loan_is_not_found(self, lender: Lender) -> None:
        loan = await lender.lends()
        paid = await lender.receives(loan, kes(100))
        for other, wanted in ((await lender.lends(), paid.id), (loan, uuid4())):
            async with lender.sessions() as session:
                with pytest.raises(RepaymentNotFound):
                    await receipt.receipt_of(session, other, wanted, now=lender.now)


class TestTheWords:
    @pytest.mark.parametrize("locale", LOCALES)
    def test_name_every_kind_of_movement(self, locale: str) -> None:
        words = Words(locale)
        of_no_loan = (EntryKind.FUNDING, EntryKind.DIFFERENCE)
        said = [words.kind(kind) for kind in EntryKind if kind not in of_no_loan]

        assert words("kind-other") not in said

    def test_are_english_for_a_language_that_we_lack(self) -> None:
        assert Words("xx-YY").locale == "en"
        assert Words("es-MX").locale == "es"
