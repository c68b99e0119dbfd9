"""From a booster's log-odds to a probability that means what it says."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring.refusals import Sentence

Floats = NDArray[np.float64]


class CalibratorUnknown(Sentence, DomainError):
    code = "model_calibrator_unknown"
    kind = Kind.INVALID
    sentence = "The model's calibrator is not usable: {problem}."


@dataclass(frozen=True, slots=True)
class Calibrator:
    """Platt scaling of the log-odds: `slope * score + intercept`, then the logistic function.

    With `below`, beta calibration: a slope of its own for scores that speak for a good loan.
    `offset` moves the result from the base rate of the training sample to that of the population
    the lender declares; 0 leaves it.
    """

    slope: float
    intercept: float
    offset: float = 0.0
    below: float | None = None

    def __post_init__(self) -> None:
        slopes = (self.slope, self.slope if self.below is None else self.below)
        if not all(math.isfinite(x) for x in (*slopes, self.intercept, self.offset)):
            raise CalibratorUnknown(problem="a parameter is not a number")
        if min(slopes) <= 0:
            raise CalibratorUnknown(problem="its slope is not positive, so it would turn the order")

    def __call__(self, scores: Floats) -> Floats:
        if self.below is None:
            return logistic(self.slope * scores + self.intercept + self.offset)
        bent = self.slope * softplus(scores) - self.below * softplus(-scores)
        return logistic(bent + self.intercept + self.offset)

    def to_json(self) -> dict[str, Any]:
        below = {} if self.below is None else {"below": self.below}
        return {
            "kind": "platt" if self.below is None else "beta",
            "slope": self.slope,
            **below,
            "intercept": self.intercept,
            "offset": self.offset,
        }


def logistic(scores: Floats) -> Floats:
    probabilities: Floats = 1.0 / (1.0 + np.exp(-np.clip(scores, -700.0, 700.0)))
    return probabilities


def softplus(scores: Floats) -> Floats:
    return np.logaddexp(0.0, scores)


def from_json(document: Any) -> Calibrator:
    if not isinstance(document, dict) or document.get("kind") not in {"platt", "beta"}:
        raise CalibratorUnknown(problem="its kind is not known")
    try:
        return Calibrator(
            float(document["slope"]),
            float(document["intercept"]),
            float(document["offset"]),
            float(document["below"]) if document["kind"] == "beta" else None,
        )
    except (KeyError, TypeError, ValueError):
        raise CalibratorUnknown(problem="a parameter is missing or not a number") from None
