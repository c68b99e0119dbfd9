"""One training run: check the data, measure honestly on held-out rows, fit on all, calibrate."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring.features import registry
from scoring.model import manifest as manifests
from scoring.model.calibration import Calibrator, logistic
from scoring.model.manifest import Column
from scoring.model.native import Booster
from scoring.refusals import Sentence
from scoring.training import encoding, folds, guards, metrics, platt, recipe, tables, trends
from scoring.training.mapping import Mapping, apply
from scoring.training.metrics import Estimate
from scoring.training.recipe import Ensemble
from scoring.training.tables import Floats, Table

Ints = NDArray[np.int64]
FOLDS = 5
OLDEST_SHARE = 0.7
REFERENCE_ROWS = 1_000
Progress = Callable[[str, int, int], None]


class NothingLearned(Sentence, DomainError):
    code = "training_nothing_learned"
    kind = Kind.INVALID
    sentence = (
        "The columns do not tell good from bad on held-out rows (AUC {auc}): a model would only "
        "pretend to know."
    )


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for."""

    target: str
    time: str | None = None
    monotone: dict[str, int] | None = None
    mapping: Mapping | None = None
    name: str = "model"


@dataclass(frozen=True, slots=True)
class Result:
    """All that will be written down. `pds` are of held-out rows, before any base-rate move."""

    name: str
    target: str
    ensemble: Ensemble
    columns: tuple[Column, ...]
    calibrator: Calibrator
    y: Ints
    pds: Floats
    cross_validated: dict[str, Estimate]
    out_of_time: dict[str, Estimate] | None
    notes: tuple[str, ...]
    training: dict[str, Any]
    mapping: Mapping | None
    reference: dict[str, float]


