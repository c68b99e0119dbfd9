"""One training run: check the data, measure honestly on held-out rows, fit on all, calibrate."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring.features import registry
from scoring.model.calibration import Calibrator, logistic
from scoring.model.manifest import Column
from scoring.model.predictor import ColumnMissing, Engine
from scoring.refusals import Sentence
from scoring.training import (
    challenger,
    choice,
    dependence,
    folds,
    grouping,
    guards,
    metrics,
    platt,
    recipe,
    rejects,
    resuming,
    spread,
    stability,
    tables,
    tradeoff,
)
from scoring.training.choice import Champion
from scoring.training.dependence import Dependence
from scoring.training.mapping import Mapping, apply
from scoring.training.metrics import Estimate
from scoring.training.resuming import Kept
from scoring.training.stability import Period
from scoring.training.tables import Floats, Table
from scoring.training.tradeoff import Tradeoff
from scoring.watching import fairness
from scoring.watching.fairness import Fairness

Ints = NDArray[np.int64]
FOLDS = 5
CHOSEN, BLEND, APPROVED, INSIDE = "chosen", "challenger", "approved alone", "held out inside"
OLDEST_SHARE = 0.7
APPROVED_SHARE = 0.7
"""Where the card compares groups: an approval rate that many lenders have."""
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
    without: tuple[str, ...] = ()
    """Columns that are not to be looked at."""
    groups: tuple[str, ...] = ()
    """Columns that only show whether groups are treated alike."""
    rejects: Table | None = None
    """Applicants who were turned away, to be joined with guessed outcomes."""
    balanced: bool = False
    """Bad rows count as much as good ones, all together; probabilities are calibrated after."""

    def to_json(self) -> dict[str, Any]:
        wishes = {field.name: getattr(self, field.name) for field in fields(self)}
        mapping = self.mapping.model_dump(mode="json") if self.mapping else None
        rejects = self.rejects.sha256 if self.rejects else None
        return {
            **wishes,
            "mapping": mapping,
            "without": list(self.without),
            "groups": list(self.groups),
            "rejects": rejects,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """All that will be written down. `pds` are of held-out rows, before any base-rate move."""

    name: str
    target: str
    champion: Champion
    calibrator: Calibrator
    y: Ints
    pds: Floats
    cross_validated: dict[str, Estimate]
    challenger: dict[str, Estimate]
    """Of the blend with CatBoost, on the same rows."""
    out_of_time: dict[str, Estimate] | None
    notes: tuple[str, ...]
    training: dict[str, Any]
    fairness: dict[str, Fairness | None]
    mapping: Mapping | None
    reference: dict[str, float]
    tradeoff: Tradeoff
    dependence: tuple[Dependence, ...]
    stability: tuple[Period, ...] | None


def train(
    table: Table,
    wishes: Wishes,
    progress: Progress = lambda _what, _done, _all: None,
    kept: Kept | None = None,
) -> Result:
    """Fit on `table`. The same table and wishes give the same model to the byte, whether or not
    an earlier run was stopped and has `kept` some of it."""
    kept = kept or resuming.nowhere()
    table, copies = guards.without_copies(table)
    y = guards.target(table, wishes.target)
    order = guards.order(table, wishes.time) if wishes.time else None
    mapped = apply(wishes.mapping, table) if wishes.mapping else table
    inputs = mapped.without(*_no_inputs(table, wishes))
    usable = guards.usable(inputs, y, seed=recipe.SEED)
    turned_away = _turned_away(wishes, usable.table)
    rows = _Rows(usable.table, y, wishes.monotone or {}, turned_away, wishes.balanced)

    fits = FOLDS + (1 if order is not None else 0) + 1 - kept.found
    steps = _Steps(progress, choice.steps(len(y)) * (2 if turned_away else 1), fits)
    held = _held_out_scores(rows, steps, kept)
    _, pds = platt.best(held[CHOSEN], y, seed=recipe.SEED)
    reached = metrics.auc(y, held[CHOSEN])
    if reached < 0.52:
        raise NothingLearned(auc=f"{reached:.3f}")
    later = _out_of_time(rows, order, steps, kept) if order is not None else None
    final, by = choice.calibrated(_final(rows, steps, kept), held, y)
    calibrator, _ = platt.best(by[final.decides], y, seed=recipe.SEED)
    if calibrator is None:
        raise NothingLearned(auc=f"{reached:.3f}")
    calibrator = replace(calibrator, offset=_offset(y, wishes.mapping))
    columns, engine = final.columns, final.engine
    matrix = tables.matrix(rows.table, columns)
    return Result(
        name=wishes.name,
        target=wishes.target,
        champion=final,
        calibrator=calibrator,
        y=y,
        pds=pds,
        cross_validated=metrics.estimate(y, pds, seed=recipe.SEED),
        challenger=_challenger(held[BLEND], y),
        out_of_time=later,
        notes=(*([copies] if copies else []), *usable.notes, *_inferred(rows, held)),
        training={
            **_facts(rows, final, table.sha256, wishes),
            "spread": spread.of(rows.table, final.columns, calibrator(by[final.decides])),
        },
        fairness={name: _fairness(name, table, pds, y) for name in wishes.groups},
        mapping=wishes.mapping,
        reference=_reference(engine, matrix, columns),
        tradeoff=tradeoff.measure(y, pds, seed=recipe.SEED),
        dependence=dependence.strongest(
            lambda changed: calibrator(engine.raw_scores(changed)),
            engine.contributions,
            matrix,
            columns,
        ),
        stability=_stability(table, wishes, y, pds, order),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one fit, and the directions that were told for all."""

    table: Table
    y: Ints
    told: dict[str, int]
    rejects: Table | None
    balanced: bool

    def take(self, rows: Ints) -> "_Rows":
        return replace(self, table=self.table.take(rows), y=self.y[rows])

    def fit(self, step: recipe.Step) -> tuple[Champion, Champion]:
        """Of these rows alone, and the one that is wanted: the same unless rejects join."""
        alone = choice.fit(self.table, self.y, self.told, balanced=self.balanced, step=step)
        if self.rejects is None:
            return alone, alone
        table, y = rejects.joined(self.table, self.y, self.rejects, alone, seed=recipe.SEED)
        return alone, choice.fit(table, y, self.told, balanced=self.balanced, step=step)


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


