"""The disciplined recipe: small trees, early stopping inside the rows given, averaged boosters."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.training import folds, merging

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SEED = 20250601
ROUNDS = 800
PATIENCE = 40
SPLITS = 3
BEST = 2
SEEDS = 3
SEARCH_ROWS = 25_000
LONGER = 1.1
"""All rows are a quarter more than those that told when to stop."""
MOST_LEAVES = 24_000
"""Reasons are counted over all of them. More made nothing better where it was measured."""
SURE = 2.0
"""Standard errors by which free directions must be better before learned ones are given up."""
NEAR = 1.0
"""Standard errors by which the next configuration may be worse than the best, and join it."""

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
    "leaves31": {"num_leaves": 31, "learning_rate": 0.12, "feature_fraction": 0.5, "lambda_l2": 5},
    # Where a few rows that are alike tell much: it wins seldom, and then by far.
    "leaves63": {
        "num_leaves": 63,
        "learning_rate": 0.08,
        "feature_fraction": 0.5,
        "lambda_l2": 1,
        "min_data_in_leaf": 5,
    },
}
Step = Callable[[], None]
_LEAVES = re.compile(r"^num_leaves=(\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ensemble:
    """`text` is one LightGBM model: the average of the boosters that were kept."""

    text: str
    chosen: tuple[str, ...]
    losses: dict[str, float]
    monotone: tuple[int, ...]
    """The directions it obeys: those that were given, unless learned ones cost too much."""
    gave_up: bool = False
    cost: float = 0.0
    """What the learned directions cost, in log loss on held-out rows."""
    held: Floats = field(default_factory=lambda: np.empty(0))
    """Log-odds of each row from the boosters that have not seen it; NaN where all have."""


@dataclass(frozen=True, slots=True)
class _Fit:
    booster: Any
    """LightGBM's own, with the rounds after the best one too."""
    rounds: int
    rows: Floats
    y: Ints
    held: Ints
    shift: float = 0.0
    """By how much weights of the bad rows raise all log-odds."""

    def scores(self, rounds: int) -> Floats:
        """Log-odds of the held-out rows after so many rounds."""
        found = self.booster.predict(self.rows, raw_score=True, num_iteration=rounds, num_threads=1)
        return np.asarray(found, dtype=np.float64) - self.shift

    @property
    def losses(self) -> Floats:
        """Per held-out row, where it was best to stop."""
        scores = self.scores(self.rounds)
        return np.asarray(np.logaddexp(0.0, scores) - self.y * scores)

    @property
    def leaves(self) -> int:
        text = self.booster.model_to_string(num_iteration=self.rounds)
        return sum(map(int, _LEAVES.findall(text)))

    @property
    def loss(self) -> float:
        return float(self.losses.mean())


Trials = dict[str, list[_Fit]]
Encode = Callable[[Ints, Ints], tuple[Floats, Floats]]
"""The matrices of two groups of rows, encoded with what the first group alone knows."""


def steps(rows: int) -> int:
    """How many boosters `fit` will train, for a progress bar."""
    searched = len(CONFIGURATIONS) * SPLITS if rows <= SEARCH_ROWS else len(CONFIGURATIONS) + BEST
    return searched + BEST * SEEDS


def compared(y: Ints, *, seed: int = SEED) -> list[tuple[Ints, Ints]]:
    """The parts of the rows that configurations, directions and twins are compared on."""
    return list(islice(folds.stratified(y, seed=seed), SPLITS if len(y) <= SEARCH_ROWS else 1))


def fit(
    encode: Encode,
    y: Ints,
    monotone: Sequence[int],
    *,
    told: Sequence[bool] = (),
    balanced: bool = False,
    seed: int = SEED,
    step: Step = lambda: None,
) -> Ensemble:
    """Try every configuration on held-out parts of the rows; train the best on all, and average.

    Directions that are not `told` but learned are given up where they cost too much.
    """
    weight = float((1 - y).sum() / y.sum()) if balanced else 1.0
    parts = [_Part(encode, y, *split, weight) for split in compared(y, seed=seed)]
    searched = parts if len(y) <= SEARCH_ROWS else [parts[0].thinned(seed)]
    work = _Work(tuple(monotone), seed, step)
    trials = work.trials(CONFIGURATIONS, searched)
    bound = tuple(d if n < len(told) and told[n] else 0 for n, d in enumerate(monotone))
    cost = 0.0
    if bound != tuple(monotone):
        best, free = _ranked(trials)[:1], replace(work, monotone=bound)
        cost, sure = _behind(work.trials(best, parts)[best[0]], free.trials(best, parts)[best[0]])
        if cost > SURE * sure:
            work, trials = free, free.trials(CONFIGURATIONS, searched)
    chosen = _best(trials)
    losses = {name: float(np.mean([t.loss for t in tried])) for name, tried in trials.items()}
    kept = (
        {name: trials[name] for name in chosen} if searched is parts else work.trials(chosen, parts)
    )
    return Ensemble(
        text=merging.average(work.final(kept, _Part.whole(encode, y, weight))),
        chosen=chosen,
        losses=losses,
        monotone=work.monotone,
        gave_up=work.monotone != tuple(monotone),
        cost=cost,
        held=_held(kept, len(y)),
    )