def train(
    table: Table, wishes: Wishes, progress: Progress = lambda _what, _done, _all: None
) -> Result:
    """Fit on `table`. The same table and wishes give the same model to the byte."""
    y = guards.target(table, wishes.target)
    order = guards.order(table, wishes.time) if wishes.time else None
    mapped = apply(wishes.mapping, table) if wishes.mapping else table
    inputs = mapped.without(wishes.target, *([wishes.time] if wishes.time else []))
    usable = guards.usable(inputs, y, seed=recipe.SEED)
    rows = _Rows(usable.table, y, _columns(usable.table, y, wishes.monotone or {}))

    steps = _Steps(progress, recipe.steps(len(y)), FOLDS + (1 if order is not None else 0) + 1)
    scores = _held_out_scores(rows, steps)
    calibrator = platt.fit(scores, y)
    reached = metrics.auc(y, scores)
    if calibrator is None or reached < 0.52:
        raise NothingLearned(auc=f"{reached:.3f}")
    pds = platt.crossed(scores, y, seed=recipe.SEED)
    later = _out_of_time(rows, order, steps) if order is not None else None
    final = rows.fit(steps.named("all rows"))
    columns = encoding.fit(rows.table, y, rows.columns)
    return Result(
        name=wishes.name,
        target=wishes.target,
        ensemble=final,
        columns=tuple(columns),
        calibrator=replace(calibrator, offset=_offset(y, wishes.mapping)),
        y=y,
        pds=pds,
        cross_validated=metrics.estimate(y, pds, seed=recipe.SEED),
        out_of_time=later,
        notes=usable.notes,
        training=_facts(rows, final, table.sha256, wishes),
        mapping=wishes.mapping,
        reference=_reference(final, tables.matrix(rows.table, columns), columns),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one fit, encoded only with what these rows themselves know."""

    table: Table
    y: Ints
    columns: list[Column]

    def take(self, rows: Ints) -> "_Rows":
        taken = {
            name: [values[n] for n in rows] if isinstance(values, list) else values[rows]
            for name, values in self.table.columns.items()
        }
        return _Rows(Table(taken, len(rows), ""), self.y[rows], self.columns)

    def fit(self, step: recipe.Step) -> Ensemble:
        matrix = encoding.crossed(self.table, self.y, self.columns, seed=recipe.SEED)
        return recipe.fit(matrix, self.y, [c.monotone for c in self.columns], step=step)

    def scores(self, ensemble: Ensemble, other: "_Rows") -> Floats:
        fitted = encoding.fit(self.table, self.y, self.columns)
        return ensemble.scores(tables.matrix(other.table, fitted))


class _Steps:
    """Counts boosters of the whole run for the progress bar."""

    def __init__(self, progress: Progress, per_fit: int, fits: int) -> None:
        self._progress = progress
        self._all = per_fit * fits
        self._done = 0

    def named(self, what: str) -> recipe.Step:
        def step() -> None:
            self._done += 1
            self._progress(what, min(self._done, self._all), self._all)

        return step


def _columns(table: Table, y: Ints, told: dict[str, int]) -> list[Column]:
    unknown = sorted(set(told) - set(table.columns))
    if unknown:
        raise trends.MonotoneFileRefused(problem=f"there is no column {unknown[0]}")
    found = []
    for name, values in table.columns.items():
        definition = manifests.definition_of(name)
        if isinstance(values, list):
            found.append(Column(name, told.get(name, 0), {}, definition))
        else:
            found.append(Column(name, trends.direction(name, values, y, told), None, definition))
    return found


def _held_out_scores(rows: _Rows, steps: _Steps) -> Floats:
    """Log-odds of every row from a model that was chosen, stopped and encoded without it."""
    scores = np.empty(len(rows.y))
    for number, (kept, held) in enumerate(folds.stratified(rows.y, seed=recipe.SEED, parts=FOLDS)):
        part = rows.take(kept)
        ensemble = part.fit(steps.named(f"fold {number + 1} of {FOLDS}"))
        scores[held] = part.scores(ensemble, rows.take(held))
    return scores


def _out_of_time(rows: _Rows, order: Ints, steps: _Steps) -> dict[str, Estimate] | None:
    """Trained on the oldest rows, calibrated on them, measured on the newest."""
    cut = int(len(order) * OLDEST_SHARE)
    old, new = rows.take(np.sort(order[:cut])), rows.take(np.sort(order[cut:]))
    if min(old.y.sum(), new.y.sum()) < guards.FEWEST_OF_A_CLASS:
        return None
    scores = old.scores(old.fit(steps.named("oldest rows")), new)
    pds = logistic(scores)
    return metrics.estimate(new.y, pds, seed=recipe.SEED)


def _offset(y: Ints, mapping: Mapping | None) -> float:
    """From the sample's share of bad loans to the population's, in log-odds."""
    if mapping is None or mapping.population_bad_rate is None:
        return 0.0
    sample, wanted = float(y.mean()), mapping.population_bad_rate
    return math.log(wanted / (1 - wanted)) - math.log(sample / (1 - sample))


def _reference(final: Ensemble, rows: Floats, columns: list[Column]) -> dict[str, float]:
    """What each column contributes for a typical safer row: reasons are told against that."""
    booster = Booster(final.text)
    safer = rows[np.argsort(booster.raw_scores(rows), kind="stable")[: len(rows) // 2]]
    step = max(1, len(safer) // REFERENCE_ROWS)
    means = booster.contributions(safer[::step]).mean(axis=0)
    return {
        column.name: round(float(mean), 6) for column, mean in zip(columns, means, strict=False)
    }


def _facts(rows: _Rows, final: Ensemble, data_sha256: str, wishes: Wishes) -> dict[str, Any]:
    return {
        "data_sha256": data_sha256,
        "rows": len(rows.y),
        "bad": int(rows.y.sum()),
        "bad_rate": round(float(rows.y.mean()), 6),
        "time_column": wishes.time,
        "population_bad_rate": wishes.mapping.population_bad_rate if wishes.mapping else None,
        "seed": recipe.SEED,
        "configurations": list(final.chosen),
        "deciles": {
            column.name: _deciles(rows.table.get(column.name))
            for column in rows.columns
            if not isinstance(rows.table.get(column.name), list)
        },
        "missing": {
            name: round(_missing(values), 6) for name, values in rows.table.columns.items()
        },
        "features": {c.name: _meaning(c.name) for c in rows.columns},
    }


def _deciles(values: Any) -> list[float]:
    known = values[~np.isnan(values)]
    return [round(float(v), 6) for v in np.quantile(known, np.linspace(0, 1, 11))]


def _missing(values: Any) -> float:
    if isinstance(values, list):
        return sum(value is None for value in values) / len(values)
    return float(np.isnan(values).mean())


def _meaning(name: str) -> str | None:
    return registry.get(name).meaning if registry.is_known(name) else None
