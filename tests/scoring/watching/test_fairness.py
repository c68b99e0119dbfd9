"""Approval and error gaps by group: the numbers that fairlearn gives, with intervals."""

import numpy as np
import pytest

from scoring.watching import fairness
from scoring.watching.fairness import Fairness


def measured(rows: int, *, unfair: float, seed: int = 1) -> Fairness:
    dice = np.random.default_rng(seed)
    group = dice.choice(["women", "men"], rows)
    risk = dice.beta(2, 8, rows)
    called = np.clip(risk + unfair * (group == "women"), 0, 1)
    found = fairness.measure(
        "sex",
        [str(each) for each in group],
        approved=called <= 0.2,
        pds=called,
        bad=(dice.random(rows) < risk).astype(np.float64),
    )
    assert found is not None
    return found


class TestMeasure:
    def test_agrees_with_fairlearn(self) -> None:
        from fairlearn.metrics import (
            demographic_parity_ratio,
            equal_opportunity_difference,
        )

        dice = np.random.default_rng(2)
        group = dice.choice(["a", "b", "c"], 900)
        pds = dice.beta(2, 8, 900)
        bad = dice.random(900) < pds
        approved = pds <= 0.2 + 0.05 * (group == "a")

        found = fairness.measure(
            "x", [str(g) for g in group], approved=approved, pds=pds, bad=bad.astype(np.float64)
        )

        assert found is not None
        told = {"y_true": ~bad, "y_pred": approved, "sensitive_features": group}
        assert found.smallest_impact == pytest.approx(demographic_parity_ratio(**told))
        assert found.opportunity_gap == pytest.approx(equal_opportunity_difference(**told))

    def test_finds_an_unfair_book_and_clears_a_fair_one(self) -> None:
        assert measured(2_000, unfair=0.08).is_adverse
        assert not measured(2_000, unfair=0.0).is_adverse

    def test_clears_small_fair_groups_where_four_fifths_alone_would_not(self) -> None:
        books = [measured(80, unfair=0.0, seed=seed) for seed in range(200)]

        below = [each.smallest_impact is not None and each.smallest_impact < 0.8 for each in books]
        assert sum(below) > 20
        assert sum(each.is_adverse for each in books) <= 16

    def test_sees_that_probabilities_are_wrong_for_one_group(self) -> None:
        found = measured(3_000, unfair=0.08)

        by_name = {group.name: group for group in found.groups}
        assert by_name["women"].calibration is not None
        assert by_name["men"].calibration is not None
        assert by_name["women"].calibration.is_off(0.001)
        assert not by_name["men"].calibration.is_off(0.001)

    def test_counts_by_probability_whom_nobody_lent_to(self) -> None:
        found = fairness.measure(
            "sex",
            ["a"] * 40 + ["b"] * 40,
            approved=np.array([True] * 60 + [False] * 20),
            pds=np.full(80, 0.25),
        )

        assert found is not None
        assert found.opportunity_gap == pytest.approx(0.5)
        assert all(group.calibration is None for group in found.groups)

    def test_counts_small_groups_and_does_not_judge_them(self) -> None:
        found = fairness.measure(
            "region",
            ["north"] * 50 + ["south"] * 5 + [None] * 10,
            approved=np.array([True] * 50 + [False] * 15),
            pds=np.full(65, 0.1),
        )

        assert found is not None
        assert (found.known, found.rows) == (55, 65)
        assert {group.name: group.impact for group in found.groups} == {"north": 1.0, "south": None}
        assert not found.is_adverse

    def test_has_nothing_to_say_where_nobody_was_asked(self) -> None:
        one = np.full(2, 0.1)

        assert fairness.measure("sex", [None, None], approved=one < 1, pds=one) is None

    def test_writes_a_section_for_the_card(self) -> None:
        text = "\n".join(fairness.lines({"sex": measured(900, unfair=0.1), "region": None}))

        assert "| women |" in text
        assert "Below four fifths by more than chance: women." in text
        assert "By region: not known for any row" in text


@pytest.mark.parametrize(
    ("years", "band"), [(18, "under 25"), (25, "25-34"), (64, "55-64"), (65, "65 and over")]
)
def test_age_bands(years: int, band: str) -> None:
    assert fairness.age_band(years) == band
    assert fairness.age_band(None) is None
