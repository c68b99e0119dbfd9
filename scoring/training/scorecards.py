"""The model's twin in points: optbinning's bins, a logistic regression, weights of one sign."""

import contextlib
import io
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.model.calibration import logistic
from scoring.model.scorecard import Attribute, Scorecard

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
RIDGE = 1.0
NOISE = 2.0
"""A column must tell more than this many times what pure chance tells with as many bins."""
_TRENDS = {1: "ascending", -1: "descending", 0: "auto"}


def fit(names: Sequence[str], rows: Floats, y: Ints, monotone: Sequence[int]) -> Scorecard:
    """Each column's bins in its own direction, and how much each column counts."""
    found = [_attribute(name, rows[:, n], y, monotone[n]) for n, name in enumerate(names)]
    design = np.column_stack([attribute.of(rows[:, n]) for n, attribute in enumerate(found)])
    *weights, intercept = _weights(design, y)
    card = Scorecard(round(intercept, 9), tuple(found))
    return _weighted(card, weights)


def binning(values: Floats, y: Ints, direction: int) -> Any:
    """optbinning's best bins of one column."""
    bins = _optbinning()(monotonic_trend=_TRENDS[direction])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bins.fit(values, y)


def evidence(bins: Any, values: Floats) -> Floats:
    """The log-odds of being bad that optbinning counts for each value, against the average."""
    found = bins.transform(values, metric="woe", metric_missing="empirical")
    return -np.asarray(found, dtype=np.float64)


def _attribute(name: str, values: Floats, y: Ints, direction: int) -> Attribute:
    known = values[~np.isnan(values)]
    if len(known) and known.min() < known.max():
        bins = binning(values, y, direction)
        edges = np.asarray(bins.splits, dtype=np.float64)
    else:  # Only whether it is missing can tell anything.
        return Attribute(name, (), (0.0,), 0.0)
    # One value inside each bin: just below the first edge, then the edges, which open a bin.
    inside = np.r_[np.nextafter(edges[0], -np.inf), edges] if len(edges) else known[:1]
    *log_odds, missing = evidence(bins, np.r_[inside, np.nan])
    attribute = Attribute(name, tuple(edges.tolist()), tuple(log_odds), float(missing))
    return attribute if _tells(attribute, values, y) else Attribute(name, (), (0.0,), 0.0)


def _tells(attribute: Attribute, values: Floats, y: Ints) -> bool:
    """Information value against what as many bins of noise would have."""
    bins = np.searchsorted(attribute.edges, values, side="right")
    bins = np.where(np.isnan(values), len(attribute.edges) + 1, bins)
    bad = np.bincount(bins[y == 1], minlength=len(attribute.edges) + 2) / y.sum()
    good = np.bincount(bins[y == 0], minlength=len(attribute.edges) + 2) / (len(y) - y.sum())
    odds = np.array([*attribute.log_odds, attribute.missing])
    chance = (np.count_nonzero(bad + good) - 1) * (1 / y.sum() + 1 / (len(y) - y.sum()))
    return bool(((bad - good) * odds).sum() > NOISE * chance)


def _weights(design: Floats, y: Ints) -> list[float]:
    """Logistic regression with a ridge; no weight below zero, so no column turns its meaning."""
    from scipy.optimize import minimize

    full = np.column_stack([design, np.ones(len(y))])
    ridge = np.r_[np.full(design.shape[1], RIDGE), 0.0]

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = full @ weights
        value = np.logaddexp(0.0, odds).sum() - odds[y == 1].sum()
        slope = full.T @ (logistic(odds) - y)
        return (
            float(value + 0.5 * (ridge * weights**2).sum()) / len(y),
            (slope + ridge * weights) / len(y),
        )

    rate = float(y.mean())
    start = np.r_[np.full(design.shape[1], 0.5), np.log(rate / (1 - rate))]
    bounds = [(0.0, None)] * design.shape[1] + [(None, None)]
    options = {"ftol": 1e-12, "gtol": 1e-8, "maxiter": 500}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return [float(weight) for weight in found.x]


def _weighted(card: Scorecard, weights: Sequence[float]) -> Scorecard:
    return Scorecard(
        card.intercept,
        tuple(
            Attribute(
                attribute.name,
                attribute.edges,
                tuple(round(value * weight, 9) for value in attribute.log_odds),
                round(attribute.missing * weight, 9),
            )
            for attribute, weight in zip(card.attributes, weights, strict=True)
        ),
    )


@cache
def _optbinning() -> Any:
    # One of its own imports complains on standard error about a solver that nobody asks for.
    with contextlib.redirect_stderr(io.StringIO()):
        from optbinning import OptimalBinning
    return OptimalBinning
