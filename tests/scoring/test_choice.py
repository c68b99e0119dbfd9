"""What a training run decides by itself: trees or points, directions, calibration."""

import json

import numpy as np
import pytest

from scoring.model import predictor
from scoring.model.calibration import Calibrator, from_json, softplus
from scoring.model.manifest import Decider
from scoring.training import choice, metrics, platt, tables, trends
from scoring.training.choice import Champion
from scoring.training.tables import Floats, Table

Ints = choice.Ints


def drawn(odds: Floats, dice: np.random.Generator) -> Ints:
    return (dice.uniform(size=len(odds)) < 1 / (1 + np.exp(-odds))).astype(np.int64)


def straight(rows: int = 300) -> tuple[Table, Ints]:
    """Few loans; every answer of a form adds its own part."""
    dice = np.random.default_rng(31)
    x = dice.integers(0, 3, (rows, 8))
    y = drawn(-0.8 + (x - 1) @ np.resize([0.8, -0.7, 0.6], 8), dice)
    words: dict[str, Floats | tables.Levels] = {
        f"x{n}": [f"level {value}" for value in x[:, n]] for n in range(8)
    }
    return Table(words, rows, ""), y


def ordered(rows: int = 500) -> tuple[Table, Ints]:
    dice = np.random.default_rng(31)
    x = dice.normal(size=(rows, 6))
    y = drawn(-0.8 + x @ np.array([0.9, -0.8, 0.7, -0.6, 0.5, 0.4]), dice)
    return Table({f"x{n}": x[:, n] for n in range(6)}, rows, ""), y


def crossed(rows: int = 1_500) -> tuple[Table, Ints]:
    """Neither column tells anything alone."""
    dice = np.random.default_rng(32)
    x = dice.normal(size=(rows, 3))
    y = drawn(-0.7 + 2.5 * np.sign(x[:, 0] * x[:, 1]), dice)
    return Table({f"x{n}": x[:, n] for n in range(3)}, rows, ""), y


@pytest.fixture(scope="module")
def linear() -> Champion:
    return choice.fit(*straight(), {})


@pytest.fixture(scope="module")
def interacting() -> Champion:
    return choice.fit(*crossed(), {"x2": 1})


class TestChoice:
    def test_lets_points_decide_where_few_rows_add_up(self, linear: Champion) -> None:
        losses = linear.choice["log_loss"]

        assert linear.decides is Decider.SCORECARD
        assert losses["scorecard"] == min(losses.values())

    def test_lets_trees_decide_where_columns_tell_only_together(
        self, interacting: Champion
    ) -> None:
        assert interacting.decides is Decider.TREES
        assert interacting.choice["auc"]["trees"] > interacting.choice["auc"]["scorecard"] + 0.2

    def test_keeps_what_was_said_of_rows_that_were_held_out(self, linear: Champion) -> None:
        table, y = straight()
        told = ~np.isnan(linear.held)

        assert 0 < told.sum() == linear.choice["rows"] < len(y)
        found = metrics.auc(y[told], linear.held[told])
        assert found == pytest.approx(linear.choice["auc"][linear.decides], abs=1e-6)
        assert found < metrics.auc(y[told], linear.scores(table)[linear.decides][told])

    def test_gives_the_same_bytes_again(self, linear: Champion) -> None:
        again = choice.fit(*straight(), {})

        assert json.dumps(again.to_json()) == json.dumps(linear.to_json())

    def test_survives_json(self, linear: Champion) -> None:
        table, _ = straight()

        again = choice.from_json(json.loads(json.dumps(linear.to_json())))

        for by, scores in linear.scores(table).items():
            np.testing.assert_array_equal(again.scores(table)[by], scores)

    def test_obeys_every_direction_whoever_decides(self) -> None:
        table, y = ordered()
        champion = choice.fit(table, y, {})
        start = tables.matrix(table, champion.columns)[:40]
        obeyed = [n for n, column in enumerate(champion.columns) if column.monotone]
        assert len(obeyed) >= 4

        for n in obeyed:
            for value in np.linspace(-3, 3, 25)[:-1]:
                low, high = start.copy(), start.copy()
                low[:, n], high[:, n] = value, value + 0.25
                for by in Decider:
                    engine = predictor.deciding(champion.trees, champion.scorecard, by)
                    step = engine.raw_scores(high) - engine.raw_scores(low)
                    assert (step * champion.columns[n].monotone >= -1e-9).all(), (by, n)

    def test_points_mean_what_they_say_after_calibration(self, linear: Champion) -> None:
        table, y = straight()
        held = {by.value: scores / 3 for by, scores in linear.scores(table).items()}

        champion, by = choice.calibrated(linear, held, y)

        assert by[Decider.SCORECARD].mean() == pytest.approx(
            np.log(y.mean() / (1 - y.mean())), abs=0.5
        )
        rate = 1 / (1 + np.exp(-by[Decider.SCORECARD]))
        assert rate.mean() == pytest.approx(y.mean(), abs=1e-6)
        assert champion.scorecard != linear.scorecard


