"""What being late costs, in the words that a borrower sees before signing."""

from datetime import date
from typing import Any

import pytest

from bot import text
from bot.screens import prices
from bot.text import Words
from kit.money import Money
from onboarding import calculator
from onboarding.calculator import KeyFacts
from onboarding.products import Body, LoanProduct

ON = date(2026, 11, 20)


def facts(**rules: Any) -> KeyFacts:
    """10,000 KES of a product with these rules."""
    body = Body.model_validate(
        {
            "code": "late",
            "currency": "KES",
            "amount": {"min": "1000", "max": "20000", "step": "1000", "default": "10000"},
            "default_term": "m3",
            "offer_valid_days": 3,
            "terms": {"m3": {"installments": 3, "frequency": "month"}},
            "loan": {"annual_rate_percent": "24", "method": "declining"},
            "rules": rules,
        }
    )
    return calculator.quote(LoanProduct(1, body), Money(1_000_000, "KES"), "m3", ON)


def said(locale: str = "en", **penalty: Any) -> str:
    return prices.late(facts(penalty=penalty), Words(text.load(), locale)) or ""


class TestLate:
    @pytest.mark.parametrize(
        ("penalty", "sentence"),
        [
            ({"kind": "flat", "amount": "5"}, "KES 5 is added once for each payment."),
            (
                {"kind": "percent", "percent": "4", "every": "month", "grace_days": 3},
                "4 % of the late amount is added every month, when you are more than 3 days late.",
            ),
            (
                {"kind": "percent", "percent": "4", "amount": "10", "grace_days": 1},
                "4 % of the late amount and KES 10 are added once for each payment, "
                "when you are more than 1 day late.",
            ),
            (
                {"kind": "daily", "percent": "36.5", "cap": "50"},
                "interest of 36.5 % a year on the late amount is added for every day.",
            ),
        ],
    )
    def test_says_what_and_when(self, penalty: dict[str, Any], sentence: str) -> None:
        assert sentence in said(**penalty).replace("\u00a0", " ")

    def test_says_the_most_it_can_be(self) -> None:
        most = said(kind="daily", percent="25", cap="50", cap_percent_of_principal="10")
        assert "not more than KES 50 for one payment" in most.replace("\u00a0", " ")
        assert "not more than KES 1,000 in all" in most.replace("\u00a0", " ")

    def test_speaks_spanish(self) -> None:
        assert "cada semana" in said("es", kind="flat", amount="5", every="week")

    def test_is_silent_when_it_costs_nothing(self) -> None:
        assert prices.late(facts(), Words(text.load(), "en")) is None


class TestKeyFacts:
    def test_the_signed_facts_hold_the_penalty(self) -> None:
        assert facts(penalty={"kind": "flat", "amount": "5"}).to_json()["penalty"] == {
            "kind": "flat",
            "amount": "5",
        }
        assert "penalty" not in facts().to_json()
