"""Two or three numbers that turn held-out log-odds into honest probabilities."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scoring.model.calibration import Calibrator, logistic, softplus
from scoring.training import folds, metrics

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_STEPS = 50
_HALVINGS = 20
_TINY = 1e-12
_RIDGE = 1e-9


def fit(scores: Floats, y: Ints) -> Calibrator | None:
    """Logistic regression of the outcome on the score. None when a higher score is no worse."""
    slope, intercept = _weights(np.column_stack([scores, np.ones(len(scores))]), y)
    return Calibrator(slope, intercept) if slope > 0 else None


def beta(scores: Floats, y: Ints) -> Calibrator | None:
    """The same with two slopes: one for each probability's own logarithm."""
    design = np.column_stack([softplus(scores), -softplus(-scores), np.ones(len(scores))])
    above, below, intercept = _weights(design, y)
    return Calibrator(above, intercept, below=below) if min(above, below) > 0 else None


def best(scores: Floats, y: Ints, *, seed: int) -> tuple[Calibrator | None, Floats]:
    """Platt or beta, whichever is nearer on rows it was not fitted on, and what it said there."""
    straight, bent = (crossed(scores, y, seed=seed, how=how) for how in (fit, beta))
    if metrics.log_loss(y, bent) < metrics.log_loss(y, straight):
        found = beta(scores, y)
        if found is not None:
            return found, bent
    return fit(scores, y), straight


def crossed(
    scores: Floats,
    y: Ints,
    *,
    seed: int,
    how: Callable[[Floats, Ints], Calibrator | None] = fit,
) -> Floats:
    """Probabilities of rows that did not help to calibrate themselves."""
    pds = np.empty(len(y))
    for kept, held in folds.stratified(y, seed=seed + 1):
        calibrator = how(scores[kept], y[kept])
        pds[held] = logistic(scores[held]) if calibrator is None else calibrator(scores[held])
    return pds


def _weights(design: Floats, y: Ints) -> list[float]:
    rate = float(y.mean())
    weights = np.zeros(design.shape[1])
    weights[-1] = np.log(rate / (1 - rate))
    for _ in range(_STEPS):
        better = _stepped(design, y, weights)
        if np.abs(better - weights).max() < _TINY:
            break
        weights = better
    return [round(float(weight), 9) for weight in weights]


def _stepped(design: Floats, y: Ints, weights: Floats) -> Floats:
    """One Newton step, halved until it helps: a full one can jump over the hill and away."""
    pds = logistic(design @ weights)
    curvature = design.T @ (design * (pds * (1 - pds))[:, None]) + _RIDGE * np.eye(design.shape[1])
    step = np.linalg.solve(curvature, design.T @ (y - pds))
    before = metrics.log_loss(y, pds)
    for _ in range(_HALVINGS):
        if metrics.log_loss(y, logistic(design @ (weights + step))) <= before:
            return np.asarray(weights + step)
        step = step / 2
    return weights
