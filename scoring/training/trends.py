"""Which way risk goes along a column: told by a file, by our own definition, or by the data."""

from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring.features import registry
from scoring.refusals import Sentence
from scoring.training import metrics
from scoring.training.tables import Floats

Ints = NDArray[np.int64]
BINS = 10
CLEAR_RHO = 0.8
CLEAR_AUC = 0.02


class MonotoneFileRefused(Sentence, DomainError):
    code = "training_monotone_refused"
    kind = Kind.INVALID
    sentence = "The file of monotone directions cannot be used: {problem}."


def read(path: Path | None) -> dict[str, int]:
    """`column: 1 | -1 | 0` in YAML."""
    if path is None:
        return {}
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise MonotoneFileRefused(problem=f"{path.name} is not readable YAML") from None
    if not isinstance(document, dict):
        raise MonotoneFileRefused(problem="it is not a list of column: direction")
    for name, direction in document.items():
        if direction not in (1, -1, 0) or isinstance(direction, bool):
            raise MonotoneFileRefused(problem=f"{name} has direction {direction!r}, not 1, -1 or 0")
    return {str(name): int(direction) for name, direction in document.items()}


def direction(name: str, values: Floats, y: Ints, told: dict[str, int]) -> int:
    if name in told:
        return told[name]
    if registry.is_known(name):
        return registry.get(name).monotone
    return learned(values, y)


def learned(values: Floats, y: Ints) -> int:
    """A direction only where ten bins agree on it and the column ranks at all; else 0."""
    known = ~np.isnan(values)
    x, answers = values[known], y[known]
    if len(x) < BINS * 10 or abs(metrics.auc(answers, x) - 0.5) < CLEAR_AUC:
        return 0
    edges = np.unique(np.quantile(x, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, x, side="right")
    present = np.unique(bins)
    if len(present) < 3:
        return 0
    rates = np.array([answers[bins == n].mean() for n in present])
    rho = float(np.corrcoef(np.arange(len(rates)), np.argsort(np.argsort(rates)))[0, 1])
    return int(np.sign(rho)) if abs(rho) >= CLEAR_RHO else 0
