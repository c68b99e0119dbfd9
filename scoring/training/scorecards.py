"""The model's twin in points: optbinning's bins, a logistic regression, weights of one sign."""

import contextlib
import io
import warnings
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.model.calibration import logistic
from scoring.model.manifest import Column
from scoring.model.scorecard import DOUBLE, ODDS, POINTS, Attribute, Scorecard
from scoring.training import folds, platt

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
RIDGE = 1.0
HALF = 0.5
"""Loans of each kind added to every bin while weights are learned."""
SEED = 20250601
_TRENDS = {1: "ascending", -1: "descending", 0: "auto"}


def fit(names: Sequence[str], rows: Floats, y: Ints, monotone: Sequence[int]) -> Scorecard:
    """Each column's bins in its own direction, and how much each column counts."""
    columns = range(len(names))
    found = [_attribute(names[n], rows[:, n], y, monotone[n]) for n in columns]
    honest = np.column_stack([_crossed(found[n], rows[:, n], y) for n in columns])
    weights = _weights(honest, y)
    card = Scorecard(0.0, tuple(map(_weighted, found, weights)))
    # The bins as they are served tell more than those that left each row out.
    straight = platt.fit(card.raw_scores(rows), y)
    return card if straight is None else replace(card, intercept=straight.intercept)


def points_table(card: Scorecard, columns: Sequence[Column]) -> str:
    """What a person adds up by hand."""
    by_name = {column.name: column for column in columns}
    lines = [
        "# Scorecard\n",
        f"Add the points of every row that fits. {POINTS:.0f} points are {ODDS:.0f} good loans to "
        f"one bad; {DOUBLE:.0f} more points double that.\n",
        "| column | value | points |",
        "|---|---|---:|",
    ]
    for attribute, bins, missing in card.points():
        column = by_name[attribute.name]
        names = _bin_names(attribute, column.levels)
        # Where no training row missed a value, a middle one stands in for it.
        filled = None if column.fill is None else bins[bisect_right(attribute.edges, column.fill)]
        unknown = missing if filled is None else filled
        rows = [*zip(names, bins, strict=True), ("missing or unknown", unknown)]
        lines += [f"| `{attribute.name}` | {name} | {points} |" for name, points in rows if name]
    return "\n".join(lines) + "\n"


def _bin_names(attribute: Attribute, levels: Mapping[str, float] | None) -> list[str]:
    """The interval of each bin, or the levels in it; empty where no level is."""
    if levels is not None:
        bins = {level: bisect_right(attribute.edges, value) for level, value in levels.items()}
        return [
            ", ".join(level.replace("|", "/") for level, place in bins.items() if place == n)
            for n in range(len(attribute.edges) + 1)
        ]
    if not attribute.edges:
        return ["any"]
    edges = [format(edge, ".6g") for edge in attribute.edges]
    between = [f"{low} to below {high}" for low, high in pairwise(edges)]
    return [f"below {edges[0]}", *between, f"{edges[-1]} and more"]


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
    *log_odds, missing = evidence(bins, np.r_[inside, np.nan]).tolist()
    return Attribute(name, tuple(edges.tolist()), tuple(log_odds), missing)


def _crossed(attribute: Attribute, values: Floats, y: Ints) -> Floats:
    """Each row's evidence, counted on rows without it: noise then gets no weight."""
    count = len(attribute.edges) + 2
    bins = np.searchsorted(attribute.edges, values, side="right")
    bins = np.where(np.isnan(values), count - 1, bins)
    found = np.zeros(len(y))
    for kept, held in folds.stratified(y, seed=SEED):
        bad = np.bincount(bins[kept], y[kept], minlength=count)
        good = np.bincount(bins[kept], 1 - y[kept], minlength=count)
        odds = np.log((bad + HALF) / (good + HALF)) - np.log(bad.sum() / good.sum())
        found[held] = np.where(bad + good > 0, odds, 0.0)[bins[held]]
    return found


def _weights(design: Floats, y: Ints) -> Floats:
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
    return np.asarray(found.x[:-1])


def _weighted(attribute: Attribute, weight: float) -> Attribute:
    return replace(
        attribute,
        log_odds=tuple(round(value * float(weight), 9) for value in attribute.log_odds),
        missing=round(attribute.missing * float(weight), 9),
    )


@cache
def _optbinning() -> Any:
    # One of its own imports complains on standard error about a solver that nobody asks for.
    with contextlib.redirect_stderr(io.StringIO()):
        from optbinning import OptimalBinning
    return OptimalBinning
