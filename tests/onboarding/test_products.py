"""Products as data: what contradicts itself is refused, and answers are read by their kind."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kit.errors import DomainError
from kit.money import Money
from onboarding import calculator, catalog, prices, questions
from onboarding.products import Body, LoanProduct, TermHasPassed, TermNotOffered
from onboarding.questions import Asking, Question, QuestionKind
from servicing.fields import InvalidTerms
from tests.onboarding.people import SETTINGS

ON = date(2026, 11, 20)
ASKING = Asking("KES", "KE", ON)
BODIES = {body["code"]: body for body in catalog.read(SETTINGS.products_file)}
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "products.md"


def product(code: str, **changed: Any) -> LoanProduct:
    return LoanProduct(1, Body.model_validate({**BODIES[code], **changed}))


class TestDefinitions:
    def test_of_all_uses_are_there(self) -> None:
        assert set(BODIES) >= {"personal", "business", "online", "invoice", "purchase", "rural"}

    def test_come_back_from_the_database_as_they_went(self) -> None:
        for body in BODIES.values():
            assert Body.model_validate(body).model_dump(mode="json") == body

    @pytest.mark.parametrize(
        ("code", "wrong"),
        [
            ("personal", {"default_term": "5y"}),
            ("personal", {"until": "harvest_month"}),
            ("personal", {"payout": "merchant"}),
            ("personal", {"advance": {"of": "invoice_amount", "percent": 80}}),
            ("personal", {"questions": [{"code": "x", "kind": "text"}]}),
            ("personal", {"questions": [{"code": "crop", "kind": "choice"}]}),
            ("personal", {"questions": [{"code": "sum", "kind": "amount", "choices": ["a"]}]}),
            (
                "personal",
                {"questions": [{"code": "n_a", "kind": "number", "min": "9", "max": "1"}]},
            ),
            ("personal", {"colour": "blue"}),
            ("invoice", {"advance": {"of": "invoice_amount", "percent": 10}}),
            ("purchase", {"payout": "borrower"}),
        ],
    )
    def test_that_contradict_themselves_are_refused(self, code: str, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            product(code, **wrong)

    def test_that_ask_what_everybody_is_asked_are_refused(self) -> None:
        twice = product("online", questions=[{"code": "income", "kind": "amount"}])

        with pytest.raises(InvalidTerms, match="questions"):
            catalog.check(twice, ON)

    def test_are_written_down_key_by_key(self) -> None:
        page = DOCUMENT.read_text()

        assert [key for key in Body.model_fields if f"`{key}`" not in page] == []
        assert [kind for kind in QuestionKind if f"| `{kind}` |" not in page] == []
        assert [code for code in BODIES if f"| `{code}` |" not in page] == []


class TestTerms:
    def test_until_an_invoice_is_paid_end_on_its_day(self) -> None:
        invoice = product("invoice")
        code = invoice.term_until("once", "2027-01-20")
        terms = calculator.terms_of(invoice, Money(8_000_000, "KES"), code, ON)

        assert terms.due_dates == (date(2027, 1, 20),)
        assert invoice.term(code).starting(ON).days == 61

    @pytest.mark.parametrize(
        ("answered", "months"), [("2026-11", 1), ("2026-12", 2), ("2027-07", 9), ("2027-10", 12)]
    )
    def test_until_a_harvest_end_in_the_month_after_it(self, answered: str, months: int) -> None:
        rural = product("rural")
        option = rural.term(rural.term_until("month", answered)).starting(ON)

        assert (option.installments, option.rhythm) == (months, "once" if months == 1 else "month")

    def test_of_a_day_that_has_come_are_refused(self) -> None:
        invoice = product("invoice")
        code = invoice.term_until("once", "2026-11-20")

        with pytest.raises(TermHasPassed):
            invoice.check_term(code, ON)
        assert invoice.term(code).starting(ON).days == 1

    @pytest.mark.parametrize("code", ["o20270231", "x20270120", "o2027012", "9y", ""])
    def test_that_nobody_gave_are_not_offered(self, code: str) -> None:
        with pytest.raises(TermNotOffered):
            product("invoice").term(code)

    def test_of_other_products_have_no_day(self) -> None:
        with pytest.raises(TermNotOffered):
            product("personal").term("m20270120")

    def test_come_in_rhythms(self) -> None:
        assert product("business").rhythms == ["month", "week"]
        assert product("rural").rhythms == ["once", "month"]
        assert list(product("business").terms_in("week")) == ["13w", "26w", "52w"]

    def test_with_a_down_payment_say_so_and_count_it_out_of_the_usual_installment(self) -> None:
        purchase, price = product("purchase"), Money(2_000_000, "KES")
        facts = calculator.quote(purchase, price, "6m", ON)

        assert facts.down_payment == Money(400_000, "KES")
        assert facts.rows[0].due_on == ON
        assert prices.option_of(purchase, price, "6m", ON).installment_minor < 400_000

    def test_of_a_harvest_count_as_evenly_earned(self) -> None:
        rural, amount = product("rural"), Money(4_000_000, "KES")
        usual = prices.option_of(rural, amount, "h6", ON).installment_minor

        assert usual * 6 >= calculator.quote(rural, amount, "h6", ON).total_payable.minor
        assert usual < amount.minor // 5


class TestMoneyOnTop:
    @pytest.mark.parametrize(
        ("code", "most"),
        [("personal", "200000.00"), ("business", "99999.99"), ("purchase", "0.00"),
         ("invoice", "0.00"), ("group", "0.00")],
    )  # fmt: skip
    def test_needs_nobody_elses_word(self, code: str, most: str) -> None:
        assert product(code).most_on_top.major == most

    def test_is_kept_by_the_loan_with_the_place(self) -> None:
        personal = product("personal")
        agreed = calculator.terms_of(personal, Money(3_000_000, "KES"), "6m", ON)
        rules = calculator.rules_of(personal, agreed)

        assert (rules.amount_max_minor, rules.jurisdiction) == (20_000_000, "KE")


class TestEligibility:
    def test_is_open_until_something_is_known(self) -> None:
        rural = product("rural")

        assert rural.is_for(None, None)
        assert rural.is_for("farmer", None)
        assert not rural.is_for("salaried", None)

    def test_looks_at_the_income_where_the_product_does(self) -> None:
        assert not product("online").is_for("salaried", 499_999)
        assert product("online").is_for("salaried", 500_000)


def read(kind: str, text: str, **more: Any) -> str:
    question = Question.model_validate({"code": "asked", "kind": kind, **more})
    return questions.read(question, text, ASKING)


class TestAnswers:
    @pytest.mark.parametrize(
        ("kind", "typed", "kept", "more"),
        [
            ("amount", "120,000", "120000.00", {}),
            ("amount", "1.5k", "1500.00", {"min": "1000", "max": "2000"}),
            ("number", "2,5", "2.5", {}),
            ("number", "040", "40", {}),
            ("number", "2.50", "2.5", {}),
            ("text", "  INV-2026/118\n", "INV-2026/118", {}),
            ("choice", "Maize", "maize", {"choices": ["maize", "beans"]}),
            ("date", "20.01.2027", "2027-01-20", {}),
            ("month", "7", "2027-07", {}),
            ("month", "11", "2026-11", {}),
            ("month", "12", "2026-12", {}),
            ("merchant", "ke042", "KE042", {}),
            ("phone", "0712 000 072", "+254712000072", {}),
        ],
    )
    def test_are_kept_in_one_form(
        self, kind: str, typed: str, kept: str, more: dict[str, Any]
    ) -> None:
        assert read(kind, typed, **more) == kept

    @pytest.mark.parametrize(
        ("kind", "typed", "code", "more"),
        [
            ("amount", "-5", "amount_not_readable", {}),
            ("amount", "999", "answer_out_of_range", {"min": "1000"}),
            ("number", "many", "number_not_readable", {}),
            ("number", "1e9", "number_not_readable", {}),
            ("number", "\u0661\u0662", "number_not_readable", {}),
            ("number", "0", "answer_out_of_range", {"min": "0.1"}),
            ("text", "<b>", "text_not_readable", {}),
            ("text", "\u200b\u200b", "text_not_readable", {}),
            ("choice", "gold", "choice_not_known", {"choices": ["maize"]}),
            ("date", "soon", "date_not_readable", {}),
            ("date", "20.11.2026", "answer_out_of_range", {}),
            ("date", "20.01.2027", "answer_out_of_range", {"max": "30"}),
            ("month", "13", "choice_not_known", {}),
            ("phone", "12", "phone_not_usable", {}),
        ],
    )
    def test_that_do_not_fit_are_refused(
        self, kind: str, typed: str, code: str, more: dict[str, Any]
    ) -> None:
        with pytest.raises(DomainError) as refused:
            read(kind, typed, **more)

        assert refused.value.code == code
