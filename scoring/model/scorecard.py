"""A scorecard: a value falls into a bin of its column, a bin has its log-odds; the sum decides.

It is trained with optbinning (`scoring.training.scorecards`) and served with numpy alone.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring.refusals import Sentence

Floats = NDArray[np.float64]
ODDS, POINTS, DOUBLE = 50.0, 600.0, 20.0
"""600 points are 50 good loans to a bad one; 20 points more double that."""


class ScorecardUnreadable(Sentence, DomainError):
    code = "model_scorecard_unreadable"
    kind = Kind.INVALID
    sentence = "The model's scorecard cannot be read: {problem}."


@dataclass(frozen=True, slots=True)
class Attribute:
    """One column: bin n holds `edges[n - 1] <= value < edges[n]`. More log-odds, more risk."""

    name: str
    edges: tuple[float, ...]
    log_odds: tuple[float, ...]
    missing: float

    def __post_init__(self) -> None:
        if len(self.log_odds) != len(self.edges) + 1:
            raise ScorecardUnreadable(problem=f"{self.name} has not one value for each bin")
        if list(self.edges) != sorted(set(self.edges)):
            raise ScorecardUnreadable(problem=f"the bins of {self.name} are not in order")
        if not all(map(math.isfinite, (*self.edges, *self.log_odds, self.missing))):
            raise ScorecardUnreadable(problem=f"a value of {self.name} is not a number")

    @property
    def counts(self) -> bool:
        return any((*self.log_odds, self.missing))

    def of(self, values: Floats) -> Floats:
        bins = np.searchsorted(self.edges, values, side="right")
        found = np.asarray(self.log_odds)[np.minimum(bins, len(self.edges))]
        return np.where(np.isnan(values), self.missing, found)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "edges": list(self.edges),
            "log_odds": list(self.log_odds),
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class Scorecard:
    intercept: float
    attributes: tuple[Attribute, ...]
    """One for each column of the model, in its order."""

    @property
    def width(self) -> int:
        return len(self.attributes)

    def raw_scores(self, rows: Floats) -> Floats:
        """Log-odds, one per row: added column by column, so one row or many give the same bits."""
        total = np.full(len(rows), self.intercept)
        for position, attribute in enumerate(self.attributes):
            if attribute.counts:
                total += attribute.of(rows[:, position])
        return total

    def contributions(self, rows: Floats) -> Floats:
        """Per row: each column's log-odds, then the intercept."""
        shares = [attribute.of(rows[:, n]) for n, attribute in enumerate(self.attributes)]
        return np.column_stack([*shares, np.full(len(rows), self.intercept)])

    def scaled(self, slope: float, intercept: float) -> "Scorecard":
        """The same card after a straight-line calibration of its log-odds."""
        return Scorecard(
            round(self.intercept * slope + intercept, 9),
            tuple(
                replace(
                    attribute,
                    log_odds=tuple(round(value * slope, 9) for value in attribute.log_odds),
                    missing=round(attribute.missing * slope, 9),
                )
                for attribute in self.attributes
            ),
        )

    def points(self) -> Iterator[tuple[Attribute, tuple[int, ...], int]]:
        """Whole points of every bin and of missing, the start shared out over the columns."""
        counting = [attribute for attribute in self.attributes if attribute.counts]
        factor = DOUBLE / math.log(2)
        start = POINTS - factor * (math.log(ODDS) + self.intercept)
        for attribute in counting:
            share = start / len(counting)
            bins = tuple(round(share - factor * value) for value in attribute.log_odds)
            yield attribute, bins, round(share - factor * attribute.missing)

    def to_json(self) -> dict[str, Any]:
        return {
            "intercept": self.intercept,
            "columns": [attribute.to_json() for attribute in self.attributes],
        }


def from_json(document: Any) -> Scorecard:
    try:
        return Scorecard(
            float(document["intercept"]),
            tuple(
                Attribute(
                    str(column["name"]),
                    tuple(float(edge) for edge in column["edges"]),
                    tuple(float(value) for value in column["log_odds"]),
                    float(column["missing"]),
                )
                for column in document["columns"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ScorecardUnreadable(problem=f"{type(error).__name__} {error}") from None
