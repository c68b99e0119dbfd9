"""Our recipe against five others on real loans: the same rows, the same folds, the same run.

What a fold has given is kept in `var/bench` by the code and libraries that made it, so a run that
was stopped goes on where it was.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from bench import scoring_peers
from bench.report import Goal, Line
from scoring.model import calibration, manifest, native, predictor, scorecard
from scoring.model.manifest import Decider
from scoring.training import (
    challenger,
    choice,
    encoding,
    folds,
    guards,
    merging,
    metrics,
    platt,
    recipe,
    scorecards,
    tables,
    trends,
)
from scoring.training.tables import Table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_ROOT = Path(__file__).resolve().parents[1]
_SHARED = _ROOT.parent / "shared" / "data" / "credit"
SETS = Path(os.environ.get("KOPA_BENCH_CREDIT", _SHARED))
"""A folder of Parquet files: `y` is 1 for a bad loan, `t` orders the rows where it is there."""
KEPT = _ROOT / "var" / "bench"
OURS, TWIN, BLEND = "champion", "scorecard", "challenger"
BEHIND, FAR_BEHIND = 0.003, 0.010
"""How far the champion may be below the best of the others; more where memory beats trends."""
MANY = 10_000
_GOALS = {
    "superlender": 0.730,
    "gmsc": 0.867,
    "taiwan": 0.787,
    "hmeq": 0.973,
    "gastonstat": 0.851,
}
_BLEND_GOALS = {"german": 0.797}
_LATER_GOALS = {"superlender": 0.710}
_LIBRARIES = ("catboost", "lightgbm", "numpy", "optbinning", "pandas", "scikit-learn", "scipy")
_READING = (tables, guards, folds)
_TRAINING = (choice, encoding, merging, metrics, platt, recipe, scorecards, trends)
_SERVING = (calibration, manifest, native, predictor, scorecard)


@dataclass(frozen=True)
class Loans:
    name: str
    table: Table
    y: Ints
    order: Ints | None
    """From oldest to newest, where that is known."""
    sha256: str
    """Empty: nothing is kept of what was drawn here."""


@dataclass(frozen=True)
class Measured:
    """Mean AUC over the folds, by model; calibration error of ours on all held-out rows."""

    loans: Loans
    aucs: Mapping[str, float]
    y: Ints
    pds: Floats
    """Of all held-out rows, by our champion."""
    later: Mapping[str, float]

    @property
    def ece(self) -> float:
        return metrics.ece(self.y, self.pds)

    @property
    def best(self) -> str:
        """The best of the others."""
        return max(scoring_peers.PEERS, key=lambda name: self.aucs[name])


def lines(*, tiny: bool = False) -> list[Line]:
    """One line for each set and model; tiny: a table drawn by a seed, two folds of it."""
    found = measured(tiny=tiny)
    return [line for one in found for line in _lines(one)] + _averages(found)


@cache
def measured(*, tiny: bool = False) -> list[Measured]:
    """What other sections of the benchmark look at too."""
    if tiny:
        return [_measure(_drawn(), most_folds=2)]
    files = sorted(SETS.glob("*.parquet"), key=lambda path: path.stat().st_size)
    if not files:
        raise FileNotFoundError(f"no loans in {SETS}: set KOPA_BENCH_CREDIT")
    return [_measure(_read(path)) for path in files]


def _lines(measured: Measured) -> list[Line]:
    name, aucs, best = measured.loans.name, measured.aucs, measured.best
    # Where free trees leave every straight-line model far behind, rows are remembered, not told.
    behind = FAR_BEHIND if aucs["LightGBM tuned"] - aucs["logistic on WoE"] > 0.03 else BEHIND
    goal = Goal("at least", round(1 - behind / aucs[best], 6))
    made = [Line(f"{name}: {OURS}", "AUC", aucs[OURS], aucs[best], best, goal)]
    made += [
        Line(f"{name}: {OURS}", "AUC", aucs[OURS], aucs[peer], peer)
        for peer in scoring_peers.PEERS
        if peer != best
    ]
    made += _named(f"{name}: {OURS}", "AUC", aucs[OURS], _GOALS.get(name))
    made += _named(f"{name}: its {TWIN}", "AUC", aucs[TWIN], None, always=True)
    made += _named(f"{name}: {BLEND}", "AUC", aucs[BLEND], _BLEND_GOALS.get(name), always=True)
    for model, auc in measured.later.items():
        wanted = _LATER_GOALS.get(name) if model == OURS else None
        made += _named(f"{name}, newest 30 %: {model}", "AUC", auc, wanted, always=True)
    most = 0.008 if len(measured.loans.y) >= MANY else 0.015
    strict = Goal("at most", most) if len(measured.loans.y) >= 4_000 else None
    return [*made, Line(f"{name}: {OURS}", "calibration error", measured.ece, goal=strict)]


def _named(
    what: str, unit: str, value: float, wanted: float | None, *, always: bool = False
) -> list[Line]:
    if wanted is None and not always:
        return []
    # Printed with three digits, and compared so.
    goal = Goal("at least", wanted) if wanted else None
    return [Line(what, unit, round(value, 4), goal=goal)]


def _averages(found: list[Measured]) -> list[Line]:
    mean = {
        name: float(np.mean([m.aucs[name] for m in found])) for name in (*scoring_peers.PEERS, OURS)
    }
    best = max(scoring_peers.PEERS, key=lambda name: mean[name])
    blend = float(np.mean([m.aucs[BLEND] for m in found]))
    return [
        Line(f"all sets: {OURS}", "mean AUC", mean[OURS], mean[best], best, Goal("above", 1)),
        Line(f"all sets: {BLEND}", "mean AUC", blend, mean[OURS], OURS, Goal("at least", 1)),
    ]


def _measure(loans: Loans, *, most_folds: int = 5) -> Measured:
    scores: dict[str, list[Floats]] = {}
    answers = []
    parts = list(folds.stratified(loans.y, seed=recipe.SEED))[:most_folds]
    for number, (known, held) in enumerate(parts):
        for name, held_scores in _scores(loans, f"fold{number}", known, held).items():
            scores.setdefault(name, []).append(held_scores)
        answers.append(loans.y[held])
    aucs = {
        name: float(np.mean([metrics.auc(y, s) for y, s in zip(answers, parts, strict=True)]))
        for name, parts in scores.items()
    }
    y, ours = np.concatenate(answers), np.concatenate(scores[OURS])
    _, pds = platt.best(ours, y, seed=recipe.SEED)
    return Measured(loans, aucs, y, pds, _later(loans))


def _later(loans: Loans) -> dict[str, float]:
    """Trained on the oldest 70 %, measured on the newest 30 %."""
    if loans.order is None:
        return {}
    cut = int(len(loans.order) * 0.7)
    known, held = np.sort(loans.order[:cut]), np.sort(loans.order[cut:])
    found = _scores(loans, "later", known, held)
    return {name: metrics.auc(loans.y[held], scores) for name, scores in found.items()}


def _scores(loans: Loans, part: str, known: Ints, held: Ints) -> dict[str, Floats]:
    """Log-odds of the held-out rows by every model."""
    table, y, other = loans.table.take(known), loans.y[known], loans.table.take(held)
    theirs, own = _key(scoring_peers, challenger), _key(*_TRAINING, *_SERVING)
    found = {
        name: _once(loans, part, name, theirs, partial(peer, table, y, other))
        for name, peer in scoring_peers.PEERS.items()
    }

    def ours() -> Floats:
        champion = choice.fit(table, y, {})
        scores = champion.scores(other)
        return np.stack([scores[champion.decides], *(scores[by] for by in Decider)])

    chosen, *by = _once(loans, part, OURS, own, ours)
    card = dict(zip(Decider, by, strict=True))[Decider.SCORECARD]
    return {**found, OURS: chosen, TWIN: card, BLEND: challenger.blended(chosen, found["CatBoost"])}


def _once(loans: Loans, part: str, name: str, key: str, make: Callable[[], Floats]) -> Floats:
    if not loans.sha256:
        return make()
    folder = KEPT / f"accuracy-{loans.name}-{loans.sha256[:12]}"
    path = folder / f"{part}-{name.replace(' ', '-')}-{key}.npy"
    if path.is_file():
        return np.asarray(np.load(path))
    scores = make()
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft.npy")
    np.save(draft, scores)
    draft.replace(path)
    return scores


@cache
def _key(*code: ModuleType) -> str:
    texts = [Path(str(module.__file__)).read_bytes() for module in (*_READING, *code)]
    libraries = [f"{name} {version(name)}".encode() for name in _LIBRARIES]
    return hashlib.sha256(b"\0".join([*texts, *libraries])).hexdigest()[:12]


def _read(path: Path) -> Loans:
    table = tables.read(str(path))
    y = guards.target(table, "y")
    order = guards.order(table, "t") if "t" in table else None
    usable = guards.usable(table.without("y", "t"), y, seed=recipe.SEED)
    return Loans(path.stem, usable.table, y, order, table.sha256)


def _drawn() -> Loans:
    """600 invented loans: a line, an interaction, a category, missing values."""
    dice = np.random.default_rng(6)
    income, late = dice.lognormal(6, 0.6, 600), dice.poisson(1.0, 600).astype(float)
    work = dice.choice(["salaried", "casual", "farmer"], 600).tolist()
    odds = -1.5 + 0.7 * late - 0.001 * income + np.where(income > 500, 0.4, -0.2) * late
    y = (dice.uniform(size=600) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    income[::13] = np.nan
    made = Table({"income": income, "late": late, "work": work}, 600, "")
    return Loans("drawn", made, y, None, "")
