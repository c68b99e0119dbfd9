"""The disciplined recipe: small trees, early stopping inside the rows given, averaged boosters."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.model.calibration import logistic
from scoring.model.native import Booster
from scoring.training import folds, merging, metrics

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SEED = 20250601
ROUNDS = 800
PATIENCE = 50
SPLITS = 3
BEST = 2
SEARCH_ROWS = 25_000

# What helped on real data: 3 to 31 leaves, a slow rate, few columns per tree, strong L2.
CONFIGURATIONS: Mapping[str, Mapping[str, float]] = {
    "leaves3": {"num_leaves": 3, "learning_rate": 0.05, "feature_fraction": 0.5, "lambda_l2": 5},
    "leaves5": {"num_leaves": 5, "learning_rate": 0.04, "feature_fraction": 0.3, "lambda_l2": 10},
    "leaves7": {"num_leaves": 7, "learning_rate": 0.03, "feature_fraction": 0.5, "lambda_l2": 20},
    "leaves15": {"num_leaves": 15, "learning_rate": 0.03, "feature_fraction": 0.3, "lambda_l2": 20},
    "leaves15wide": {
        "num_leaves": 15,
        "learning_rate": 0.04,
        "feature_fraction": 0.5,
        "lambda_l2": 10,
    },
    "leaves31": {"num_leaves": 31, "learning_rate": 0.04, "feature_fraction": 0.5, "lambda_l2": 5},
}
Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Ensemble:
    """`text` is one LightGBM model: the average of the boosters that were kept."""

    text: str
    chosen: tuple[str, ...]
    losses: dict[str, float] = field(default_factory=dict)

    def scores(self, rows: Floats) -> Floats:
        return Booster(self.text).raw_scores(rows)


@dataclass(frozen=True, slots=True)
class _Fit:
    text: str
    loss: float


def steps(rows: int) -> int:
    """How many boosters `fit` will train, for a progress bar."""
    searched = len(CONFIGURATIONS) * (SPLITS if rows <= SEARCH_ROWS else 1)
    return searched if rows <= SEARCH_ROWS else searched + BEST * SPLITS


def fit(
    rows: Floats, y: Ints, monotone: Sequence[int], *, seed: int = SEED, step: Step = lambda: None
) -> Ensemble:
    """Try every configuration on held-out parts of these rows; average the best ones' boosters."""
    splits = list(islice(folds.stratified(y, seed=seed), SPLITS))
    work = _Work(rows, y, monotone, seed, step)
    if len(y) <= SEARCH_ROWS:
        trials = work.trials(CONFIGURATIONS, splits)
        losses, chosen = _ranked(trials)
    else:
        losses, chosen = _ranked(work.trials(CONFIGURATIONS, [_thinned(splits[0], seed)]))
        trials = work.trials(chosen, splits)
    texts = [trial.text for name in chosen for trial in trials[name]]
    return Ensemble(merging.average(texts), chosen, losses)


def _ranked(trials: Mapping[str, Sequence[_Fit]]) -> tuple[dict[str, float], tuple[str, ...]]:
    losses = {name: float(np.mean([t.loss for t in tried])) for name, tried in trials.items()}
    return losses, tuple(sorted(losses, key=lambda name: losses[name])[:BEST])


def _thinned(split: tuple[Ints, Ints], seed: int) -> tuple[Ints, Ints]:
    dice = np.random.default_rng(seed)
    kept, held = split
    return (
        np.sort(dice.permutation(kept)[: SEARCH_ROWS * 4 // 5]),
        np.sort(dice.permutation(held)[: SEARCH_ROWS // 5]),
    )


@dataclass(frozen=True, slots=True)
class _Work:
    rows: Floats
    y: Ints
    monotone: Sequence[int]
    seed: int
    step: Step

    def trials(
        self, names: Iterable[str], splits: Sequence[tuple[Ints, Ints]]
    ) -> dict[str, list[_Fit]]:
        """One booster per name and split, each on one core: the same whatever else runs."""
        jobs = [(name, split) for name in names for split in splits]
        found: dict[str, list[_Fit]] = {name: [] for name, _ in jobs}
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for (name, _), trial in zip(jobs, pool.map(self._boost, jobs), strict=True):
                found[name].append(trial)
                self.step()
        return found

    def _boost(self, job: tuple[str, tuple[Ints, Ints]]) -> _Fit:
        import lightgbm

        name, (kept, held) = job
        settings = _settings(name, self.monotone, len(kept), self.seed)
        data = lightgbm.Dataset(self.rows[kept], self.y[kept], params=settings)
        booster = lightgbm.train(
            settings,
            data,
            num_boost_round=ROUNDS,
            valid_sets=[lightgbm.Dataset(self.rows[held], self.y[held], reference=data)],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )
        text = booster.model_to_string(num_iteration=booster.best_iteration)
        pds = logistic(Booster(text).raw_scores(self.rows[held]))
        return _Fit(text, metrics.log_loss(self.y[held], pds))


def _settings(name: str, monotone: Sequence[int], rows: int, seed: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        **CONFIGURATIONS[name],
        "min_data_in_leaf": int(min(40, max(10, rows // 50))),
        "monotone_constraints": list(monotone),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
