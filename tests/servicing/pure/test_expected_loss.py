"""Expected credit loss: stages, hand-reckoned losses, and what always holds."""

import dataclasses
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicing import effective_interest, expected_loss, terms
from servicing.expected_loss import Exposure, LossRules, Scenario, Stage

ON = date(2026, 1, 1)
HALF = LossRules(lgd=Fraction(1, 2))
YEAR = 365


def after(days: int) -> date:
    return ON + timedelta(days=days)


def bullet(**changed: Any) -> Exposure:
    """1,000.00 due in one year, of a loan that is as old as today; PD 10 %."""
    plain: dict[str, Any] = {
        "on": ON,
        "days_past_due": 0,
        "opened_on": ON,
        "last_due_on": after(YEAR),
        "pd_ppm": 100_000,
        "pd_now_ppm": None,
        "effective_rate": 0.1,
        "principal_minor": 100_000,
        "accrued_minor": 0,
        "to_come": ((after(YEAR), 100_000),),
    }
    return Exposure(**(plain | changed))


def two_years(**changed: Any) -> Exposure:
    """1,200.00 in two yearly halves; PD 19 % over both, which is 10 % a year."""
    return bullet(
        last_due_on=after(2 * YEAR), pd_ppm=190_000, principal_minor=120_000,
        to_come=((after(YEAR), 60_000), (after(2 * YEAR), 60_000)), **changed,
    )  # fmt: skip


class TestStage:
    @pytest.mark.parametrize(
        ("days", "expected"), [(0, 1), (30, 1), (31, 2), (89, 2), (90, 3), (400, 3)]
    )
    def test_by_days(self, days: int, expected: int) -> None:
        assert expected_loss.stage(HALF, bullet(days_past_due=days)) == expected

    @pytest.mark.parametrize(
        ("now", "expected"),
        [(None, 1), (100_000, 1), (50_000, 1), (270_000, 1), (272_000, 2), (900_000, 2)],
    )
    def test_by_a_threefold_hazard(self, now: int | None, expected: int) -> None:
        """Three times the hazard of 10 % is 1 - 0.9 ** 3 = 27.1 %."""
        assert expected_loss.stage(HALF, bullet(pd_now_ppm=now)) == expected


class TestGolden:
    def test_one_year(self) -> None:
        loss = expected_loss.expected(HALF, bullet())
        assert (loss.stage, loss.twelve_month_minor, loss.lifetime_minor) == (1, 5_000, 5_000)

    def test_two_years(self) -> None:
        """10 % of 1,200, and of the 90 % that are left 10 % of 600, a year later at 10 %."""
        loss = expected_loss.expected(HALF, two_years())
        assert loss.twelve_month_minor == 6_000
        assert loss.lifetime_minor == 8_455  # (120 + 54 / 1.1) / 2 = 84.5454…, rounded up
        assert loss.recognized_minor == 6_000

    def test_stage_two_recognizes_the_whole_life(self) -> None:
        loss = expected_loss.expected(HALF, two_years(days_past_due=31))
        assert (loss.stage, loss.recognized_minor) == (2, 8_455)

    def test_stage_two_does_not_shrink_with_the_time_left(self) -> None:
        """Half a year before the end the PD of the whole loan still counts in stage 2."""
        old = bullet(
            opened_on=after(-YEAR), last_due_on=after(182), to_come=((after(182), 100_000),)
        )
        first = expected_loss.expected(HALF, old)
        second = expected_loss.expected(HALF, dataclasses.replace(old, days_past_due=40))
        assert first.recognized_minor == 1_723  # 1 - 0.9 ** (182 / 547) = 3.4447…%
        assert second.recognized_minor == 5_000

    def test_in_default_all_that_is_lost_given_default(self) -> None:
        loss = expected_loss.expected(HALF, bullet(days_past_due=90, accrued_minor=2_001))
        assert (loss.stage, loss.recognized_minor) == (3, 51_001)

    def test_scenarios_are_weighted(self) -> None:
        rules = LossRules(
            lgd=Fraction(1, 2),
            scenarios=(
                Scenario("base", Fraction(3, 4), Fraction(1)),
                Scenario("bad", Fraction(1, 4), Fraction(2)),
            ),
        )
        # A double hazard makes 10 % into 19 %: (0.75 * 100 + 0.25 * 190) / 2 = 61.25.
        assert expected_loss.expected(rules, bullet()).lifetime_minor == 6_125

    def test_a_loan_without_a_pd_has_the_assumed_one(self) -> None:
        rules = LossRules(lgd=Fraction(1, 2), assumed_pd=Fraction(1, 10))
        assert expected_loss.expected(rules, bullet(pd_ppm=None)).lifetime_minor == 5_000

    def test_what_is_overdue_after_the_last_day_can_still_be_lost(self) -> None:
        over = bullet(
            opened_on=after(-YEAR - 20), last_due_on=after(-20), days_past_due=20, to_come=()
        )
        assert 0 < expected_loss.expected(HALF, over).recognized_minor < 5_000


