"""What a trained model remembers of its rows is what drift is measured against."""

import numpy as np

from scoring.model.manifest import Column
from scoring.training import spread
from scoring.training.tables import Table
from scoring.watching import drift


def test_remembers_numbers_kinds_and_scores() -> None:
    dice = np.random.default_rng(1)
    income = np.where(dice.random(800) < 0.1, np.nan, dice.normal(size=800))
    kinds = [None if n % 9 == 0 else "ab"[n % 2] for n in range(800)]
    table = Table({"income": income, "kind": kinds}, 800, "")

    kept = spread.of(table, [Column("income"), Column("kind", 0, {})], dice.beta(1, 6, 800))

    scores = drift.from_json(kept["scores"])
    assert scores.edges is not None
    assert len(scores.edges) == 9
    income_bins = drift.from_json(kept["features"]["income"]).counts
    assert income_bins["missing"] == int(np.isnan(income).sum())
    assert sum(income_bins.values()) == 800
    assert set(kept["features"]["kind"]["counts"]) == {"a", "b", "missing"}
