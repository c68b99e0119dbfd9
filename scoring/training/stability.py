"""Whether a model ranks and means the same from one period to the next."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from scoring.training import metrics
from scoring.training.tables import Floats, Levels

Ints = NDArray[np.int64]
MOST_PERIODS = 8
FEWEST_BAD = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AN_INSTANT = 1e13
"""Dates are read as microseconds since 1970: a number of this size is one."""


@dataclass(frozen=True, slots=True)
class Period:
    """Neighbors in time: as many rows in each period."""

    begins: str
    rows: int
    stated: float
    seen: float
    auc: float


def over_time(y: Ints, pds: Floats, order: Ints, times: Floats | Levels) -> tuple[Period, ...]:
    """Oldest first; so many periods that each can hold enough bad loans to rank."""
    parts = int(min(MOST_PERIODS, min(y.sum(), len(y) - y.sum()) // FEWEST_BAD))
    return tuple(
        Period(
            _label(times[int(rows[0])]),
            len(rows),
            float(pds[rows].mean()),
            float(y[rows].mean()),
            metrics.auc(y[rows], pds[rows]),
        )
        for rows in np.array_split(order, max(parts, 1))
    )


def _label(time: float | str | None) -> str:
    if time is None or isinstance(time, str):
        return (time or "unknown")[:10]
    if time >= _AN_INSTANT:
        return (_EPOCH + timedelta(microseconds=time)).date().isoformat()
    return format(time, "g")
