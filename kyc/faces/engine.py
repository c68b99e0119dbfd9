"""What a face engine is: it finds faces, describes them, and states how often strangers pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kyc.images import Pixels
from kyc.quality import Face

Template: TypeAlias = NDArray[np.float32]
"""What an engine remembers of a face: comparable only with templates of the same engine."""

_NORMAL = NormalDist()
_STEEPEST = 8.0
"""Rarities are kept within this many standard deviations, beyond which nothing was measured."""


@dataclass(frozen=True)
class Curve:
    """How far apart strangers are: belongs to one network and one way of using it."""

    measured: Mapping[float, float]
    """The distance within which a share of strangers lies, by that share."""

    def threshold(self, fmr: float) -> float:
        """The distance within which this share of strangers lies (false-match rate)."""
        if not min(self.measured) <= fmr <= max(self.measured):
            raise ValueError("thresholds were measured for rates from 1e-6 to 1e-2")
        return round(self.distance(rarity(fmr)), 4)

    def rarity(self, distance: float) -> float:
        """How rare such a distance is among strangers, in standard deviations of a bell curve.

        Between the measured points and beyond them by straight lines: a scale for comparing and
        adding what different networks say, not a promise of a rate where none was measured.
        """
        distances, rarities = self._points
        return float(np.clip(_along(distance, distances, rarities), -_STEEPEST, _STEEPEST))

    def distance(self, rarity: float) -> float:
        """The distance that is so rare: the way back."""
        distances, rarities = self._points
        return _along(rarity, rarities[::-1], distances[::-1])

    @cached_property
    def _points(self) -> tuple[list[float], list[float]]:
        """Distances, smallest first, and their rarities."""
        rates = sorted(self.measured)
        return [self.measured[rate] for rate in rates], [rarity(rate) for rate in rates]


class FaceEngine(Protocol):
    """One way to find and compare faces. The threshold belongs to the engine."""

    @property
    def name(self) -> str:
        """Name and version: templates of different names are never compared."""

    @property
    def curve(self) -> Curve: ...

    @property
    def closer(self) -> "FaceEngine | None":
        """A slower engine that errs less often, for pairs about which this one is not sure."""

    def detect(self, pixels: Pixels) -> list[Face]:
        """The faces of an upright picture, the main one first."""

    def embed(self, pixels: Pixels, face: Face) -> Template:
        """The face's template."""

    def distance(self, a: Template, b: Template) -> float:
        """0 for equal templates, larger for less alike faces."""

    def threshold(self, fmr: float) -> float:
        """The distance within which this share of strangers lies (false-match rate)."""


def rarity(fmr: float) -> float:
    """The point of the bell curve beyond which this share lies."""
    return -_NORMAL.inv_cdf(fmr)


def _along(value: float, points: list[float], answers: list[float]) -> float:
    """The broken line through the points, its first and last pieces prolonged."""
    last = len(points) - 2
    piece = min(max(int(np.searchsorted(points, value)) - 1, 0), last)
    start, end = points[piece], points[piece + 1]
    share = (value - start) / (end - start)
    return answers[piece] + share * (answers[piece + 1] - answers[piece])
