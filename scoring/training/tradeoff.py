"""How many bad loans remain when only the safest part of the applicants is approved."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.training.metrics import Estimate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
POPULATION = 0.10
"""Sets are compared as if this share of everybody who applies were bad."""
WANTED = 0.03
"""What a lender hopes for among those who are approved."""
LIMITS = (1.0, 0.7, 0.45, 0.3, 0.2)
"""Five equal parts of the approved, from the safest: the share of the largest loan each may have.
That a loan goes bad is assumed not to depend on its size."""
RESAMPLES = 200
SHOWN = tuple(tenth / 10 for tenth in range(1, 11))
_GRID = np.arange(1, 1001) / 1000


@dataclass(frozen=True, slots=True)
class Point:
    """What is bad when this share of the applicants is approved, the safest first."""

    approved: float
    as_sampled: Estimate
    """Of the loans, among applicants as bad as the rows themselves."""
    by_count: Estimate
    """Of the loans, in a population of which `POPULATION` is bad."""
    by_amount: Estimate
    """Of the money, in the same population, when the riskier of the approved get less."""

    def to_json(self) -> dict[str, Any]:
        return {
            "approved": self.approved,
            "as_sampled": self.as_sampled.to_json(),
            "by_count": self.by_count.to_json(),
            "by_amount": self.by_amount.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Tradeoff:
    points: tuple[Point, ...]
    """For every hundredth of the applicants."""
    by_count: Estimate
    """The largest share of applicants that may be approved for `POPULATION` to become `WANTED`."""
    by_amount: Estimate

    @property
    def shown(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.approved in SHOWN)

    def to_json(self) -> dict[str, Any]:
        return {
            "population_bad_rate": POPULATION,
            "wanted_bad_rate": WANTED,
            "limits": list(LIMITS),
            "approved_at_wanted_by_count": self.by_count.to_json(),
            "approved_at_wanted_by_amount": self.by_amount.to_json(),
            "points": [point.to_json() for point in self.shown],
        }


def measure(y: Ints, pds: Floats, *, seed: int, resamples: int = RESAMPLES) -> Tradeoff:
    """The curve with 95 % bootstrap intervals."""
    ties = np.unique(pds, return_inverse=True)[1]
    cells = ties * 2 + y
    size = 2 * (int(ties.max()) + 1)
    dice = np.random.default_rng(seed)
    drawn = np.array(
        [
            _curves(np.bincount(cells[dice.integers(0, len(y), len(y))], minlength=size))
            for _ in range(resamples)
        ]
    )
    seen = _curves(np.bincount(cells, minlength=size))
    found = np.stack([seen, *np.percentile(drawn, [2.5, 97.5], axis=0)])
    points = [
        Point(
            round(float(_GRID[place]), 2),
            *(Estimate(*found[:, curve, place].tolist()) for curve in range(3)),
        )
        for place in range(9, len(_GRID), 10)
    ]
    return Tradeoff(tuple(points), _reached(seen[1], drawn[:, 1]), _reached(seen[2], drawn[:, 2]))


def lines(found: Tradeoff) -> list[str]:
    """The curve as a table, and the answer to the question that lenders ask."""
    heads = ("in the sample", f"of {POPULATION:.0%}, by count", "by amount, graded")
    shown = ["approved  " + "".join(f"{head:>24}" for head in heads)]
    for point in found.shown:
        values = (point.as_sampled, point.by_count, point.by_amount)
        shown.append(f"{point.approved:>8.0%}  " + "".join(f"{percent(v):>24}" for v in values))
    return [*shown, answer(found)]


def answer(found: Tradeoff) -> str:
    return (
        f"{POPULATION:.0%} bad fall to {WANTED:.0%} when {percent(found.by_count)} of the "
        f"applicants are approved; counted in money with graded limits, when "
        f"{percent(found.by_amount)} are."
    )


def percent(value: Estimate) -> str:
    return f"{value.value:.1%} [{value.low:.1%}, {value.high:.1%}]"


def _curves(counts: Ints) -> Floats:
    """As sampled, by count, by amount: from the good and the bad of each score, safest first."""
    good, bad = counts[0::2].astype(np.float64), counts[1::2].astype(np.float64)
    share = bad.sum() / counts.sum()
    as_sampled = _cumulated(good, bad)
    if 0 < share < 1:
        good, bad = good * (1 - POPULATION) / (1 - share), bad * POPULATION / share
    moved = _cumulated(good, bad)
    steps = np.linspace(0, 1, len(LIMITS) + 1)
    in_bands = np.diff(np.interp(np.outer(steps, _GRID), *moved), axis=0)
    by_amount = np.asarray(LIMITS) @ in_bands / (_GRID * np.mean(LIMITS))
    return np.array(
        [np.interp(_GRID, *as_sampled) / _GRID, np.interp(_GRID, *moved) / _GRID, by_amount]
    )


def _cumulated(good: Floats, bad: Floats) -> tuple[Floats, Floats]:
    """Share of everybody, and of everybody the bad among them. Between two scores the line is
    straight: who of several with the same score is approved is left to chance."""
    everybody = float((good + bad).sum())
    return (
        np.r_[0.0, np.cumsum(good + bad) / everybody],
        np.r_[0.0, np.cumsum(bad) / everybody],
    )


def _reached(seen: Floats, drawn: Floats) -> Estimate:
    low, high = np.percentile([_largest(curve) for curve in drawn], [2.5, 97.5])
    return Estimate(_largest(seen), float(low), float(high))


def _largest(curve: Floats) -> float:
    enough = np.flatnonzero(curve <= WANTED)
    return float(_GRID[enough[-1]]) if len(enough) else 0.0
