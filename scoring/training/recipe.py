"""The disciplined recipe: small trees, early stopping inside the rows given, averaged boosters."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.model.native import Booster
from scoring.training import folds, merging

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SEED = 20250601
ROUNDS = 800
PATIENCE = 40
SPLITS = 3
MORE_SPLITS = 5
"""Parts that the chosen configurations are trained on, where there are few rows."""
BEST = 2
SEARCH_ROWS = 25_000
SURE = 2.0
"""Standard errors by which free directions must be better before learned ones are given up."""

# What helped on real data: 3 to 31 leaves, a slow rate, few columns per tree, strong L2.
CONFIGURATIONS: Mapping[str, Mapping[str, float]] = {
    "leaves3": {"num_leaves": 3, "learning_rate": 0.1, "feature_fraction": 0.5, "lambda_l2": 5},
    "leaves5": {"num_leaves": 5, "learning_rate": 0.08, "feature_fraction": 0.3, "lambda_l2": 10},
    "leaves7": {"num_leaves": 7, "learning_rate": 0.06, "feature_fraction": 0.5, "lambda_l2": 20},
    "leaves15": {"num_leaves": 15, "learning_rate": 0.06, "feature_fraction": 0.3, "lambda_l2": 20},
    "leaves15wide": {
        "num_leaves": 15,
        "learning_rate": 0.07,
        "feature_fraction": 0.5,
        "lambda_l2": 10,
    },
    "leaves31": {"num_leaves": 31, "learning_rate": 0.08, "feature_fraction": 0.5, "lambda_l2": 5},
}
Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Ensemble:
    """`text` is one LightGBM model: the average of the boosters that were kept."""

    text: str
    chosen: tuple[str, ...]
    losses: dict[str, float]
    monotone: tuple[int, ...]
    """The directions it obeys: those that were given, unless learned ones cost too much."""
    cost: float = 0.0
    """What the learned directions cost, in log loss on held-out rows."""
    held: Floats = field(default_factory=lambda: np.empty(0))
    """Log-odds of each row from the boosters that have not seen it; NaN where all have."""

    def scores(self, rows: Floats) -> Floats:
        return Booster(self.text).raw_scores(rows)


@dataclass(frozen=True, slots=True)
class _Fit:
    text: str
    held: Ints
    scores: Floats
    losses: Floats
    """Per held-out row."""

    @property
    def loss(self) -> float:
        return float(self.losses.mean())


Trials = dict[str, list[_Fit]]
Encode = Callable[[Ints, Ints], tuple[Floats, Floats]]
"""The matrices of two groups of rows, encoded with what the first group alone knows."""


def steps(rows: int) -> int:
    """How many boosters `fit` will train, for a progress bar."""
    searched = len(CONFIGURATIONS) * (SPLITS if rows <= SEARCH_ROWS else 1)
    chosen = BEST * (MORE_SPLITS - SPLITS if rows <= SEARCH_ROWS else SPLITS)
    return searched + chosen


def splits_of(y: Ints, *, seed: int = SEED) -> list[tuple[Ints, Ints]]:
    """Parts of the rows; the search compares on the first `SPLITS`."""
    return list(folds.stratified(y, seed=seed, parts=MORE_SPLITS))


def fit(
    encode: Encode,
    y: Ints,
    monotone: Sequence[int],
    *,
    told: Sequence[bool] = (),
    seed: int = SEED,
    step: Step = lambda: None,
) -> Ensemble:
    """Try every configuration on held-out parts of the rows; average the best ones' boosters.

    Directions that are not `told` but learned are given up where they cost too much.
    """
    parts = [_Part(encode, y, *split) for split in splits_of(y, seed=seed)]
    few = len(y) <= SEARCH_ROWS
    searched = parts[:SPLITS] if few else [parts[0].thinned(seed)]
    work = _Work(tuple(monotone), seed, step)
    trials = work.trials(CONFIGURATIONS, searched)
    bound = tuple(d if n < len(told) and told[n] else 0 for n, d in enumerate(monotone))
    cost = 0.0
    if bound != tuple(monotone):
        best, free = _ranked(trials)[:1], replace(work, monotone=bound)
        fair = searched if few else parts[:1]
        cost, sure = _cost(work.trials(best, fair)[best[0]], free.trials(best, fair)[best[0]])
        if cost > SURE * sure:
            work, trials = free, free.trials(CONFIGURATIONS, searched)
    chosen = _ranked(trials)[:BEST]
    losses = {name: float(np.mean([t.loss for t in tried])) for name, tried in trials.items()}
    if few:
        more = work.trials(chosen, parts[SPLITS:])
        kept = {name: trials[name] + more[name] for name in chosen}
    else:
        kept = work.trials(chosen, parts[:SPLITS])
    text = merging.average([trial.text for name in chosen for trial in kept[name]])
    return Ensemble(text, chosen, losses, work.monotone, cost, _held(kept, len(y)))


def _ranked(trials: Mapping[str, Sequence[_Fit]]) -> tuple[str, ...]:
    losses = {name: np.mean([trial.loss for trial in tried]) for name, tried in trials.items()}
    return tuple(sorted(losses, key=lambda name: losses[name]))


def _cost(bound: Sequence[_Fit], free: Sequence[_Fit]) -> tuple[float, float]:
    """How much worse rows are told with directions than without, and how sure that is."""
    apart = np.concatenate([a.losses - b.losses for a, b in zip(bound, free, strict=True)])
    return float(apart.mean()), float(apart.std() / np.sqrt(len(apart)))


def _held(trials: Trials, rows: int) -> Floats:
    total, count = np.zeros(rows), np.zeros(rows)
    for trial in (trial for tried in trials.values() for trial in tried):
        total[trial.held] += trial.scores
        count[trial.held] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True, slots=True)
class _Part:
    encode: Encode
    y: Ints
    kept: Ints
    held: Ints

    def thinned(self, seed: int) -> "_Part":
        dice = np.random.default_rng(seed)
        kept = np.sort(dice.permutation(self.kept)[: SEARCH_ROWS * 4 // 5])
        held = np.sort(dice.permutation(self.held)[: SEARCH_ROWS // 5])
        return replace(self, kept=kept, held=held)

    def boost(self, settings: Mapping[str, Any]) -> _Fit:
        import lightgbm

        rows, other = self.encode(self.kept, self.held)
        leaf = int(min(40, max(10, len(rows) // 50)))
        settings = {**settings, "min_data_in_leaf": leaf}
        data = lightgbm.Dataset(rows, self.y[self.kept], params=settings)
        booster = lightgbm.train(
            settings,
            data,
            num_boost_round=ROUNDS,
            valid_sets=[lightgbm.Dataset(other, self.y[self.held], reference=data)],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )
        text = booster.model_to_string(num_iteration=booster.best_iteration)
        scores = Booster(text).raw_scores(other)
        losses = np.logaddexp(0.0, scores) - self.y[self.held] * scores
        return _Fit(text, self.held, scores, losses)


@dataclass(frozen=True, slots=True)
class _Work:
    monotone: tuple[int, ...]
    seed: int
    step: Step

    def trials(self, names: Iterable[str], parts: Sequence[_Part]) -> Trials:
        """One booster per name and part, each on one core: the same whatever else runs."""
        jobs = [(name, part) for name in names for part in parts]
        found: Trials = {name: [] for name, _ in jobs}
        with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
            for (name, _), trial in zip(jobs, pool.map(self._boost, jobs), strict=True):
                found[name].append(trial)
                self.step()
        return found

    def _boost(self, job: tuple[str, _Part]) -> _Fit:
        name, part = job
        return part.boost(_settings(name, self.monotone, self.seed))


def _settings(name: str, monotone: Sequence[int], seed: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        **CONFIGURATIONS[name],
        "monotone_constraints": list(monotone),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