@st.composite
def exposures(draw: st.DrawFn) -> Exposure:
    parts = draw(st.lists(st.tuples(st.integers(1, 1_500), st.integers(0, 10**7)), max_size=6))
    overdue = draw(st.integers(0, 10**7))
    last = max((days for days, _ in parts), default=draw(st.integers(-200, 0)))
    return Exposure(
        on=ON,
        days_past_due=draw(st.integers(0, 120)),
        opened_on=after(-draw(st.integers(0, 1_000))),
        last_due_on=after(last),
        pd_ppm=draw(st.one_of(st.none(), st.integers(0, 1_000_000))),
        pd_now_ppm=draw(st.one_of(st.none(), st.integers(0, 1_000_000))),
        effective_rate=draw(st.floats(0, 10)),
        principal_minor=overdue + sum(amount for _, amount in parts),
        accrued_minor=draw(st.integers(0, 10**6)),
        to_come=tuple((after(days), amount) for days, amount in parts),
    )


RULES = st.builds(
    LossRules,
    lgd=st.fractions(0, 1),
    assumed_pd=st.fractions(0, 1),
    scenarios=st.just(
        (
            Scenario("base", Fraction(1, 2), Fraction(1)),
            Scenario("bad", Fraction(1, 2), Fraction(3, 2)),
        )
    ),
)


class TestAlways:
    @settings(deadline=None)
    @given(RULES, exposures())
    def test_between_nothing_and_everything(self, rules: LossRules, exposure: Exposure) -> None:
        loss = expected_loss.expected(rules, exposure)
        assert 0 <= loss.twelve_month_minor <= loss.lifetime_minor <= exposure.at_default_minor

    @settings(deadline=None)
    @given(RULES, exposures())
    def test_a_day_more_past_due_is_never_a_smaller_loss(
        self, rules: LossRules, exposure: Exposure
    ) -> None:
        worse = dataclasses.replace(exposure, days_past_due=exposure.days_past_due + 1)
        today, later = (expected_loss.expected(rules, each) for each in (exposure, worse))
        assert today.stage <= later.stage
        assert today.recognized_minor <= later.recognized_minor

    @settings(deadline=None)
    @given(RULES, exposures(), st.integers(0, 1_000_000))
    def test_a_riskier_borrower_is_never_a_smaller_loss(
        self, rules: LossRules, exposure: Exposure, pd: int
    ) -> None:
        low, high = sorted((pd, exposure.pd_ppm or 0))
        safe, risky = (
            expected_loss.expected(
                rules, dataclasses.replace(exposure, pd_ppm=each, pd_now_ppm=None)
            )
            for each in (low, high)
        )
        assert safe.recognized_minor <= risky.recognized_minor

    def test_stages_are_in_order(self) -> None:
        assert list(Stage) == sorted(Stage)


class TestEffectiveInterest:
    TERMS = {
        "principal": "1000",
        "currency": "USD",
        "annual_rate_percent": "0",
        "method": "bullet",
        "installments": 1,
        "disbursed_on": "2026-01-01",
        "due_dates": ["2027-01-01"],
    }

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({}, 0.0),
            ({"annual_rate_percent": "20", "day_count": "actual/365"}, 0.2),
            # 100 kept back: 900 becomes 1,000 in a year.
            ({"fees": [{"code": "f", "amount": "100", "when": "deducted"}]}, 1 / 9),
            # What is collected for others earns the lender nothing.
            (
                {"fees": [{"code": "f", "amount": "100", "when": "deducted", "to": "third_party"}]},
                0.0,
            ),
            ({"fees": [{"code": "f", "amount": "100", "when": "upfront"}]}, 1 / 9),
        ],
    )
    def test_what_the_lender_earns(self, change: dict[str, Any], expected: float) -> None:
        agreed = terms.parse({**self.TERMS, **change})
        assert effective_interest.rate(agreed) == pytest.approx(expected, abs=1e-9)
