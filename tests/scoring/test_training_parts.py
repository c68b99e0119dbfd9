"""The parts of training by themselves: reading, guarding, encoding, merging, measuring."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as theirs

from scoring.model import loading
from scoring.model.manifest import Column
from scoring.model.native import Booster
from scoring.model.predictor import ColumnMissing, ValueNotANumber
from scoring.training import (
    encoding,
    guards,
    mapping,
    merging,
    metrics,
    pictures,
    platt,
    tables,
    trends,
    using,
)
from scoring.training.dependence import Dependence
from scoring.training.tables import Table


def table(**columns: Any) -> Table:
    """Texts become a category, everything else numbers."""
    made = {name: _column(values) for name, values in columns.items()}
    return Table(made, len(next(iter(made.values()))), "")


def _column(values: Any) -> tables.Floats | tables.Levels:
    if any(isinstance(value, str) for value in values):
        return list(values)
    return np.array(values, dtype=float)


class TestMatrix:
    def test_turns_unseen_levels_into_missing(self) -> None:
        data = table(kind=["a", "new", None], n=[1, np.nan, 3])
        columns = [Column("n"), Column("kind", levels={"a": -1.5})]

        np.testing.assert_array_equal(
            tables.matrix(data, columns), [[1, -1.5], [np.nan, np.nan], [3, np.nan]]
        )

    def test_reads_numeric_codes_of_a_category(self) -> None:
        data = table(kind=[1, 1234567, 2, np.nan])

        found = tables.matrix(data, [Column("kind", levels={"1": 0.5, "1234567": 0.7})])

        np.testing.assert_array_equal(found, [[0.5], [0.7], [np.nan], [np.nan]])

    def test_refuses_a_missing_column_and_text_for_a_number(self) -> None:
        with pytest.raises(ColumnMissing, match="age"):
            tables.matrix(table(n=[1]), [Column("age")])
        with pytest.raises(ValueNotANumber, match="word"):
            tables.matrix(table(n=["word"]), [Column("n")])


class TestTarget:
    @pytest.mark.parametrize(
        ("values", "refusal", "says"),
        [
            ([0] * 100, guards.TargetConstant, "nothing to learn"),
            ([1] * 100, guards.TargetConstant, "nothing to learn"),
            ([0] * 90 + [1] * 10, guards.TargetTooRare, "only 10 rows"),
            ([0] * 50 + [2] * 50, guards.TargetNotBinary, "holds 2"),
            ([0] * 50 + [0.5] * 50, guards.TargetNotBinary, r"holds 0\.5"),
            ([0, 1] * 50 + [np.nan], guards.TargetNotBinary, "a missing value"),
            (["good", "bad"] * 50, guards.TargetNotBinary, "good"),
        ],
    )
    def test_refuses_what_cannot_be_learned(
        self, values: list[object], refusal: type[Exception], says: str
    ) -> None:
        with pytest.raises(refusal, match=says):
            guards.target(table(y=values), "y")

    def test_refuses_a_column_that_is_not_there(self) -> None:
        with pytest.raises(ColumnMissing, match="bad"):
            guards.target(table(y=[1]), "bad")


class TestUsable:
    y = np.array([0, 1] * 300)

    @pytest.mark.parametrize(
        "leak",
        [
            [0.0, 1.0] * 300,
            [5.0, -5.0] * 300,
            [np.nan, 1.0] * 300,
            ["repaid", "written_off"] * 300,
            [3.0, 9.0, 3.0, 1.0] * 150,  # not monotone, still tells
        ],
    )
    def test_refuses_a_column_that_tells_the_answer(self, leak: list[object]) -> None:
        with pytest.raises(guards.TargetLeaks, match=r"status alone .*AUC 1\.000"):
            guards.usable(table(status=leak), self.y, seed=1)

    def test_lets_a_strong_honest_column_pass(self) -> None:
        dice = np.random.default_rng(1)
        strong = self.y * 2 + dice.normal(size=600)

        assert "strong" in guards.usable(table(strong=strong), self.y, seed=1).table

    def test_leaves_out_what_cannot_help(self) -> None:
        dice = np.random.default_rng(1)
        data = table(
            useful=dice.normal(size=600),
            constant=np.ones(600),
            empty=np.full(600, np.nan),
            name=[f"person {n}" for n in range(600)],
            same=["x"] * 600,
        )

        found = guards.usable(data, self.y, seed=1)

        assert list(found.table.columns) == ["useful"]
        assert len(found.notes) == 4
        assert any("name was left out: nearly every row" in note for note in found.notes)

    def test_refuses_when_nothing_is_left(self) -> None:
        with pytest.raises(guards.NothingToLearnFrom):
            guards.usable(table(constant=np.ones(600)), self.y, seed=1)


class TestEncoding:
    def test_pulls_small_levels_to_the_average_and_drops_rare_ones(self) -> None:
        kinds: tables.Levels = [*["big"] * 80, *["small"] * 15, *["rare"] * 5]
        levels = encoding.level_log_odds(kinds, np.array([1] * 40 + [0] * 60))

        assert set(levels) == {"big", "small"}
        assert levels["big"] == pytest.approx(np.log(48 / 52), abs=1e-5)
        assert levels["small"] == pytest.approx(np.log(8 / 27), abs=1e-5)

    def test_no_row_sets_its_own_number(self) -> None:
        """Pure noise with many levels must not look predictive."""
        dice = np.random.default_rng(5)
        y = (dice.uniform(size=2_000) < 0.3).astype(int)
        noise = [f"level {n}" for n in dice.integers(0, 60, 2_000)]
        data, columns = table(noise=noise), [Column("noise", levels={})]

        honest = encoding.crossed(data, y, columns, seed=1)[:, 0]
        naive = tables.matrix(data, encoding.fit(data, y, columns))[:, 0]

        assert metrics.auc(y, naive) > 0.58
        assert abs(metrics.auc(y, honest) - 0.5) < 0.04


class TestTrends:
    dice = np.random.default_rng(2)
    x = dice.uniform(0, 10, 3_000)
    y = (dice.uniform(size=3_000) < 0.1 + 0.04 * x).astype(int)

    def test_learns_a_clear_direction(self) -> None:
        assert trends.learned(self.x, self.y) == 1
        assert trends.learned(-self.x, self.y) == -1

    def test_learns_none_from_noise_or_from_a_valley(self) -> None:
        noise = np.random.default_rng(3).uniform(size=3_000)
        assert trends.learned(noise, self.y) == 0
        assert trends.learned(np.abs(self.x - 5), self.y) == 0

    def test_a_file_overrules_our_definition_and_that_the_data(self) -> None:
        assert trends.direction("term_months", -self.x, self.y, {}) == 1
        assert trends.direction("term_months", -self.x, self.y, {"term_months": 0}) == 0

    @pytest.mark.parametrize("text", ["a: 2", "a: up", "a: true", "a: [1]", "- a", "{", "a: 1.5"])
    def test_refuses_other_directions(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "monotone.yaml"
        path.write_text(text)

        with pytest.raises(trends.MonotoneFileRefused):
            trends.read(path)


class TestMerging:
    def test_is_the_average_of_the_models(self) -> None:
        import lightgbm

        dice = np.random.default_rng(4)
        rows = dice.normal(size=(800, 4))
        rows[dice.uniform(size=rows.shape) < 0.1] = np.nan
        y = (np.nan_to_num(rows[:, 0]) + dice.normal(size=800) > 0).astype(int)
        boosters = [
            lightgbm.train(
                {"objective": "binary", "num_leaves": leaves, "verbosity": -1, "num_threads": 1},
                lightgbm.Dataset(rows, y),
                15,
            )
            for leaves in (3, 7, 15)
        ]

        merged = Booster(merging.average([b.model_to_string() for b in boosters]))

        expected = np.mean([b.predict(rows, raw_score=True) for b in boosters], axis=0)
        shares = np.mean([b.predict(rows, pred_contrib=True) for b in boosters], axis=0)
        np.testing.assert_allclose(merged.raw_scores(rows), expected, atol=1e-12)
        np.testing.assert_allclose(merged.contributions(rows), shares, atol=1e-12)


class TestMetrics:
    @given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 9)), min_size=3, max_size=60))
    def test_agree_with_scikit_learn(self, pairs: list[tuple[int, int]]) -> None:
        y = np.array([pair[0] for pair in pairs])
        pds = np.array([pair[1] / 10 for pair in pairs])

        assert metrics.brier(y, pds) == pytest.approx(theirs.brier_score_loss(y, pds))
        assert metrics.log_loss(y, pds) == pytest.approx(theirs.log_loss(y, pds, labels=[0, 1]))
        if 0 < y.sum() < len(y):
            assert metrics.auc(y, pds) == pytest.approx(theirs.roc_auc_score(y, pds))
            false_rate, true_rate, _ = theirs.roc_curve(y, pds)
            assert metrics.ks(y, pds) == pytest.approx(
                np.max(true_rate - false_rate), abs=1e-9
            ) or (np.max(true_rate - false_rate) < metrics.ks(y, pds))

    def test_intervals_hold_the_value_and_narrow_with_rows(self) -> None:
        dice = np.random.default_rng(6)
        pds = dice.uniform(0.05, 0.95, 4_000)
        y = (dice.uniform(size=4_000) < pds).astype(int)

        few = metrics.estimate(y[:300], pds[:300], seed=1)["auc"]
        many = metrics.estimate(y, pds, seed=1)["auc"]

        assert many.low < many.value < many.high
        assert many.high - many.low < few.high - few.low

    def test_calibration_error_is_small_for_true_probabilities(self) -> None:
        dice = np.random.default_rng(8)
        pds = dice.uniform(0, 1, 20_000)
        y = (dice.uniform(size=20_000) < pds).astype(int)

        assert metrics.ece(y, pds) < 0.015
        assert metrics.ece(y, pds**3) > 0.1


class TestPlatt:
    def test_finds_slope_and_intercept_back(self) -> None:
        dice = np.random.default_rng(9)
        scores = dice.normal(size=50_000)
        y = (dice.uniform(size=50_000) < 1 / (1 + np.exp(-(0.7 * scores - 1.2)))).astype(int)

        found = platt.fit(scores, y)

        assert found is not None
        assert found.slope == pytest.approx(0.7, abs=0.05)
        assert found.intercept == pytest.approx(-1.2, abs=0.05)

    def test_finds_nothing_in_scores_that_point_the_wrong_way(self) -> None:
        scores = np.linspace(-3, 3, 400)

        assert platt.fit(scores, (scores + np.tile([2.0, -2.0], 200) < 0).astype(int)) is None


class TestMapping:
    text = "target: y\ntitle: t\nfeatures:\n  term_months: {columns: [days], why: w}\n"

    def test_multiplies_translated_columns(self) -> None:
        made = mapping.parse(
            "target: y\ntitle: t\nfeatures:\n"
            "  amount_to_income: {columns: [months, band], maps: {band: {'1': 0.5}}, why: w}\n"
        )

        mapped = mapping.apply(made, table(months=[10, 20, np.nan], band=[1, 2, 1], y=[0, 1, 0]))

        np.testing.assert_array_equal(mapped.get("amount_to_income"), [5, np.nan, np.nan])
        np.testing.assert_array_equal(mapped.get("y"), [0, 1, 0])

    @pytest.mark.parametrize("others", ["", "10,x\n", "10,2\n10,1.5\n"])
    def test_codes_mean_the_same_whatever_else_is_in_the_file(
        self, tmp_path: Path, others: str
    ) -> None:
        made = mapping.parse(
            "target: y\ntitle: t\nfeatures:\n"
            "  amount_to_income: {columns: [months, band],"
            " maps: {band: {'01': 0.5, '2': 2, x: 3}}, why: w}\n"
            "  purpose: {columns: [band], why: w}\n"
        )
        file = tmp_path / "loans.csv"
        file.write_text(f"months,band\n10,01\n10,2.0\n{others}")

        mapped = mapping.apply(made, tables.read(str(file), made.words))

        assert made.words == {"band"}
        assert list(mapped.get("amount_to_income")[:2]) == [5, 20]
        assert mapped.get("purpose")[:2] == ["01", "2.0"]

    def test_a_model_reads_the_codes_of_its_own_mapping(self, tmp_path: Path) -> None:
        file = tmp_path / "loans.csv"
        file.write_text("duration,employment\n06,007\n")

        read = using.read(str(file), loading.STOCK)

        assert list(read.get("duration")) == [6]
        assert read.get("employment") == ["007"]

    def test_a_code_of_the_name_of_its_feature_means_the_same_as_in_training(
        self, tmp_path: Path
    ) -> None:
        made = mapping.parse(
            "target: y\ntitle: t\nfeatures:\n  term_months: {columns: [term_months], why: w,"
            " maps: {term_months: {'01': 12, '02': 24, '2': 36}}}\n"
        )
        file = tmp_path / "loans.csv"
        file.write_text("term_months\n01\n02\n2\n")
        assert "term_months" in loading.load(loading.STOCK).names

        given = using.read(str(file), loading.STOCK, mapping=made)
        as_numbers = tables.read(str(file))

        assert list(mapping.apply(made, given).get("term_months")) == [12, 24, 36]
        assert list(mapping.apply(made, as_numbers).get("term_months")) == [12, 36, 36]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("{", "not YAML"),
            ("", "valid dictionary|dictionary"),
            ("target: y\ntitle: t\nfeatures: {}", "features"),
            (text.replace("term_months", "shoe_size"), "shoe_size"),
            (text.replace("why: w", "because: w"), "why|because"),
            (text + "population_bad_rate: 1.5\n", "population_bad_rate"),
        ],
    )
    def test_refuses_what_it_cannot_use(self, text: str, says: str) -> None:
        with pytest.raises(mapping.MappingRefused, match=says):
            mapping.parse(text)

    def test_refuses_data_without_the_column(self) -> None:
        with pytest.raises(ColumnMissing, match="days"):
            mapping.apply(mapping.parse(self.text), table(months=[1]))


class TestPictures:
    def test_a_dollar_in_a_name_begins_no_formula(self, tmp_path: Path) -> None:
        shown = Dependence("income $_$", (0.0, 1.0), ("$_$", "b"), (0.1, 0.2), None)

        pictures.dependence(tmp_path / "dependence.png", [shown])

        assert (tmp_path / "dependence.png").is_file()
