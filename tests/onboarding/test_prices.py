"""The band of a product's rates, and what the real APR engine and the law leave of it."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from kit.money import Money
from onboarding import calculator, prices
from onboarding.products import Body, LoanProduct
from scoring import policy
from scoring.policy import PolicyRefused
from servicing.jurisdictions.caps import CapPassed
from tests.scoring.test_credit_policy import edited

ON = date(2026, 11, 22)
CHINA: dict[str, Any] = {
    "code": "small",
    "jurisdiction": "CN/bank",
    "currency": "CNY",
    "amount": {"min": "1000", "max": "50000", "step": "100", "default": "10000"},
    "terms": {
        "6m": {"installments": 6, "frequency": "month"},
        "12m": {"installments": 12, "frequency": "month"},
    },
    "default_term": "6m",
    "loan": {
        "method": "declining", "annual_rate_percent": "14",
        "fees": [{"code": "processing", "percent": "1", "when": "deducted", "to": "lender"}],
    },
    "rules": {},
    "offer_valid_days": 3,
    "price_band": {"from_percent": "12", "to_percent": "36"},
}  # fmt: skip


def product(**change: Any) -> LoanProduct:
    return LoanProduct(1, Body.model_validate({**CHINA, **change}))


def yuan(major: int) -> Money:
    return Money(major * 100, "CNY")


class TestLawful:
    def test_is_the_last_rate_whose_apr_is_within_the_cap(self) -> None:
        most = prices.lawful_bps(product(), yuan(10_000), "6m", ON)

        facts = calculator.quote(product().at(most), yuan(10_000), "6m", ON)
        assert Fraction("23.9") < facts.apr_percent <= 24
        with pytest.raises(CapPassed):
            calculator.quote(product().at(most + 1), yuan(10_000), "6m", ON)

    def test_holds_for_whatever_may_be_taken_of_the_offer(self) -> None:
        """A fixed fee weighs most on the least amount, which the borrower may choose."""
        fee = [{"code": "processing", "amount": "20", "when": "deducted", "to": "lender"}]
        dear = product(loan={**CHINA["loan"], "fees": fee})
        most = prices.lawful_bps(dear, yuan(10_000), "6m", ON)

        assert most < prices.lawful_bps(product(), yuan(10_000), "6m", ON)
        for amount in (1_000, 5_000, 10_000):
            for term in ("6m", "12m"):
                assert calculator.quote(dear.at(most), yuan(amount), term, ON).apr_percent <= 24

    def test_is_the_whole_band_where_no_number_caps_the_price(self) -> None:
        kenya = product(jurisdiction="KE", currency="KES")

        assert prices.lawful_bps(kenya, Money(1_000_000, "KES"), "6m", ON) == 3_600

    def test_is_what_the_price_list_calls_the_dearest(self) -> None:
        cheapest, dearest = prices.ends(product(), yuan(10_000), "6m", ON)

        assert cheapest.annual_rate_percent == 12
        assert cheapest.total_payable < dearest.total_payable
        assert dearest.apr_percent <= 24


class TestOption:
    def test_says_what_each_end_would_come_to(self) -> None:
        option = prices.option_of(product(), yuan(10_000), "6m", ON)
        rates = option.rates

        assert rates is not None
        assert (rates.least_bps, rates.most_bps) == (1_200, 3_600)
        assert rates.least_installment_minor < option.installment_minor
        assert option.installment_minor < rates.most_installment_minor
        assert rates.charged_on_bps == rates.exposure_bps
        assert 5_800 < rates.exposure_bps < 6_200  # Of level payments about seven twelfths.

    @pytest.mark.parametrize(("own", "bps"), [("30", 3_000), ("10.556", 1_056), (None, 1_400)])
    def test_of_one_price_has_the_rate_of_its_term(self, own: str | None, bps: int) -> None:
        rate = {} if own is None else {"annual_rate_percent": own}
        terms = {"6m": {**CHINA["terms"]["6m"], "loan": rate}}
        plain = {key: value for key, value in CHINA.items() if key != "price_band"}
        one = LoanProduct(1, Body.model_validate({**plain, "terms": terms}))
        rates = prices.option_of(one, yuan(10_000), "6m", ON).rates

        assert rates is not None
        assert (rates.least_bps, rates.most_bps, rates.lawful_bps) == (bps, bps, bps)

    def test_flat_interest_is_charged_on_the_whole_amount(self) -> None:
        flat = product(loan={"method": "flat", "annual_rate_percent": "14"})
        rates = prices.option_of(flat, yuan(10_000), "6m", ON).rates

        assert rates is not None
        assert (rates.charged_on_bps, rates.exposure_bps < 6_200) == (10_000, True)


class TestBand:
    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"price_band": {"from_percent": "20", "to_percent": "12"}}, "begins below"),
            ({"price_band": {"from_percent": "15", "to_percent": "36"}}, "must lie in"),
            ({"price_band": {"from_percent": "12.345", "to_percent": "36"}}, "two decimals"),
            ({"price_band": {"from_percent": "12"}}, "to_percent"),
            (
                {"terms": {"6m": {**CHINA["terms"]["6m"], "loan": {"annual_rate_percent": "9"}}}},
                "no rate of its own",
            ),
        ],
    )
    def test_is_refused_where_it_contradicts_the_product(
        self, change: dict[str, Any], says: str
    ) -> None:
        with pytest.raises(ValidationError, match=says):
            product(**change)

    def test_leaves_the_body_of_other_products_as_it_was(self) -> None:
        plain = {key: value for key, value in CHINA.items() if key != "price_band"}

        assert "price_band" not in Body.model_validate(plain).model_dump(mode="json")


def test_a_policy_that_no_rate_of_the_band_can_pay_for_is_refused() -> None:
    dear = policy.parse(edited(lambda d: d["pricing"].update(operating_cost_bps=2_500)))
    override = {"when": {"product": ["small"]}, "pricing": {
        "cost_of_funds_bps": 1_000, "operating_cost_bps": 100, "margin_bps": 0, "lgd_bps": 4_500,
    }}  # fmt: skip

    prices.check(policy.load(), [product()])
    with pytest.raises(PolicyRefused, match=r"never approve small.*37 %.*36 %"):
        prices.check(dear, [product()])
    prices.check(
        policy.parse(
            edited(
                lambda d: (
                    d["pricing"].update(operating_cost_bps=2_500), d.update(overrides=[override])
                )
            )
        ),
        [product()],
    )  # fmt: skip


def test_flat_interest_on_one_installment_pays_for_all_that_is_out() -> None:
    flat = {"method": "flat", "annual_rate_percent": "14"}
    once = {"30d": {"installments": 1, "frequency": "day", "every": 30}}
    dear = policy.parse(edited(lambda d: d["pricing"].update(operating_cost_bps=2_500)))

    prices.check(dear, [product(loan=flat)])
    with pytest.raises(PolicyRefused, match=r"never approve small.*37 %.*36 %"):
        prices.check(dear, [product(loan=flat, terms=once, default_term="30d")])
