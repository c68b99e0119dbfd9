"""The least discriminating alternative: a model that is as good and treats groups more alike.

Configurations and sets of columns are tried on the same held-out rows, each approving the same
share. Who belongs to which group is looked at only to compare, never to learn from.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kit.errors import DomainError, Kind
from scoring.model.calibration import logistic
from scoring.model.manifest import Column
from scoring.refusals import Sentence
from scoring.training import encoding, folds, grouping, guards, metrics, recipe, tables, trends
from scoring.training.tables import Floats, Table

FOLDS = 5
ROUNDS, PATIENCE = 400, 30
MAY_LOSE = 0.005
"""AUC: what is lost by less is as good."""
MOST_LEFT_OUT = 3
MOST_TRIED = 20
"""Columns that are left out in turn: those that tell the groups apart best."""
FEWEST_OF_A_GROUP = 50
DRAWS = 200
Progress = Callable[[str, int, int], None]


class GroupsTooSmall(Sentence, DomainError):
    code = "training_groups_too_small"
    kind = Kind.INVALID
    sentence = "Column {column} does not have two groups of {needed} rows to compare."


@dataclass(frozen=True, slots=True)
class Alternative:
    """`gap` and `ratio` are the worst over all ways of grouping."""

    configuration: str
    left_out: tuple[str, ...]
    auc: float
    gap: float
    """Between the groups whose good borrowers are approved most and least often."""
    gap_low: float
    gap_high: float
    ratio: float
    """Share approved of the least over that of the most approved group."""
    is_as_good: bool = False
    is_chosen: bool = False

    @property
    def name(self) -> str:
        return self.configuration + "".join(f" - {name}" for name in self.left_out)


def search(
    table: Table,
    target: str,
    groups: Sequence[str],
    *,
    approve: float = 0.7,
    without: Sequence[str] = (),
    progress: Progress = lambda _what, _done, _all: None,
) -> list[Alternative]:
    """All that was tried, the smallest gap among those that are as good as the best first."""
    table, _ = guards.without_copies(table)
    y = guards.target(table, target)
    for name in without:
        table.get(name)  # Which refuses a name that is not there.
    members = {name: _members(name, table) for name in groups}
    inputs = guards.usable(table.without(target, *groups, *without), y, seed=recipe.SEED).table
    trial = _Trial(inputs, y, members, approve, progress)
    tried = [trial.measure(name, ()) for name in recipe.CONFIGURATIONS]
    best = max(tried, key=lambda each: each.auc)
    left: tuple[str, ...] = ()
    while len(left) < min(MOST_LEFT_OUT, len(inputs.columns) - 1):
        round_ = [
            trial.measure(best.configuration, (*left, name))
            for name in _telling(inputs.without(*left), members)
        ]
        tried += round_
        fair = [each for each in round_ if each.auc >= best.auc - MAY_LOSE]
        if not fair:
            break
        left = min(fair, key=lambda each: each.gap).left_out
    return _chosen(tried)


def lines(tried: Sequence[Alternative]) -> Iterator[str]:
    """A table for people: what is as good as the best, and which of it is chosen."""
    yield "| alternative | AUC | equal-opportunity gap | impact ratio | |"
    yield "|---|---|---|---|---|"
    for each in tried:
        said = "chosen" if each.is_chosen else "as good" if each.is_as_good else "less accurate"
        yield (
            f"| {each.name} | {each.auc:.4f} | {each.gap:.1%} [{each.gap_low:.1%}, "
            f"{each.gap_high:.1%}] | {each.ratio:.2f} | {said} |"
        )


@dataclass(frozen=True, slots=True)
class _Trial:
    table: Table
    y: Any
    members: Mapping[str, Any]
    approve: float
    progress: Progress

    def measure(self, configuration: str, left_out: tuple[str, ...]) -> Alternative:
        self.progress(configuration, 0, 0)
        pds = self._held_out(configuration, self.table.without(*left_out))
        approved = pds <= np.quantile(pds, self.approve)
        gap, ratio = _worst(self.y, approved, self.members)
        low, high = self._spread(approved)
        auc = metrics.auc(self.y, pds)
        return Alternative(configuration, left_out, auc, gap, low, high, ratio)

    def _held_out(self, configuration: str, table: Table) -> Floats:
        scores = np.empty(len(self.y))
        for kept, held in folds.stratified(self.y, seed=recipe.SEED, parts=FOLDS):
            known = table.take(kept)
            columns = encoding.fit(known, self.y[kept], _columns(known, self.y[kept]))
            rows = encoding.crossed(known, self.y[kept], columns, seed=recipe.SEED)
            booster = _boosted(configuration, rows, self.y[kept], columns)
            other = tables.matrix(table.take(held), columns)
            scores[held] = booster.predict(other, raw_score=True, num_threads=1)
        return logistic(scores)

    def _spread(self, approved: Any) -> tuple[float, float]:
        """95 % bootstrap interval of the gap: small groups make large ones by chance."""
        dice = np.random.default_rng(recipe.SEED)
        drawn = []
        for _ in range(DRAWS):
            rows = dice.integers(0, len(self.y), len(self.y))
            members = {name: values[rows] for name, values in self.members.items()}
            drawn.append(_gap(self.y[rows], approved[rows], members))
        low, high = np.quantile(drawn, [0.025, 0.975])
        return float(low), float(high)


def _worst(y: Any, approved: Any, members: Mapping[str, Any]) -> tuple[float, float]:
    from fairlearn import metrics as fair

    gaps, ratios = [], []
    for values in members.values():
        known = values != ""
        told = {
            "y_true": (y[known] == 0).astype(int),
            "y_pred": approved[known].astype(int),
            "sensitive_features": values[known],
        }
        gaps.append(float(fair.equal_opportunity_difference(**told)))
        ratios.append(float(fair.demographic_parity_ratio(**told)))
    return max(gaps), min(ratios)


def _gap(y: Any, approved: Any, members: Mapping[str, Any]) -> float:
    """What fairlearn calls the equal-opportunity difference, fast enough for a bootstrap."""
    worst = 0.0
    for values in members.values():
        rates = [
            approved[good].mean()
            for name in set(values) - {""}
            if (good := (values == name) & (y == 0)).any()
        ]
        worst = max(worst, float(max(rates) - min(rates)))
    return worst


def _chosen(tried: Sequence[Alternative]) -> list[Alternative]:
    best = max(each.auc for each in tried)
    marked = [replace(each, is_as_good=each.auc >= best - MAY_LOSE) for each in tried]
    chosen = min((each for each in marked if each.is_as_good), key=lambda each: each.gap)
    marked = [replace(each, is_chosen=each is chosen) for each in marked]
    return sorted(marked, key=lambda each: (not each.is_as_good, each.gap, -each.auc))


def _members(name: str, table: Table) -> Any:
    """Groups as text; empty where it is not known, or too small to compare."""
    values = grouping.members(name, table)
    known = np.array([value or "" for value in values], dtype=object)
    names, counts = np.unique(known, return_counts=True)
    large = {n for n, count in zip(names, counts, strict=True) if n and count >= FEWEST_OF_A_GROUP}
    if len(large) < 2:
        raise GroupsTooSmall(column=name, needed=FEWEST_OF_A_GROUP)
    return np.array([value if value in large else "" for value in known], dtype=object)


def _telling(table: Table, members: Mapping[str, Any]) -> list[str]:
    """The columns that say most of who belongs to which group."""

    def told(name: str) -> float:
        return max(
            guards.single_column_auc(
                table.get(name), (values == group).astype(np.int64), seed=recipe.SEED
            )
            for values in members.values()
            for group in set(values) - {""}
        )

    return sorted(table.columns, key=lambda name: -told(name))[:MOST_TRIED]


def _columns(table: Table, y: Any) -> list[Column]:
    return [
        Column(name, 0, {}) if isinstance(values, list)
        else Column(name, trends.direction(name, values, y, {}))
        for name, values in table.columns.items()
    ]  # fmt: skip


def _boosted(configuration: str, rows: Floats, y: Any, columns: Sequence[Column]) -> Any:
    import lightgbm

    kept, held = next(iter(folds.stratified(y, seed=recipe.SEED)))
    settings = {
        "objective": "binary", "metric": "binary_logloss", **recipe.CONFIGURATIONS[configuration],
        "monotone_constraints": [column.monotone for column in columns],
        "min_data_in_leaf": int(min(40, max(10, len(kept) // 50))), "bagging_fraction": 0.8,
        "bagging_freq": 1, "seed": recipe.SEED, "deterministic": True, "force_row_wise": True,
        "num_threads": 1, "verbosity": -1,
    }  # fmt: skip
    data = lightgbm.Dataset(rows[kept], y[kept], params=settings)
    return lightgbm.train(
        settings,
        data,
        num_boost_round=ROUNDS,
        valid_sets=[lightgbm.Dataset(rows[held], y[held], reference=data)],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
