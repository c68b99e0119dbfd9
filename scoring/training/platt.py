"""Two numbers that turn held-out log-odds into honest probabilities."""

import numpy as np
from numpy.typing import NDArray

from scoring.model.calibration import Calibrator, logistic
from scoring.training import folds, metrics

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_STEPS = 50
_HALVINGS = 20
_TINY = 1e-12
_RIDGE = 1e-9


def fit(scores: Floats, y: Ints) -> Calibrator | None:
    """Logistic regression of the outcome on the score. None when a higher score is no worse."""
    design = np.column_stack([scores, np.ones(len(scores))])
    rate = float(y.mean())
    weights = np.array([0.0, np.log(rate / (1 - rate))])
    for _ in range(_STEPS):
        better = _stepped(design, y, weights)
        if np.abs(better - weights).max() < _TINY:
            break
        weights = better
    slope, intercept = (round(float(weight), 9) for weight in weights)
    return Calibrator(slope, intercept) if slope > 0 else None


def crossed(scores: Floats, y: Ints, *, seed: int) -> Floats:
    """Probabilities of rows that did not help to calibrate themselves."""
    pds = np.empty(len(y))
    for kept, held in folds.stratified(y, seed=seed + 1):
        calibrator = fit(scores[kept], y[kept])
        pds[held] = logistic(scores[held]) if calibrator is None else calibrator(scores[held])
    return pds


def _stepped(design: Floats, y: Ints, weights: Floats) -> Floats:
    """One Newton step, halved until it helps: a full one can jump over the hill and away."""
    pds = logistic(design @ weights)
    curvature = design.T @ (design * (pds * (1 - pds))[:, None]) + _RIDGE * np.eye(2)
    step = np.linalg.solve(curvature, design.T @ (y - pds))
    before = metrics.log_loss(y, pds)
    for _ in range(_HALVINGS):
        if metrics.log_loss(y, logistic(design @ (weights + step))) <= before:
            return np.asarray(weights + step)
        step = step / 2
    return weights
