"""A model in memory: rows in the manifest's order become probabilities and contributions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring.features.registry import Value
from scoring.model.manifest import Column, Decider, Manifest
from scoring.refusals import Sentence

Floats = NDArray[np.float64]


class ColumnMissing(Sentence, DomainError):
    code = "model_column_missing"
    kind = Kind.INVALID
    sentence = "The data has no column {column}, which the model needs."


class ValueNotANumber(Sentence, DomainError):
    code = "model_value_not_a_number"
    kind = Kind.INVALID
    sentence = "Column {column} holds {value}, and the model needs a number there."


class Engine(Protocol):
    """Trees, a scorecard, or the mean of both."""

    @property
    def width(self) -> int: ...

    def raw_scores(self, rows: Floats) -> Floats:
        """Log-odds, one per row."""

    def contributions(self, rows: Floats) -> Floats:
        """Per row: each column's share of the log-odds, then what none of them explains."""


@dataclass(frozen=True, slots=True)
class Both:
    """The mean of the log-odds of two engines."""

    first: Engine
    second: Engine

    @property
    def width(self) -> int:
        return self.first.width

    def raw_scores(self, rows: Floats) -> Floats:
        return (self.first.raw_scores(rows) + self.second.raw_scores(rows)) / 2

    def contributions(self, rows: Floats) -> Floats:
        return (self.first.contributions(rows) + self.second.contributions(rows)) / 2


def deciding(trees: Engine, scorecard: Engine | None, decides: Decider) -> Engine:
    """The engine that the manifest names."""
    if scorecard is None or decides is Decider.TREES:
        return trees
    return scorecard if decides is Decider.SCORECARD else Both(trees, scorecard)


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one feature moves this applicant's log-odds from those of the safer half."""

    feature: str
    value: Value
    log_odds: float


@dataclass(frozen=True, slots=True)
class Model:
    manifest: Manifest
    engine: Engine
    sha256: str
    """Of the manifest's text, which holds the hash of everything else."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.manifest.columns)

    def row(self, values: Mapping[str, Value]) -> list[float]:
        """One row in the model's order; missing stays NaN where training knew missing."""
        return [encode(column, _value(values, column.name)) for column in self.manifest.columns]

    def pds(self, rows: Sequence[Sequence[float]] | Floats) -> Floats:
        matrix = np.asarray(rows, dtype=np.float64)
        return self.manifest.calibrator(self.engine.raw_scores(matrix))

    def shares(self, rows: Floats) -> Floats:
        """Per row and column: the column's part of the log-odds, less the reference's."""
        reference = [self.manifest.reference.get(name, 0.0) for name in self.names]
        away: Floats = self.engine.contributions(rows)[:, :-1] - np.asarray(reference)
        return away

    def contributions(self, values: Mapping[str, Value]) -> tuple[Contribution, ...]:
        """Largest influence first; ties by the model's order, so that reasons never flicker."""
        shares = self.shares(np.asarray([self.row(values)]))[0]
        found = [
            Contribution(name, values[name], float(share))
            for name, share in zip(self.names, shares, strict=True)
        ]
        return tuple(sorted(found, key=lambda contribution: -abs(contribution.log_odds)))


def encode(column: Column, value: Value) -> float:
    """The number the trees see. A level that training did not know is missing."""
    if value is not None and column.levels is not None:
        value = column.levels.get(str(value))
    if value is None:
        return math.nan if column.fill is None else column.fill
    if isinstance(value, str):
        raise ValueNotANumber(column=column.name, value=value[:40])
    return float(value)


def _value(values: Mapping[str, Value], name: str) -> Value:
    try:
        return values[name]
    except KeyError:
        raise ColumnMissing(column=name) from None
