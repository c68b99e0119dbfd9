"""Options of a training: those who were turned away join, bad rows weigh more."""

import numpy as np
import pytest

from scoring.model.calibration import logistic
from scoring.model.native import Booster
from scoring.model.predictor import ColumnMissing, ValueNotANumber
from scoring.training import choice, metrics, recipe, rejects, tables
from scoring.training.choice import Champion
from scoring.training.tables import Table

ROWS = 400
NAN = float("nan")


def loans() -> tuple[Table, rejects.Ints]:
    dice = np.random.default_rng(8)
    late = dice.poisson(1.0, ROWS).astype(float)
    work = dice.choice(["salaried", "casual"], ROWS).tolist()
    y = (dice.uniform(size=ROWS) < logistic(-3 + 1.1 * late)).astype(np.int64)
    return Table({"late": late, "work": work}, ROWS, ""), y


@pytest.fixture(scope="module")
def champion() -> Champion:
    return choice.fit(*loans(), {})


class TestAlike:
    inputs, _ = loans()

    def test_takes_the_columns_of_the_model_in_its_kinds(self) -> None:
        away = Table({"new": ["x"], "work": np.array([3.0]), "late": [None]}, 1, "")

        found = rejects.alike(away, self.inputs)

        assert list(found.columns) == ["late", "work"]
        np.testing.assert_array_equal(found.get("late"), [NAN])
        assert found.get("work") == ["3"]

    def test_refuses_what_the_model_could_not_read(self) -> None:
        with pytest.raises(ColumnMissing, match="work"):
            rejects.alike(Table({"late": np.zeros(1)}, 1, ""), self.inputs)
        with pytest.raises(ValueNotANumber, match="often"):
            rejects.alike(Table({"late": ["often"], "work": ["casual"]}, 1, ""), self.inputs)


class TestJoined:
    def test_draws_outcomes_a_fifth_worse_and_leaves_known_ones(self, champion: Champion) -> None:
        table, y = loans()
        away = Table(
            {"late": np.full(2_000, 2.0), "work": ["casual"] * 1_000 + [None] * 1_000}, 2_000, ""
        )

        joined, outcomes = rejects.joined(table, y, away, champion, seed=recipe.SEED)
        _, again = rejects.joined(table, y, away, champion, seed=recipe.SEED)

        assert joined.rows == ROWS + 2_000
        assert [len(values) for values in joined.columns.values()] == [ROWS + 2_000] * 2
        np.testing.assert_array_equal(outcomes[:ROWS], y)
        np.testing.assert_array_equal(outcomes, again)
        stated = logistic(champion.engine.raw_scores(tables.matrix(away, champion.columns))).mean()
        assert outcomes[ROWS:].mean() == pytest.approx(rejects.WORSE * stated, abs=0.03)

    def test_says_what_it_does_not_prove(self) -> None:
        said = rejects.statement(Table({}, 1_234, ""), 4_368, 0.7277, 0.7269)

        assert said.startswith("REJECT INFERENCE: 1,234 applicants")
        assert "proves nothing" in said
        assert "0.7277 without and 0.7269 with" in said


class TestBalanced:
    def test_trees_see_as_many_bad_as_good_and_rank_alike(self, champion: Champion) -> None:
        table, y = loans()

        balanced = choice.fit(table, y, {}, balanced=True)

        plain_scores, scores = (
            Booster(one.text).raw_scores(tables.matrix(table, one.columns))
            for one in (champion, balanced)
        )
        assert logistic(plain_scores).mean() == pytest.approx(y.mean(), abs=0.05)
        assert logistic(scores).mean() == pytest.approx(0.5, abs=0.12)
        assert metrics.auc(y, scores) == pytest.approx(metrics.auc(y, plain_scores), abs=0.03)
