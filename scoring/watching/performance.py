"""Were the probabilities right? Stated against what became of loans that have had their time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.watching import chances
from scoring.watching.chances import Share

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FEWEST_BAD = 10
"""Fewer loans that went bad than this say nothing about a model."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration in the large: what was stated on average, and what came."""

    stated: float
    found: Share
    surprise: float
    """Chance of a difference as large when every stated probability is right."""

    def is_off(self, chance: float) -> bool:
        return self.surprise < chance

    @property
    def ratio(self) -> float:
        """Found over stated: 1.3 is 30 % more bad loans than the model says."""
        return (self.found.value or 0.0) / self.stated if self.stated else 0.0


@dataclass(frozen=True, slots=True)
class Ranking:
    """Chance that a loan that went bad was scored riskier than one that did not."""

    auc: float
    error: float
    """Its standard error (DeLong)."""

    @property
    def interval(self) -> tuple[float, float]:
        reach = chances.Z95 * self.error
        return max(self.auc - reach, 0.0), min(self.auc + reach, 1.0)

    def is_below(self, promised: float, chance: float) -> bool:
        """Below what was promised by more than chance explains."""
        if self.auc >= promised:
            return False
        return chances.normal_tail((promised - self.auc) / max(self.error, 1e-9)) / 2 < chance


def calibration(pds: Floats, bad: Bools) -> Calibration | None:
    """None for no rows. The spread is that of independent loans with the stated probabilities."""
    if not len(pds):
        return None
    expected, came = float(pds.sum()), int(bad.sum())
    spread = math.sqrt(max(float((pds * (1 - pds)).sum()), 1e-12))
    away = max(abs(came - expected) - 0.5, 0.0) / spread
    return Calibration(expected / len(pds), Share(came, len(pds)), chances.normal_tail(away))


def ranking(pds: Floats, bad: Bools) -> Ranking | None:
    """None where too few went bad, or too few did not."""
    if min(bad.sum(), (~bad).sum()) < FEWEST_BAD:
        return None
    above_good, above_bad = placements(pds, bad)
    variance = np.var(above_good, ddof=1) / len(above_good)
    variance += np.var(above_bad, ddof=1) / len(above_bad)
    return Ranking(float(above_good.mean()), float(np.sqrt(variance)))


def implied_auc(pds: Floats) -> float:
    """The AUC that these very probabilities promise for these very loans.

    A model ranks the loans that were approved less well than all who asked, because it has already
    taken the worst away: what training measured would cry wolf every day.
    """
    stated = np.sort(pds)
    values, counts = np.unique(stated, return_counts=True)
    bad, good = values * counts, (1 - values) * counts
    below = np.cumsum(good) - good
    # Nobody is compared with themselves; equals count half.
    equal = (bad * good - values * (1 - values) * counts) / 2
    pairs = bad.sum() * good.sum() - float((values * (1 - values) * counts).sum())
    return float((bad * below + equal).sum() / pairs) if pairs > 0 else 0.5


def bands(pds: Floats, bad: Bools, *, most: int = 10) -> list[tuple[float, Share]]:
    """(stated on average, found) in bands of about as many loans each, for the picture."""
    order = np.argsort(pds, kind="stable")
    count = min(most, max(int(bad.sum()) // 2, 1))
    parts: Sequence[NDArray[np.int64]] = np.array_split(order, count) if len(order) else []
    return [
        (float(pds[part].mean()), Share(int(bad[part].sum()), len(part)))
        for part in parts
        if len(part)
    ]


def placements(pds: Floats, bad: Bools) -> tuple[Floats, Floats]:
    """Per bad loan the share of good ones below it, per good one the share of bad ones above."""
    good_pds, bad_pds = np.sort(pds[~bad]), np.sort(pds[bad])
    below = np.searchsorted(good_pds, pds[bad], "left")
    until = np.searchsorted(good_pds, pds[bad], "right")
    of_bad = (below + until) / 2 / len(good_pds)
    below = np.searchsorted(bad_pds, pds[~bad], "left")
    until = np.searchsorted(bad_pds, pds[~bad], "right")
    of_good = 1 - (below + until) / 2 / len(bad_pds)
    return of_bad, of_good
