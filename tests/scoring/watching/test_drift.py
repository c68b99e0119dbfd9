"""PSI and CSI: the limit knows how many rows there are, where a rule of thumb does not."""

import numpy as np
import pytest
from scipy.stats import binom, chi2

from scoring.features.registry import Value
from scoring.watching import chances, drift


def numbers(dice: np.random.Generator, rows: int) -> list[Value]:
    return [float(value) for value in dice.normal(size=rows)]


def lumps(dice: np.random.Generator, rows: int) -> list[Value]:
    """A term of a loan: few values, ties over more than one decile, some missing."""
    drawn = dice.choice([3.0, 6.0, 12.0, 12.0, 24.0, float("nan")], rows)
    return [None if np.isnan(value) else float(value) for value in drawn]


def kinds(dice: np.random.Generator, rows: int) -> list[Value]:
    return [str(each) for each in dice.choice(list("abcde"), rows, p=[0.5, 0.3, 0.1, 0.07, 0.03])]


class TestLimit:
    @pytest.mark.parametrize("column", [numbers, lumps, kinds])
    @pytest.mark.parametrize("rows", [60, 400])
    def test_is_passed_by_chance_as_often_as_it_says(self, column: object, rows: int) -> None:
        dice = np.random.default_rng(11)
        known = drift.reference(column(dice, 3_000))  # type: ignore[operator]
        looks = [
            drift.measure(known, column(dice, rows), chance=0.05)  # type: ignore[operator]
            for _ in range(300)
        ]

        alarms = sum(look is not None and look.index > look.limit for look in looks)
        assert 2 <= alarms <= 33  # 15 expected; each end is beyond four standard deviations.

    def test_is_not_fooled_where_the_rule_of_thumb_is(self) -> None:
        dice = np.random.default_rng(3)
        known = drift.reference(numbers(dice, 3_000))
        looks = [drift.measure(known, numbers(dice, 50), chance=0.01) for _ in range(100)]

        assert sum(look is not None and look.index > 0.10 for look in looks) > 20
        assert sum(look is not None and look.has_shifted for look in looks) <= 5

    def test_notices_a_small_shift_of_many_rows(self) -> None:
        dice = np.random.default_rng(4)
        known = drift.reference(numbers(dice, 20_000))
        moved = [float(value) for value in dice.normal(0.25, 1, 20_000)]

        found = drift.measure(known, moved, chance=0.001)

        assert found is not None
        assert found.index < 0.10
        assert found.has_shifted
        assert found.size == "small"

    def test_grows_as_rows_get_fewer(self) -> None:
        dice = np.random.default_rng(5)
        known = drift.reference(numbers(dice, 5_000))
        few = drift.measure(known, numbers(dice, 50), chance=0.01)
        many = drift.measure(known, numbers(dice, 5_000), chance=0.01)

        assert few is not None
        assert many is not None
        assert few.limit > 10 * many.limit


class TestMeasure:
    def test_says_nothing_of_a_handful(self) -> None:
        known = drift.reference([1.0, 2.0, 3.0] * 100)

        assert drift.measure(known, [1.0] * (drift.FEWEST_ROWS - 1), chance=0.01) is None

    @pytest.mark.parametrize(
        "now",
        [
            [None] * 60 + ["a"] * 40,  # Nobody says it any more.
            ["new"] * 100,
            [7.0] * 100,
        ],
    )
    def test_notices_missing_and_unknown_levels(self, now: list[Value]) -> None:
        known = drift.reference(["a"] * 700 + ["b"] * 300)

        found = drift.measure(known, now, chance=0.001)

        assert found is not None
        assert found.has_shifted

    def test_takes_text_for_missing_where_numbers_were_learned(self) -> None:
        known = drift.reference([float(n % 7) for n in range(700)])

        found = drift.measure(known, ["7"] * 100, chance=0.001)

        assert found is not None
        assert found.has_shifted

    def test_keeps_its_reference_in_json(self) -> None:
        for values in ([1.0, 2.0, None, 5.0] * 30, ["a", "b", None] * 30, [None] * 30):
            known = drift.reference(values)
            assert drift.from_json(known.to_json()) == known

    def test_tells_shares_that_add_up(self) -> None:
        dice = np.random.default_rng(6)
        found = drift.measure(drift.reference(lumps(dice, 900)), lumps(dice, 90), chance=0.01)

        assert found is not None
        assert sum(before for before, _ in found.shares.values()) == pytest.approx(1)
        assert sum(now for _, now in found.shares.values()) == pytest.approx(1)


class TestChances:
    def test_agree_with_scipy(self) -> None:
        for degrees in range(1, 20):
            for value in (0.3, 1.0, 5.0, 20.0, 40.0):
                tail = chances.chi_square_tail(value, degrees)
                assert tail == pytest.approx(chi2.sf(value, degrees), abs=1e-10)
            limit = chances.chi_square_limit(0.001, degrees)
            assert limit == pytest.approx(chi2.isf(0.001, degrees), rel=1e-8)
        for hits, n, chance in ((7, 50, 0.05), (1, 9, 0.5), (40, 41, 0.2)):
            tail = chances.binomial_tail(hits, n, chance)
            assert tail == pytest.approx(binom.sf(hits - 1, n, chance), rel=1e-8)

    def test_far_fewer_than_expected_are_no_surprise(self) -> None:
        assert chances.binomial_tail(2, 3_000, 0.5) == 1.0
        assert chances.binomial_tail(1_480, 3_000, 0.5) == pytest.approx(
            binom.sf(1_479, 3_000, 0.5), rel=1e-8
        )

    def test_wilson_stays_inside_and_covers(self) -> None:
        dice = np.random.default_rng(8)
        covered = 0
        for hits in dice.binomial(40, 0.07, 1_000):
            low, high = chances.Share(int(hits), 40).interval
            assert 0 <= low <= high <= 1
            covered += low <= 0.07 <= high
        assert covered > 920

    def test_intervals_of_two_shares_cover(self) -> None:
        dice = np.random.default_rng(9)
        gaps = ratios = 0
        for one, other in zip(
            dice.binomial(80, 0.6, 1_000), dice.binomial(120, 0.75, 1_000), strict=True
        ):
            mine, best = chances.Share(int(one), 80), chances.Share(int(other), 120)
            low, high = chances.difference(mine, best)
            gaps += low <= -0.15 <= high
            low, high = chances.ratio(mine, best)
            ratios += low <= 0.8 <= high
        assert gaps > 920
        assert ratios > 920
