"""How good probabilities are: ranking, calibration, and how sure we are of each number."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Of a difference: the interval leaves zero out."""
        return self.low > 0 or self.high < 0

    def to_json(self) -> dict[str, float]:
        return {
            "value": round(self.value, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
        }


def auc(y: Ints, scores: Floats) -> float:
    """Chance that a bad loan scores above a good one; ties count half. 0.5 with one class only."""
    bad = int(y.sum())
    good = len(y) - bad
    if not bad or not good:
        return 0.5
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[inverse][y == 1].sum() - bad * (bad + 1) / 2) / (bad * good))


def gini(y: Ints, scores: Floats) -> float:
    return 2 * auc(y, scores) - 1


def ks(y: Ints, scores: Floats) -> float:
    """Largest distance between the bad and the good below a cut-off."""
    false_rate, true_rate = roc(y, scores)
    return float(np.max(np.abs(true_rate - false_rate)))


def roc(y: Ints, scores: Floats) -> tuple[Floats, Floats]:
    """False and true positive rates, one point per distinct score."""
    order = np.argsort(-scores, kind="stable")
    ordered, sorted_scores = y[order], scores[order]
    last_of_tie = np.r_[np.diff(sorted_scores) != 0, True]
    caught = np.cumsum(ordered)[last_of_tie]
    alarms = np.cumsum(1 - ordered)[last_of_tie]
    return (
        np.r_[0.0, alarms / max(int((1 - y).sum()), 1)],
        np.r_[0.0, caught / max(int(y.sum()), 1)],
    )


def brier(y: Ints, pds: Floats) -> float:
    return float(np.mean((pds - y) ** 2))


def log_loss(y: Ints, pds: Floats) -> float:
    safe = np.clip(pds, EPSILON, 1 - EPSILON)
    return float(-np.mean(y * np.log(safe) + (1 - y) * np.log(1 - safe)))


def ece(y: Ints, pds: Floats, bins: int = 10) -> float:
    """Mean gap between stated and seen bad rate over bins of equal size."""
    return float(
        sum(abs(stated - seen) * share for stated, seen, share in reliability(y, pds, bins))
    )


def reliability(y: Ints, pds: Floats, bins: int = 10) -> list[tuple[float, float, float]]:
    """Per bin of equal size: mean stated probability, bad rate seen, share of rows."""
    parts = np.array_split(np.argsort(pds, kind="stable"), min(bins, len(y)))
    return [(float(pds[part].mean()), float(y[part].mean()), len(part) / len(y)) for part in parts]


_ALL: Mapping[str, Callable[[Ints, Floats], float]] = {
    "auc": auc,
    "gini": gini,
    "ks": ks,
    "brier": brier,
    "log_loss": log_loss,
    "ece": ece,
}


def estimate(y: Ints, pds: Floats, *, seed: int, resamples: int = 300) -> dict[str, Estimate]:
    """Every metric with its interval, from rows drawn again with replacement."""
    drawn = [_measured(y[rows], pds[rows]) for rows in _resamples(len(y), seed, resamples)]
    return _with_intervals(_measured(y, pds), drawn)


def differences(
    y: Ints, first: Floats, other: Floats, *, seed: int, resamples: int = 300
) -> dict[str, Estimate]:
    """How much more the other has of every metric, both measured on the same drawn rows: what
    they have in common does not widen the interval."""

    def apart(rows: Ints | slice) -> dict[str, float]:
        ours, theirs = _measured(y[rows], first[rows]), _measured(y[rows], other[rows])
        return {name: theirs[name] - ours[name] for name in _ALL}

    drawn = [apart(rows) for rows in _resamples(len(y), seed, resamples)]
    return _with_intervals(apart(slice(None)), drawn)


def _resamples(rows: int, seed: int, resamples: int) -> Iterator[Ints]:
    """Rows drawn again with replacement; less often where many rows make intervals narrow."""
    dice = np.random.default_rng(seed)
    for _ in range(resamples if rows <= 20_000 else resamples // 5):
        yield dice.integers(0, rows, rows)


def _measured(y: Ints, pds: Floats) -> dict[str, float]:
    return {name: measure(y, pds) for name, measure in _ALL.items()}


def _with_intervals(
    values: Mapping[str, float], drawn: Sequence[Mapping[str, float]]
) -> dict[str, Estimate]:
    found = {}
    for name, value in values.items():
        low, high = np.percentile([d[name] for d in drawn], [2.5, 97.5])
        # Drawing rows again adds noise, of which a calibration error is made: it may lie outside.
        found[name] = Estimate(value, min(float(low), value), max(float(high), value))
    return found


def to_json(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: value.to_json() for name, value in estimates.items()}