def _ranked(trials: Mapping[str, Sequence[_Fit]]) -> tuple[str, ...]:
    losses = {name: np.mean([trial.loss for trial in tried]) for name, tried in trials.items()}
    return tuple(sorted(losses, key=lambda name: losses[name]))


def _best(trials: Trials) -> tuple[str, ...]:
    """The best configurations, less those that are clearly worse than the first."""
    first, *others = _ranked(trials)[:BEST]
    behind = {name: _behind(trials[name], trials[first]) for name in others}
    return (first, *(name for name, (cost, sure) in behind.items() if cost <= NEAR * sure))


def _behind(some: Sequence[_Fit], others: Sequence[_Fit]) -> tuple[float, float]:
    """How much worse some tell the rows than others do, and its standard error."""
    apart = np.concatenate([a.losses - b.losses for a, b in zip(some, others, strict=True)])
    return float(apart.mean()), float(apart.std() / np.sqrt(len(apart)))


def _held(kept: Trials, rows: int) -> Floats:
    """Each part is stopped where the others were best: its own rows would flatter it."""
    total, count = np.zeros(rows), np.zeros(rows)
    for tried in kept.values():
        for trial in tried:
            others = [other.rounds for other in tried if other is not trial] or [trial.rounds]
            total[trial.held] += trial.scores(round(float(np.mean(others))))
            count[trial.held] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True, slots=True)
class _Part:
    encode: Encode
    y: Ints
    kept: Ints
    held: Ints
    bad_weight: float = 1.0
    """As many good rows a bad one counts for."""

    def thinned(self, seed: int) -> "_Part":
        dice = np.random.default_rng(seed)
        kept = np.sort(dice.permutation(self.kept)[: SEARCH_ROWS * 4 // 5])
        held = np.sort(dice.permutation(self.held)[: SEARCH_ROWS // 5])
        return replace(self, kept=kept, held=held)

    @classmethod
    def whole(cls, encode: Encode, y: Ints, bad_weight: float) -> "_Part":
        return cls(encode, y, np.arange(len(y)), np.arange(0), bad_weight)

    def boost(self, settings: Mapping[str, Any]) -> _Fit:
        """Stopped where the held-out rows are told best."""
        import lightgbm

        rows, other = self.encode(self.kept, self.held)
        sized = self._sized(settings)
        data = lightgbm.Dataset(
            rows, self.y[self.kept], weight=self._weights(self.kept), params=sized
        )
        test = lightgbm.Dataset(
            other, self.y[self.held], weight=self._weights(self.held), reference=data
        )
        booster = lightgbm.train(
            sized,
            data,
            num_boost_round=ROUNDS,
            valid_sets=[test],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )
        shift = float(np.log(self.bad_weight))
        return _Fit(booster, booster.best_iteration, other, self.y[self.held], self.held, shift)

    def grow(self, settings: Mapping[str, Any], rounds: int) -> str:
        import lightgbm

        rows, _ = self.encode(self.kept, self.held)
        sized = self._sized(settings)
        weights = self._weights(self.kept)
        data = lightgbm.Dataset(rows, self.y[self.kept], weight=weights, params=sized)
        return str(lightgbm.train(sized, data, rounds).model_to_string())

    def _weights(self, rows: Ints) -> Floats | None:
        return None if self.bad_weight == 1 else np.where(self.y[rows], self.bad_weight, 1.0)

    def _sized(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {"min_data_in_leaf": int(min(40, max(10, len(self.kept) // 50))), **settings}


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

    def final(self, kept: Trials, whole: _Part) -> list[str]:
        """Boosters of all rows, of the configurations in turn, until one row's reasons would take
        too long."""
        size = {name: LONGER * np.mean([t.leaves for t in tried]) for name, tried in kept.items()}
        turns = BEST * SEEDS // len(kept)
        wanted = [(name, turn) for turn in range(turns) for name in kept]
        sizes = np.cumsum([size[name] for name, _ in wanted])
        wanted = wanted[: max(1, int(np.searchsorted(sizes, MOST_LEAVES, side="right")))]
        rounds = {
            name: round(LONGER * float(np.mean([t.rounds for t in tried])))
            for name, tried in kept.items()
        }

        def grow(job: tuple[str, int]) -> str:
            name, turn = job
            return whole.grow(_settings(name, self.monotone, self.seed + turn), rounds[name])

        texts = []
        with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
            for text in pool.map(grow, wanted):
                texts.append(text)
                self.step()
        return texts

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