class TestDirections:
    def wave(self) -> tuple[Table, Ints]:
        """Risk rises along x0 but for one deep dip that ten bins do not see as a turn."""
        dice = np.random.default_rng(33)
        x = dice.uniform(0, 10, 3_000)
        odds = -2.5 + 0.35 * x - np.where((x > 6.2) & (x < 6.9), 6.0, 0.0)
        return Table({"x0": x, "x1": dice.normal(size=3_000)}, 3_000, ""), drawn(odds, dice)

    def test_learned_ones_are_given_up_where_they_cost_too_much(self) -> None:
        table, y = self.wave()

        champion = choice.fit(table, y, {})

        assert champion.choice["directions_given_up"]
        assert champion.columns[0].monotone == 0

    def test_words_have_none(self) -> None:
        table = Table({"town": ["a", "b"] * 50}, 100, "")
        y = np.array([0, 1] * 50)

        with pytest.raises(trends.MonotoneFileRefused, match="town is words"):
            choice.directed(table, y, {"town": 1})
        assert choice.directed(table, y, {"town": 0})[0].monotone == 0

    def test_told_ones_are_kept_at_any_cost(self) -> None:
        table, y = self.wave()

        champion = choice.fit(table, y, {"x0": 1})

        assert not champion.choice["directions_given_up"]
        assert champion.columns[0].monotone == 1
        rows = np.column_stack([np.linspace(0, 10, 300), np.zeros(300)])
        for by in Decider:
            scores = predictor.deciding(champion.trees, champion.scorecard, by).raw_scores(rows)
            assert (np.diff(scores) >= -1e-9).all()


class TestCategories:
    def test_many_levels_of_noise_tell_nothing(self) -> None:
        dice = np.random.default_rng(34)
        signal = dice.normal(size=1_200)
        y = drawn(-1 + signal, dice)
        noise: tables.Levels = [f"level {n}" for n in dice.integers(0, 50, 1_200)]
        table = Table({"signal": signal, "noise": noise}, 1_200, "")

        champion = choice.fit(table.take(np.arange(800)), y[:800], {})

        later = table.take(np.arange(800, 1_200))
        clean = metrics.auc(y[800:], signal[800:])
        for by, scores in champion.scores(later).items():
            assert metrics.auc(y[800:], scores) > clean - 0.03, by


class TestCalibration:
    dice = np.random.default_rng(35)
    scores = dice.normal(-1, 1.5, 30_000)

    def test_one_slope_where_one_is_enough(self) -> None:
        y = drawn(0.6 * self.scores - 0.3, np.random.default_rng(1))

        found, pds = platt.best(self.scores, y, seed=1)

        assert found is not None
        assert found.slope == pytest.approx(0.6, abs=0.05)
        assert metrics.ece(y, pds) < 0.008

    def test_two_slopes_where_the_line_bends(self) -> None:
        bent = 0.5 * softplus(self.scores) - 1.6 * softplus(-self.scores) + 0.2
        y = drawn(bent, np.random.default_rng(2))

        found, pds = platt.best(self.scores, y, seed=1)

        assert found is not None
        assert found.below is not None
        assert metrics.ece(y, pds) < metrics.ece(y, platt.crossed(self.scores, y, seed=1))

    def test_never_turns_the_order(self) -> None:
        calibrator = Calibrator(0.4, -0.2, 0.1, below=1.7)

        pds = calibrator(np.linspace(-40, 40, 4_001))

        assert (np.diff(pds) >= 0).all()
        assert ((pds >= 0) & (pds <= 1)).all()

    def test_survives_json(self) -> None:
        for calibrator in (Calibrator(0.4, -0.2, 0.1), Calibrator(0.4, -0.2, 0.1, below=1.7)):
            assert from_json(calibrator.to_json()) == calibrator