def _held_out_scores(rows: _Rows, steps: _Steps, kept: Kept) -> dict[str, Floats]:
    """Log-odds of every row from models that were chosen, stopped and encoded without it."""
    scores: dict[str, Floats] = {}
    for number, (known, held) in enumerate(folds.stratified(rows.y, seed=recipe.SEED, parts=FOLDS)):
        name = f"fold {number + 1} of {FOLDS}"
        step = steps.named(name)
        found = kept.once(name, partial(_scores, rows.take(known), rows.take(held), step))
        for by, values in found.items():
            scores.setdefault(by, np.empty(len(rows.y)))[held] = values
    return scores


def _scores(known: _Rows, held: _Rows, step: recipe.Step) -> dict[str, list[float]]:
    """Of rows that the model never saw: by each twin, and by the one that it chose."""
    alone, champion = known.fit(step)
    scores = champion.scores(held.table)
    theirs = challenger.catboost(known.table, known.y, held.table, seed=recipe.SEED)
    found = {by.value: values.tolist() for by, values in scores.items()}
    blend = challenger.blended(scores[champion.decides], theirs).tolist()
    approved = alone.scores(held.table)[alone.decides].tolist()
    return {**found, CHOSEN: found[champion.decides], BLEND: blend, APPROVED: approved}


def _later_scores(known: _Rows, held: _Rows, step: recipe.Step) -> dict[str, list[float]]:
    """By the model that decides: of rows that it never saw, and of its own from fits without
    them."""
    _, champion = known.fit(step)
    scores = champion.scores(held.table)[champion.decides]
    return {CHOSEN: scores.tolist(), INSIDE: champion.held[: len(known.y)].tolist()}


def _challenger(scores: Floats, y: Ints) -> dict[str, Estimate]:
    _, pds = platt.best(scores, y, seed=recipe.SEED)
    return metrics.estimate(y, pds, seed=recipe.SEED)


def _final(rows: _Rows, steps: _Steps, kept: Kept) -> Champion:
    name = "all rows"

    def fitted() -> dict[str, Any]:
        return rows.fit(steps.named(name))[1].to_json()

    return choice.from_json(kept.once(name, fitted))


