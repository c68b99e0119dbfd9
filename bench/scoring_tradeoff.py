"""How many applicants may be approved for 10 % bad loans to become 3 %, set by set."""

import sys
from collections.abc import Iterator

from bench import scoring_accuracy
from bench.report import Goal, Line
from scoring.training import pictures, recipe, tradeoff
from scoring.training.metrics import Estimate
from scoring.training.tradeoff import Tradeoff

SHOWN = (0.5, 0.7, 0.9)
GATE = 0.7
_AT_GATE = {"superlender": 14.0, "taiwan": 11.6, "gmsc": 1.7}
"""Per cent bad among so many approved, in a population as bad as the rows themselves."""


def lines(*, tiny: bool = False) -> list[Line]:
    """And a picture of all curves beside what the benchmark keeps."""
    found = {
        measured.loans.name: tradeoff.measure(measured.y, measured.pds, seed=recipe.SEED)
        for measured in scoring_accuracy.measured(tiny=tiny)
    }
    if not tiny:
        picture = scoring_accuracy.KEPT / "tradeoff.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        pictures.curves(picture, found)
        print(f"The curves are drawn in {picture}", file=sys.stderr)
    return [line for name, curve in found.items() for line in _lines(name, curve)]


def _lines(name: str, found: Tradeoff) -> Iterator[Line]:
    goal = f"{tradeoff.POPULATION:.0%} bad to {tradeoff.WANTED:.0%}"
    yield _line(f"{name}: approved, {goal}", "% of applicants", found.by_count)
    yield _line(f"{name}: approved, by amount", "% of applicants", found.by_amount)
    for point in found.shown:
        among = f"{name}: bad of {point.approved:.0%}"
        if point.approved in SHOWN:
            yield _line(among, "% of loans", point.by_count)
            yield _line(f"{among}, by amount", "% of money", point.by_amount)
        if point.approved == GATE:
            goal_here = Goal("at most", _AT_GATE[name]) if name in _AT_GATE else None
            yield _line(f"{among}, as sampled", "% of loans", point.as_sampled, goal_here)


def _line(what: str, unit: str, value: Estimate, goal: Goal | None = None) -> Line:
    interval = f"{what} [{100 * value.low:.1f}, {100 * value.high:.1f}]"
    return Line(interval, unit, round(100 * value.value, 1), goal=goal)
