"""The product file: nothing in it can be priced above the law of its place."""

from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.ext.asyncio import AsyncSession

from kit.config import Settings
from onboarding import calculator, catalog, products
from onboarding.products import Body, LoanProduct
from servicing import quotes
from servicing.fields import InvalidTerms
from servicing.jurisdictions.caps import CapPassed

FILE = Settings(_env_file=None).products_file
ON = date(2026, 11, 22)
SMALL: dict[str, Any] = {
    "code": "small",
    "jurisdiction": "PH",
    "currency": "PHP",
    "amount": {"min": "2000", "max": "30000", "step": "500", "default": "5000"},
    "terms": {"3m": {"installments": 3, "frequency": "month"}},
    "default_term": "3m",
    "loan": {"method": "declining", "annual_rate_percent": "60"},
    "rules": {"late_fee_percent": "4", "late_fee_after_days": 3},
    "offer_valid_days": 3,
}


def product(**change: Any) -> LoanProduct:
    return LoanProduct(1, Body.model_validate({**SMALL, **change}))


def loan(**change: Any) -> dict[str, Any]:
    return {**SMALL["loan"], **change}


class TestCheck:
    def test_the_stock_products_keep_to_the_law_of_their_place(self) -> None:
        for body in catalog.read(FILE):
            assert body["jurisdiction"]
            catalog.check(LoanProduct(1, Body.model_validate(body)), ON)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"loan": loan(annual_rate_percent="84")}, "small.annual_rate_percent"),
            ({"rules": {"late_fee_percent": "6"}}, "small.rules.late_fee_percent"),
        ],
    )
    def test_a_product_above_a_cap_is_refused(self, change: dict[str, Any], field: str) -> None:
        catalog.check(product(), ON)
        with pytest.raises(CapPassed) as refused:
            catalog.check(product(**change), ON)
        assert refused.value.params["field"] == field
        assert refused.value.params["source"] == "SEC Memorandum Circular 14 of 2025"

    def test_a_fixed_fee_is_looked_at_where_it_weighs_most(self) -> None:
        fees = [{"code": "processing", "amount": "400", "when": "deducted"}]
        dear = product(loan=loan(fees=fees))
        with pytest.raises(CapPassed, match=r"small\.fees"):
            catalog.check(dear, ON)
        assert calculator.quote(dear, dear.bound("default"), "3m", ON)

    def test_the_edge_of_a_cap_is_looked_at(self) -> None:
        dear = loan(annual_rate_percent="84")
        above = {**SMALL["amount"], "min": "10500", "default": "20000"}
        catalog.check(product(loan=dear, amount=above), ON)
        with pytest.raises(CapPassed):
            catalog.check(product(loan=dear, amount={**above, "min": "10000"}), ON)

    def test_a_product_names_its_place(self) -> None:
        with pytest.raises(InvalidTerms, match=r"small\.jurisdiction is missing"):
            catalog.check(product(jurisdiction=None), ON)
        with pytest.raises(InvalidTerms, match="jurisdiction must be one of"):
            catalog.check(product(jurisdiction="XX"), ON)


@pytest.mark.parametrize(
    ("place", "currency", "convention"),
    [("IN", "INR", "in"), ("GB", "GBP", "uk"), ("KE", "KES", "eu"), (None, "KES", "eu")],
)
def test_borrowers_see_the_yearly_cost_as_their_law_says(
    place: str | None, currency: str, convention: str
) -> None:
    priced = product(jurisdiction=place, currency=currency)
    facts = calculator.quote(priced, priced.bound("default"), "3m", ON)
    agreed = calculator.terms_of(priced, priced.bound("default"), "3m", ON)
    assert facts.apr_percent == Fraction(quotes.quote(agreed).apr[convention])


class TestLoad:
    async def test_nothing_is_stored_of_a_product_above_a_cap(
        self, session: AsyncSession, tmp_path: Path
    ) -> None:
        file = tmp_path / "products.yaml"
        file.write_text(
            yaml.safe_dump({"products": [{**SMALL, "loan": loan(annual_rate_percent="84")}]})
        )
        with pytest.raises(CapPassed):
            await catalog.load(session, file, now=datetime(2026, 11, 22, tzinfo=UTC))
        assert "small" not in [each.code for each in await products.active(session)]

    async def test_a_product_that_keeps_to_the_law_is_stored_once(
        self, session: AsyncSession, tmp_path: Path
    ) -> None:
        file = tmp_path / "products.yaml"
        file.write_text(yaml.safe_dump({"products": [SMALL]}))
        for day in (22, 23):
            await catalog.load(session, file, now=datetime(2026, 11, day, tzinfo=UTC))
        stored = await products.get(session, "small")
        assert (stored.version, stored.body.jurisdiction) == (1, "PH")


def test_a_price_is_refused_when_the_law_has_changed_since() -> None:
    fees = [{"code": "processing", "percent": "14", "when": "deducted"}]
    dear = product(loan=loan(fees=fees))
    catalog.check(dear, date(2026, 3, 31))
    with pytest.raises(CapPassed):
        calculator.quote(dear, dear.bound("default"), "3m", date(2026, 4, 1))
