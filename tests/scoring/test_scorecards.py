"""The twin in points: optbinning's own numbers, served without it, and safe from changes."""

import itertools
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.errors import DomainError
from scoring import model
from scoring.model import loading, scorecard
from scoring.model.manifest import Column, Decider, ManifestUnreadable, Probe
from scoring.model.native import Booster
from scoring.model.scorecard import Attribute, Scorecard, ScorecardUnreadable
from scoring.training import scorecards
from tests.scoring import cases

WAYS = (1, -1, 0, 0)
NAMES = ("late", "income", "valley", "noise")


def loans(rows: int = 900) -> tuple[scorecards.Floats, scorecards.Ints]:
    """More late days are riskier, more income safer, the middle of the third safest."""
    dice = np.random.default_rng(21)
    x = dice.normal(size=(rows, 4))
    odds = -1.0 + 0.9 * x[:, 0] - 0.8 * x[:, 1] + 0.7 * np.abs(x[:, 2])
    y = (dice.uniform(size=rows) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    x[::9, 1] = np.nan
    return x, y


@pytest.fixture(scope="module")
def card() -> Scorecard:
    return scorecards.fit(NAMES, *loans(), WAYS)


class TestFit:
    @pytest.mark.parametrize("position", [0, 1, 2])
    def test_gives_each_value_optbinnings_evidence_times_one_weight(
        self, card: Scorecard, position: int
    ) -> None:
        rows, y = loans()
        values = rows[:, position]
        theirs = scorecards.evidence(scorecards.binning(values, y, WAYS[position]), values)

        ours = card.contributions(rows)[:, position]

        weight = float(ours @ theirs / (theirs @ theirs))
        assert weight > 0
        np.testing.assert_allclose(ours, weight * theirs, atol=1e-8)

    def test_adds_up_to_its_score(self, card: Scorecard) -> None:
        rows, _ = loans()

        np.testing.assert_allclose(
            card.contributions(rows).sum(axis=1), card.raw_scores(rows), atol=1e-12
        )

    def test_never_turns_a_direction(self, card: Scorecard) -> None:
        assert list(card.attributes[0].log_odds) == sorted(card.attributes[0].log_odds)
        assert list(card.attributes[1].log_odds) == sorted(card.attributes[1].log_odds)[::-1]
        assert len(card.attributes[2].log_odds) > 2, "a valley is a valley where nothing is told"

    def test_gives_noise_next_to_nothing(self, card: Scorecard) -> None:
        late, _, _, noise = (np.std(attribute.log_odds) for attribute in card.attributes)

        assert noise < 0.25 * late

    def test_ranks_as_well_as_what_made_the_data(self, card: Scorecard) -> None:
        from scoring.training import metrics

        rows, y = loans()

        assert metrics.auc(y, card.raw_scores(rows)) > 0.74

    def test_takes_a_column_that_never_changes(self) -> None:
        rows, y = loans()
        rows[:, 3] = 5.0

        made = scorecards.fit(NAMES, rows, y, WAYS)

        assert not made.attributes[3].counts


class TestScore:
    def test_one_row_gets_the_bits_it_gets_among_many(self, card: Scorecard) -> None:
        rows, _ = loans()

        one_by_one = [card.raw_scores(row[None, :])[0] for row in rows[:50]]

        assert one_by_one == card.raw_scores(rows)[:50].tolist()

    def test_survives_json_to_the_bit(self, card: Scorecard) -> None:
        rows, _ = loans()
        again = scorecard.from_json(json.loads(json.dumps(card.to_json())))

        assert again == card
        np.testing.assert_array_equal(again.raw_scores(rows), card.raw_scores(rows))

    def test_an_edge_opens_its_bin(self) -> None:
        one = Attribute("a", (1.0, 2.0), (0.1, 0.2, 0.3), -0.5)

        np.testing.assert_array_equal(
            one.of(np.array([0.9, 1.0, 1.9, 2.0, np.inf, np.nan])), [0.1, 0.2, 0.2, 0.3, 0.3, -0.5]
        )

    @pytest.mark.parametrize(
        "change",
        [
            lambda d: d.pop("intercept"),
            lambda d: d["columns"][0].update(edges=[2.0, 1.0]),
            lambda d: d["columns"][0].update(log_odds=[0.1]),
            lambda d: d["columns"][0].update(missing=math.inf),
            lambda d: d["columns"][0].update(missing="much"),
        ],
    )
    def test_refuses_what_is_no_scorecard(self, change: Callable[[dict[str, Any]], None]) -> None:
        document = Scorecard(0.0, (Attribute("a", (1.0, 2.0), (0.1, 0.2, 0.3), 0.0),)).to_json()
        change(document)

        with pytest.raises(ScorecardUnreadable):
            scorecard.from_json(document)


class TestPoints:
    def test_twenty_more_double_the_odds(self) -> None:
        doubling = Attribute("a", (1.0,), (0.0, -math.log(2)), 0.0)

        [(_, bins, missing)] = Scorecard(-math.log(50), (doubling,)).points()

        assert bins == (600, 620)
        assert missing == 600

    def test_sum_to_the_score_but_for_rounding(self, card: Scorecard) -> None:
        rows, _ = loans()
        points = list(card.points())
        total = np.zeros(len(rows))
        for attribute, bins, missing in points:
            values = rows[:, NAMES.index(attribute.name)]
            found = np.array(bins)[
                np.searchsorted(attribute.edges, values, side="right") % len(bins)
            ]
            total += np.where(np.isnan(values), missing, found)

        exact = 600 - 20 / math.log(2) * (card.raw_scores(rows) + math.log(50))

        assert np.abs(total - exact).max() <= 0.5 * len(points) + 1e-9

    def test_are_told_with_intervals_and_names(self, card: Scorecard) -> None:
        kinds = Attribute("work", (-1.0,), (0.4, -0.2), 0.1)
        both = replace(card, attributes=(*card.attributes, kinds))
        levels = {"farmer": -0.5, "casual": -1.5}
        columns = [*(Column(name) for name in NAMES), Column("work", levels=levels)]

        told = scorecards.points_table(both, columns)

        assert "| `work` | casual |" in told
        assert "| `work` | farmer |" in told
        assert "| `late` | below " in told
        assert "| `income` | missing or unknown |" in told
        assert "| `noise` | below " in told


class TestTwin:
    """A model folder with trees and a scorecard, one of which decides."""

    twin = Scorecard(
        -1.0,
        (
            Attribute("amount_to_income", (1.0, 2.0), (-0.5, 0.1, 0.9), 0.2),
            Attribute("term_months", (), (0.0,), 0.0),
        ),
    )

    def folder(self, tmp_path: Path, decides: Decider = Decider.TREES) -> Path:
        cases.amount_model(tmp_path / "model")
        folder = tmp_path / "model"
        text = (folder / "model.txt").read_text()
        row = (1.0, 1.0)
        trees, points = (e.raw_scores(np.array([row]))[0] for e in (Booster(text), self.twin))
        score = {"trees": trees, "scorecard": points, "both": (trees + points) / 2}[decides]
        probe = Probe(row, cases.logistic(float(score)))
        columns = model.load(folder).manifest.columns
        cases.write(folder, text, columns, scorecard=self.twin, decides=decides, probes=(probe,))
        return folder

    @pytest.mark.parametrize("decides", list(Decider))
    def test_the_manifest_says_who_decides(self, tmp_path: Path, decides: Decider) -> None:
        loaded = model.load(self.folder(tmp_path, decides))
        rows = np.array([[0.5, 3.0], [2.5, np.nan]])
        trees = Booster((tmp_path / "model" / "model.txt").read_text())
        expected = {
            "trees": trees.raw_scores(rows),
            "scorecard": self.twin.raw_scores(rows),
            "both": (trees.raw_scores(rows) + self.twin.raw_scores(rows)) / 2,
        }[decides]

        np.testing.assert_array_equal(loaded.engine.raw_scores(rows), expected)
        np.testing.assert_allclose(
            loaded.engine.contributions(rows).sum(axis=1), expected, atol=1e-9
        )
        assert loaded.engine.width == 2

    @pytest.mark.parametrize(
        ("change", "refusal", "says"),
        [
            (
                lambda d: d["scorecard"]["columns"][0].update(missing=-3.0),
                loading.ModelChanged,
                "scorecard",
            ),
            (lambda d: d["scorecard"].update(intercept=0.5), loading.ModelChanged, "scorecard"),
            (lambda d: d.pop("scorecard_sha256"), ManifestUnreadable, "scorecard_sha256"),
            (lambda d: d["scorecard"].pop("intercept"), ScorecardUnreadable, "intercept"),
            (lambda d: d.update(decides="dice"), ManifestUnreadable, "dice"),
            (lambda d: d.update(decides="scorecard"), loading.ModelDisagrees, "Row 0"),
        ],
    )
    def test_a_changed_twin_is_refused(
        self,
        tmp_path: Path,
        change: Callable[[dict[str, Any]], None],
        refusal: type[DomainError],
        says: str,
    ) -> None:
        folder = self.folder(tmp_path)
        document = json.loads((folder / "manifest.json").read_text())
        change(document)
        (folder / "manifest.json").write_text(json.dumps(document))

        with pytest.raises(refusal, match=says):
            model.load(folder)

    def test_a_twin_with_other_columns_is_refused(self, tmp_path: Path) -> None:
        folder = self.folder(tmp_path)
        other = replace(self.twin, attributes=self.twin.attributes[::-1])
        manifest = replace(model.load(folder).manifest, scorecard=other)
        (folder / "manifest.json").write_text(manifest.to_text())

        with pytest.raises(loading.ModelChanged, match="scorecard"):
            model.load(folder)

    def test_rises_with_a_riskier_amount(self, tmp_path: Path) -> None:
        loaded = model.load(self.folder(tmp_path, Decider.BOTH))
        rows = np.array([[amount, 6.0] for amount in np.linspace(0, 3, 60)])

        assert all(a <= b for a, b in itertools.pairwise(loaded.pds(rows)))
