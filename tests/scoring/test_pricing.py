"""The price of a loan: golden tables, and what must hold for everybody."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import affordability, policy, pricing, verdicts
from scoring.policy import Outcome, Pricing
from scoring.pricing import Bound
from scoring.snapshot import Application, Rates, Snapshot
from tests.scoring import cases
from tests.scoring.test_credit_policy import edited

RULES = Pricing(cost_of_funds_bps=1_200, operating_cost_bps=600, margin_bps=500, lgd_bps=4_500)


def at_rates(**changes: Any) -> Rates:
    """From 24 % to 42 %; of six installments about seven twelfths are out on average."""
    usual = Rates(
        least_bps=2_400, most_bps=4_200, lawful_bps=4_200, least_installment_minor=5_360,
        most_installment_minor=5_630, exposure_bps=5_900, charged_on_bps=5_900,
    )  # fmt: skip
    return replace(usual, **changes)


def priced(**changes: Any) -> Application:
    return cases.asking(rates=at_rates(), **changes).application


STRESSED = edited(
    lambda d: d["affordability"].update(stress={"income_falls_bps": 1_000, "costs_rise_bps": 500})
)


class TestDecide:
    @pytest.mark.parametrize(
        ("pd", "days", "rates", "loss", "needed", "rate", "bound", "pays"),
        [
            # 12 % + 6 % + pd x 45 % x 365 / days + 5 %
            (0.00, 180, {}, 0, 2_300, 2_400, Bound.LEAST, True),
            (0.02, 180, {}, 183, 2_483, 2_483, Bound.NONE, True),
            (0.10, 180, {}, 913, 3_213, 3_213, Bound.NONE, True),
            (0.10, 365, {}, 450, 2_750, 2_750, Bound.NONE, True),
            (0.22, 180, {}, 2_008, 4_308, 4_200, Bound.MOST, True),
            (0.30, 180, {}, 2_738, 5_038, 4_200, Bound.MOST, False),
            (0.10, 180, {"lawful_bps": 3_000}, 913, 3_213, 3_000, Bound.LAW, True),
            (0.10, 180, {"lawful_bps": 2_600}, 913, 3_213, 2_600, Bound.LAW, False),
            (0.10, 180, {"lawful_bps": 2_000}, 913, 3_213, 2_400, Bound.LAW, False),
            # Flat interest is charged on all of the amount: 59 % of the rate brings the same.
            (0.30, 180, {"charged_on_bps": 10_000}, 2_738, 2_973, 2_973, Bound.NONE, True),
        ],
    )
    def test_by_risk_inside_the_band_and_the_law(
        self, pd: float, days: int, rates: dict[str, int], loss: int, needed: int, rate: int,
        bound: Bound, pays: bool,
    ) -> None:  # fmt: skip
        asked = cases.asking(term_days=days, rates=at_rates(**rates)).application
        price = pricing.decide(asked, RULES, pd)

        assert price is not None
        assert (price.loss_bps, price.needed_bps, price.annual_rate_bps) == (loss, needed, rate)
        assert (price.bound, price.is_paid_for) == (bound, pays)

    def test_a_product_of_one_price_keeps_it_and_is_not_judged(self) -> None:
        fixed = at_rates(least_bps=3_600, most_bps=3_600, lawful_bps=3_600)
        price = pricing.decide(cases.asking(rates=fixed).application, RULES, 0.9)

        assert price is not None
        assert (price.annual_rate_bps, price.is_paid_for) == (3_600, True)

    def test_expected_loss_is_of_what_is_out_on_average(self) -> None:
        """300.00 x 59 % out x 45 % lost x 10 %: 7.965."""
        assert pricing.expected_loss_minor(priced(), RULES, 0.1) == 797

    def test_nothing_is_priced_in_a_snapshot_of_before(self) -> None:
        assert pricing.decide(cases.AMINA.application, RULES, 0.1) is None


class TestJudge:
    def test_a_loan_that_cannot_pay_for_its_risk_is_declined_with_that_reason(self) -> None:
        rules = policy.parse(edited(lambda d: d["cut_offs"].update(approve_up_to_bps=2_500)))
        lawful = replace(
            cases.AMINA, application=replace(priced(), rates=at_rates(lawful_bps=2_600))
        )

        verdict = verdicts.judge(rules, lawful, 0.1)

        assert (verdict.outcome, verdict.reasons) == (Outcome.DECLINE, ("risk_not_paid_for",))

    def test_or_shown_to_a_person_where_the_policy_says_so(self) -> None:
        rules = policy.parse(edited(lambda d: d["pricing"].update(when_unpaid="refer")))
        lawful = replace(
            cases.AMINA, application=replace(priced(), rates=at_rates(lawful_bps=2_600))
        )

        assert verdicts.judge(rules, lawful, 0.1).outcome is Outcome.REFER

    def test_a_policy_without_prices_leaves_the_products_own(self) -> None:
        rules = policy.parse(edited(lambda d: d.pop("pricing")))
        with_rates = replace(cases.AMINA, application=priced())

        assert verdicts.judge(rules, with_rates, 0.1).price is None

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"debt_service_most_bps": 500}, "repayments_over_household_cap"),
            ({"debt_service_most_bps": 500, "installment_minor": 30_000}, "not_affordable"),
        ],
    )
    def test_the_cap_of_a_household_has_a_reason_of_its_own(
        self, changes: dict[str, Any], reason: str
    ) -> None:
        verdict = verdicts.judge(cases.default_policy(), cases.asking(**changes), 0.05)

        assert (verdict.outcome, verdict.reasons) == (Outcome.DECLINE, (reason,))


FARMERS = {
    "when": {"product": ["rural"]},
    "cut_offs": {"approve_up_to_bps": 500, "refer_up_to_bps": 500},
}
NOBODY = {"approve_up_to_bps": 0, "refer_up_to_bps": 500}
NO_RISE = {"income_falls_bps": 7_000, "costs_rise_bps": 0}


class TestParse:
    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"overrides": [{"when": {"product": ["rural"]}}]}, "product rural says nothing"),
            ({"overrides": [FARMERS, FARMERS]}, "product rural is never reached"),
            ({"overrides": [{**FARMERS, "when": {"age_years": ["30"]}}]}, "kinds of age_years"),
            ({"overrides": [{**FARMERS, "when": {"shoe_size": ["30"]}}]}, "no feature shoe_size"),
            ({"overrides": [{**FARMERS, "when": {}}]}, "overrides.0.when"),
            (
                {"overrides": [{**FARMERS, "cut_offs": NOBODY}]},
                "for product rural, it can never approve",
            ),
            ({"limits": [{"feature": "region_risk", "above": 0.1, "limit_share_bps": 10_000}]},
             "changes nothing"),
            ({"limits": [{"feature": "region_risk", "limit_share_bps": 5_000}]}, "never speaks"),
            ({"pricing": {"lgd_bps": 4_500}}, "pricing.cost_of_funds_bps"),
        ],
    )  # fmt: skip
    def test_refuses_what_contradicts_itself(self, changes: dict[str, Any], says: str) -> None:
        with pytest.raises(policy.PolicyRefused, match=says):
            policy.parse(edited(lambda d: d.update(changes)))

    @pytest.mark.parametrize(
        "changes", [{"stress": NO_RISE}, {"household_cap_bps": 0}, {"living_cost_bps": 10_000}]
    )
    def test_refuses_a_household_that_nobody_has(self, changes: dict[str, Any]) -> None:
        with pytest.raises(policy.PolicyRefused, match="nothing is left for repayments"):
            policy.parse(edited(lambda d: d["affordability"].update(changes)))

    def test_the_first_override_that_fits_holds(self) -> None:
        everybody = {"when": {"employment_type": ["farmer"]}, "pricing": RULES.model_dump()}
        found = policy.parse(edited(lambda d: d.update(overrides=[FARMERS, everybody])))

        assert found.applying_to(cases.asking(product="rural")).cut_offs.approve_up_to_bps == 500
        assert found.applying_to(cases.AMINA) is found
        assert verdicts.judge(found, cases.asking(product="rural"), 0.06).outcome is Outcome.DECLINE
        assert verdicts.judge(found, cases.AMINA, 0.06).outcome is Outcome.APPROVE

    def test_a_policy_of_before_means_what_it_meant(self) -> None:
        """Without any of the parts that came later: same hash, no price, no stress."""
        later = ("stress", "household_cap_bps")
        text = edited(
            lambda d: (
                d.pop("pricing"),
                d.pop("limits"),
                [d["affordability"].pop(key) for key in later],
            )
        )
        found = policy.parse(text)

        assert found.pricing is None
        assert (found.limits, found.overrides, found.affordability.stress) == ((), (), None)


PDS = st.floats(0, 1)
ASKED = st.builds(
    lambda amount, days, least, width, lawful, exposure, charged: cases.asking(
        amount_minor=amount, term_days=days,
        rates=Rates(
            least_bps=least, most_bps=least + width, lawful_bps=least + min(width, lawful),
            least_installment_minor=amount // 6, most_installment_minor=amount // 6 + amount // 20,
            exposure_bps=exposure, charged_on_bps=max(charged, exposure),
        ),
    ),
    amount=st.integers(5, 100).map(lambda n: n * 1_000), days=st.integers(7, 720),
    least=st.integers(0, 4_000), width=st.integers(1, 4_000), lawful=st.integers(0, 8_000),
    exposure=st.integers(1, 10_000), charged=st.integers(1, 10_000),
)  # fmt: skip


class TestEverybody:
    @given(ASKED, PDS, PDS)
    def test_pays_more_for_more_risk_and_never_more_than_allowed(
        self, snapshot: Snapshot, one: float, other: float
    ) -> None:
        asked = snapshot.application
        safe, risky = (pricing.decide(asked, RULES, pd) for pd in sorted([one, other]))

        assert safe is not None
        assert risky is not None
        assert asked.rates is not None
        assert safe.annual_rate_bps <= risky.annual_rate_bps <= asked.rates.lawful_bps
        assert asked.rates.least_bps <= safe.annual_rate_bps
        assert 0 <= safe.expected_loss_minor <= risky.expected_loss_minor <= asked.amount_minor

    @given(ASKED, PDS, PDS)
    def test_gets_no_higher_limit_for_more_risk(
        self, snapshot: Snapshot, one: float, other: float
    ) -> None:
        safe, risky = (
            verdicts.judge(cases.default_policy(), snapshot, pd) for pd in sorted([one, other])
        )
        assert safe.limit_minor >= risky.limit_minor

    @given(ASKED, PDS, st.integers(0, 3_000), st.integers(0, 5_000), st.integers(1, 10_000))
    def test_gets_no_higher_limit_under_stress_or_a_cap(
        self, snapshot: Snapshot, pd: float, fall: int, rise: int, cap: int
    ) -> None:
        usual = cases.default_policy()
        calmest = {"stress": None, "household_cap_bps": None}
        rules = usual.model_copy(
            update={"affordability": usual.affordability.model_copy(update=calmest)}
        )
        stress = policy.Stress(income_falls_bps=fall, costs_rise_bps=rise)
        parts = {"stress": stress, "household_cap_bps": cap}
        harder = rules.model_copy(
            update={"affordability": rules.affordability.model_copy(update=parts)}
        )

        calm, stressed = (verdicts.judge(each, snapshot, pd) for each in (rules, harder))
        assert stressed.limit_minor <= calm.limit_minor

    @given(ASKED, PDS)
    def test_an_approved_price_pays_for_its_risk(self, snapshot: Snapshot, pd: float) -> None:
        verdict = verdicts.judge(cases.default_policy(), snapshot, pd)

        assert verdict.price is not None
        if verdict.outcome is Outcome.APPROVE:
            assert verdict.price.annual_rate_bps >= verdict.price.break_even_bps

    @given(st.integers(0, 12), st.integers(0, 10**7))
    def test_a_larger_household_can_pay_no_more(self, dependents: int, floor: int) -> None:
        rules = cases.default_policy().affordability.model_copy(
            update={"living_cost_floor_per_person_minor": {"USD": floor}}
        )
        smaller, larger = (
            affordability.measure(cases.asking(dependents=n).application, rules).monthly_minor
            for n in (dependents, dependents + 1)
        )
        assert smaller is not None
        assert larger is not None
        assert larger <= smaller
