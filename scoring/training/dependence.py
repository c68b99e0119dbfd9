"""Partial dependence: the probability as one column changes and all others stay as they are."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.model.manifest import Column

Floats = NDArray[np.float64]
STRONGEST = 6
ROWS = 200
POINTS = 11
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Dependence:
    """`labels` are levels of a category or empty; the last point may be the missing value."""

    column: str
    values: tuple[float, ...]
    labels: tuple[str, ...]
    pds: tuple[float, ...]
    missing: float | None
    """The probability where the value is missing; None where no row misses it."""


def strongest(
    pds: Callable[[Floats], Floats], contributions: Callable[[Floats], Floats],
    rows: Floats, columns: Sequence[Column],
) -> tuple[Dependence, ...]:  # fmt: skip
    """The columns that move the log-odds most, over rows spread evenly through the data."""
    sample = rows[np.linspace(0, len(rows) - 1, min(ROWS, len(rows))).astype(np.int64)]
    moved = contributions(sample)[:, : len(columns)].std(axis=0)
    order = [int(n) for n in np.argsort(-moved, kind="stable")[:STRONGEST] if moved[n] > 0]
    return tuple(_dependence(pds, sample, rows[:, n], n, columns[n]) for n in order)


def _dependence(
    pds: Callable[[Floats], Floats], sample: Floats, values: Floats, position: int, column: Column
) -> Dependence:
    known = values[~np.isnan(values)]
    if column.levels is not None:
        seen = {level: int((known == number).sum()) for level, number in column.levels.items()}
        common = sorted(seen, key=lambda level: -seen[level])[:POINTS]
        labels = tuple(sorted(common, key=lambda level: column.levels[level]))  # type: ignore[index]
        points = [column.levels[label] for label in labels]
    else:
        labels = ()
        points = np.unique(np.quantile(known, np.linspace(0.02, 0.98, POINTS))).tolist()

    def with_all(value: float) -> float:
        changed = sample.copy()
        changed[:, position] = value
        return float(pds(changed).mean())

    return Dependence(
        column.name,
        tuple(points),
        labels,
        tuple(with_all(point) for point in points),
        with_all(math.nan) if len(known) < len(values) else None,
    )