def _out_of_time(rows: _Rows, order: Ints, steps: _Steps, kept: Kept) -> dict[str, Estimate] | None:
    """Trained and calibrated on the oldest rows alone, measured on the newest."""
    cut = int(len(order) * OLDEST_SHARE)
    old, new = rows.take(np.sort(order[:cut])), rows.take(np.sort(order[cut:]))
    if min(old.y.sum(), new.y.sum()) < guards.FEWEST_OF_A_CLASS:
        return None
    name = "oldest rows"
    found = kept.once(name, partial(_later_scores, old, new, steps.named(name)))
    scores, inside = np.array(found[CHOSEN]), np.array(found[INSIDE])
    told = ~np.isnan(inside)
    calibrator, _ = platt.best(inside[told], old.y[told], seed=recipe.SEED)
    pds = logistic(scores) if calibrator is None else calibrator(scores)
    return metrics.estimate(new.y, pds, seed=recipe.SEED)


def _stability(
    table: Table, wishes: Wishes, y: Ints, pds: Floats, order: Ints | None
) -> tuple[Period, ...] | None:
    if order is None or wishes.time is None:
        return None
    return stability.over_time(y, pds, order, table.get(wishes.time))


def _turned_away(wishes: Wishes, inputs: Table) -> Table | None:
    if wishes.rejects is None:
        return None
    mapped = apply(wishes.mapping, wishes.rejects) if wishes.mapping else wishes.rejects
    return rejects.alike(mapped, inputs)


def _inferred(rows: _Rows, held: dict[str, Floats]) -> list[str]:
    if rows.rejects is None:
        return []
    without, with_them = (metrics.auc(rows.y, held[by]) for by in (APPROVED, CHOSEN))
    return [rejects.statement(rows.rejects, len(rows.y), without, with_them)]


def _no_inputs(table: Table, wishes: Wishes) -> list[str]:
    left_out = (*wishes.without, *wishes.groups)
    unknown = [name for name in left_out if name not in table]
    if unknown:
        raise ColumnMissing(column=unknown[0])
    return [wishes.target, *([wishes.time] if wishes.time else []), *left_out]


def _fairness(name: str, table: Table, pds: Floats, y: Ints) -> Fairness | None:
    """On held-out rows, with the safest approved: every one of them has its outcome."""
    approved = pds <= np.quantile(pds, APPROVED_SHARE)
    members = grouping.members(name, table)
    return fairness.measure(name, members, approved=approved, pds=pds, bad=y.astype(np.float64))


def _offset(y: Ints, mapping: Mapping | None) -> float:
    """From the sample's share of bad loans to the population's, in log-odds."""
    if mapping is None or mapping.population_bad_rate is None:
        return 0.0
    sample, wanted = float(y.mean()), mapping.population_bad_rate
    return math.log(wanted / (1 - wanted)) - math.log(sample / (1 - sample))


def _reference(engine: Engine, rows: Floats, columns: Sequence[Column]) -> dict[str, float]:
    """What each column contributes for a typical safer row: reasons are told against that."""
    safer = rows[np.argsort(engine.raw_scores(rows), kind="stable")[: len(rows) // 2]]
    step = max(1, len(safer) // REFERENCE_ROWS)
    means = engine.contributions(safer[::step]).mean(axis=0)
    return {
        column.name: round(float(mean), 6) for column, mean in zip(columns, means, strict=False)
    }


def _facts(rows: _Rows, final: Champion, data_sha256: str, wishes: Wishes) -> dict[str, Any]:
    return {
        "data_sha256": data_sha256,
        "rows": len(rows.y),
        "bad": int(rows.y.sum()),
        "bad_rate": round(float(rows.y.mean()), 6),
        "time_column": wishes.time,
        "population_bad_rate": wishes.mapping.population_bad_rate if wishes.mapping else None,
        "seed": recipe.SEED,
        "configurations": final.choice["configurations"],
        "class_weight": "balanced" if wishes.balanced else None,
        "without": list(wishes.without),
        "rejects_sha256": wishes.rejects.sha256 if wishes.rejects else None,
        "deciles": {
            column.name: _deciles(rows.table.get(column.name))
            for column in final.columns
            if not isinstance(rows.table.get(column.name), list)
        },
        "missing": {
            name: round(_missing(values), 6) for name, values in rows.table.columns.items()
        },
        "features": {c.name: _meaning(c.name) for c in final.columns},
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
