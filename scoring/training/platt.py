"""Two numbers that turn held-out log-odds into honest probabilities."""

import numpy as np
from numpy.typing import NDArray

from scoring.model.calibration import Calibrator
from scoring.training import folds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_STEPS = 50
_TINY = 1e-10


def fit(scores: Floats, y: Ints) -> Calibrator | None:
    """Logistic regression of the outcome on the score. None when a higher score is no worse."""
    design = np.column_stack([scores, np.ones(len(scores))])
    weights = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        pds = 1 / (1 + np.exp(-design @ weights))
        curvature = design.T @ (design * (pds * (1 - pds))[:, None]) + 1e-9 * np.eye(2)
        change = np.linalg.solve(curvature, design.T @ (y - pds))
        weights = weights + change
        if np.abs(change).max() < _TINY:
            break
    slope, intercept = (round(float(weight), 9) for weight in weights)
    return Calibrator(slope, intercept) if np.isfinite(slope) and slope > 0 else None


def crossed(scores: Floats, y: Ints, *, seed: int) -> Floats:
    """Probabilities of rows that did not help to calibrate themselves."""
    pds = np.empty(len(y))
    for kept, held in folds.stratified(y, seed=seed + 1):
        calibrator = fit(scores[kept], y[kept])
        pds[held] = (
            1 / (1 + np.exp(-scores[held])) if calibrator is None else calibrator(scores[held])
        )
    return pds
