"""Trees, their scorecard twin, or the mean of both: whichever tells rows best that it never saw."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features import registry
from scoring.model import manifest as manifests
from scoring.model import scorecard as cards
from scoring.model.manifest import Column, Decider
from scoring.model.native import Booster
from scoring.model.predictor import Engine, deciding
from scoring.model.scorecard import Scorecard
from scoring.training import encoding, metrics, platt, recipe, scorecards, tables, trends
from scoring.training.tables import Floats, Table

Ints = NDArray[np.int64]
CARDS = recipe.SPLITS + 1


@dataclass(frozen=True, slots=True)
class Champion:
    """What one fit on some rows gave: both twins, the one that decides, and why."""

    columns: tuple[Column, ...]
    text: str
    scorecard: Scorecard
    decides: Decider
    choice: dict[str, Any]
    held: Floats = field(default_factory=lambda: np.empty(0))
    """Log-odds by the one that decides, from fits without the row; NaN where there was none. Not
    kept as JSON."""

    @property
    def trees(self) -> Booster:
        return Booster(self.text)

    @property
    def engine(self) -> Engine:
        return deciding(self.trees, self.scorecard, self.decides)

    def scores(self, table: Table) -> dict[Decider, Floats]:
        """Log-odds of rows by each of the three."""
        rows = tables.matrix(table, self.columns)
        trees = self.trees
        return {d: deciding(trees, self.scorecard, d).raw_scores(rows) for d in Decider}

    def to_json(self) -> dict[str, Any]:
        return {
            "columns": [column.to_json() for column in self.columns],
            "text": self.text,
            "scorecard": self.scorecard.to_json(),
            "decides": self.decides.value,
            "choice": self.choice,
        }


def from_json(document: Mapping[str, Any]) -> Champion:
    return Champion(
        tuple(Column(**column) for column in document["columns"]),
        document["text"],
        cards.from_json(document["scorecard"]),
        Decider(document["decides"]),
        dict(document["choice"]),
    )


def steps(rows: int) -> int:
    """How many models `fit` will train, for a progress bar."""
    return recipe.steps(rows) + CARDS


def fit(
    table: Table,
    y: Ints,
    told: Mapping[str, int],
    *,
    balanced: bool = False,
    seed: int = recipe.SEED,
    step: recipe.Step = lambda: None,
) -> Champion:
    """Train both twins on these rows alone, and choose on the parts that both held out.

    `balanced`: to the trees, all bad rows together count as much as all good ones.
    """
    columns = directed(table, y, told)
    encode = _Encode(table, y, columns, seed)
    hard = [column.name in told or registry.is_known(column.name) for column in columns]
    ways = [column.monotone for column in columns]
    trees = recipe.fit(encode, y, ways, told=hard, balanced=balanced, seed=seed, step=step)
    columns = [replace(c, monotone=m) for c, m in zip(columns, trees.monotone, strict=True)]
    held = np.full(len(y), np.nan)
    for known, other in recipe.compared(y, seed=seed):
        fitted, card = _card(table.take(known), y[known], columns, seed)
        held[other] = card.raw_scores(tables.matrix(table.take(other), fitted))
        step()
    fitted, card = _card(table, y, columns, seed)
    step()
    by = {Decider.SCORECARD: held, Decider.TREES: trees.held, Decider.BOTH: (trees.held + held) / 2}
    decides, choice = _choose(trees, by, y, seed)
    return Champion(tuple(fitted), trees.text, card, decides, choice, by[decides])


class _Encode:
    """Matrices of parts of a table, each made once: boosters on the same part share it."""

    def __init__(self, table: Table, y: Ints, columns: list[Column], seed: int) -> None:
        self._all = (table, y, columns, seed)
        self._made: dict[tuple[bytes, bytes], tuple[Floats, Floats]] = {}
        self._lock = threading.Lock()

    def __call__(self, known: Ints, other: Ints) -> tuple[Floats, Floats]:
        key = (known.tobytes(), other.tobytes())
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(known, other)
            return self._made[key]

    def _make(self, known: Ints, other: Ints) -> tuple[Floats, Floats]:
        table, y, columns, seed = self._all
        first = table.take(known)
        fitted = encoding.fit(first, y[known], columns)
        return (
            encoding.crossed(first, y[known], columns, seed=seed),
            tables.matrix(table.take(other), fitted),
        )


def calibrated(
    champion: Champion, held: Mapping[str, Floats], y: Ints
) -> tuple[Champion, dict[Decider, Floats]]:
    """The champion with points that mean what they say, and held-out log-odds to go with it.

    `held` are log-odds of all rows by each of the three, from fits that left the row out.
    """
    trees, card = held[Decider.TREES], held[Decider.SCORECARD]
    straight = platt.fit(card, y)
    if straight is not None:
        card = straight.slope * card + straight.intercept
        twin = champion.scorecard.scaled(straight.slope, straight.intercept)
        champion = replace(champion, scorecard=twin)
    by = {Decider.TREES: trees, Decider.SCORECARD: card, Decider.BOTH: (trees + card) / 2}
    return champion, by


def directed(table: Table, y: Ints, told: Mapping[str, int]) -> list[Column]:
    """The table's columns, each with the way its risk goes."""
    unknown = sorted(set(told) - set(table.columns))
    if unknown:
        raise trends.MonotoneFileRefused(problem=f"there is no column {unknown[0]}")
    found = []
    for name, values in table.columns.items():
        definition = manifests.definition_of(name)
        if isinstance(values, list):
            if told.get(name):
                raise trends.MonotoneFileRefused(problem=f"{name} is words: they have no direction")
            found.append(Column(name, 0, {}, definition))
        else:
            way = trends.direction(name, values, y, dict(told))
            found.append(Column(name, way, None, definition))
    return found


def _card(
    table: Table, y: Ints, columns: list[Column], seed: int
) -> tuple[list[Column], Scorecard]:
    fitted = encoding.fit(table, y, columns)
    rows = encoding.binnable(table, y, fitted, seed=seed)
    ways = [1 if column.levels else column.monotone for column in fitted]
    return fitted, scorecards.fit([c.name for c in fitted], rows, y, ways)


def _choose(
    trees: recipe.Ensemble, held: Mapping[Decider, Floats], y: Ints, seed: int
) -> tuple[Decider, dict[str, Any]]:
    """The lowest log loss after calibration, on rows that both held out."""
    seen = ~np.isnan(held[Decider.BOTH])
    answers, by = y[seen], {d: scores[seen] for d, scores in held.items()}
    pds = {d: platt.crossed(scores, answers, seed=seed) for d, scores in by.items()}
    losses = {d: round(metrics.log_loss(answers, pds[d]), 6) for d in by}
    return min(losses, key=lambda d: losses[d]), {
        "rows": len(answers),
        "log_loss": {d.value: loss for d, loss in losses.items()},
        "auc": {d.value: round(metrics.auc(answers, scores), 6) for d, scores in by.items()},
        "configurations": list(trees.chosen),
        "cost_of_directions": round(trees.cost, 6),
        "directions_given_up": trees.gave_up,
    }
