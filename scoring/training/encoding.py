"""Categories as numbers: each level becomes the log-odds of its bad rate, pulled to the average."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scoring.model.manifest import Column
from scoring.training import folds, tables
from scoring.training.tables import Floats, Levels, Table

Ints = NDArray[np.int64]
PULL = 20.0
"""A level weighs as much as this many average rows added to it."""
RAREST = 10
"""Levels with fewer rows are treated as missing."""
FEW_LEVELS = 20
"""With more, a level's number would tell too much about the rows it was counted on."""


def fit(table: Table, y: Ints, columns: list[Column]) -> list[Column]:
    """The columns with the numbers of their levels and their fills, from all rows."""
    return [_filling(table, _fitted(table, y, column)) for column in columns]


def crossed(table: Table, y: Ints, columns: list[Column], *, seed: int) -> Floats:
    """The matrix to train on: no row helps to set its own category's number."""
    rows = tables.matrix(table, fit(table, y, columns))
    for position, column in enumerate(columns):
        values = table.get(column.name)
        if column.levels is None or not isinstance(values, list):
            continue
        for kept, held in folds.stratified(y, seed=seed):
            levels = level_log_odds([values[n] for n in kept], y[kept])
            rows[held, position] = [_of(levels, values[n]) for n in held]
    return rows


def binnable(table: Table, y: Ints, fitted: list[Column], *, seed: int) -> Floats:
    """The matrix to make bins on: levels stand as they will be served, unless they are many."""
    rows, honest = tables.matrix(table, fitted), crossed(table, y, fitted, seed=seed)
    for position, column in enumerate(fitted):
        if column.levels is not None and len(column.levels) > FEW_LEVELS:
            rows[:, position] = honest[:, position]
    return rows


def level_log_odds(values: Levels, y: Ints) -> dict[str, float]:
    prior = float(y.mean())
    seen: dict[str, int] = {}
    bad: dict[str, int] = {}
    for value, answer in zip(values, y.tolist(), strict=True):
        if value is not None:
            seen[value] = seen.get(value, 0) + 1
            bad[value] = bad.get(value, 0) + answer
    rates = {
        level: (bad[level] + PULL * prior) / (count + PULL)
        for level, count in sorted(seen.items())
        if count >= RAREST
    }
    return {level: round(math.log(rate / (1 - rate)), 6) for level, rate in rates.items()}


def _fitted(table: Table, y: Ints, column: Column) -> Column:
    values = table.get(column.name)
    if column.levels is None or not isinstance(values, list):
        return column
    return replace(column, levels=level_log_odds(values, y))


def _filling(table: Table, column: Column) -> Column:
    """Where every row has a value, the middle one stands in for those that come without."""
    values = tables.matrix(table, [column])[:, 0]
    if np.isnan(values).any():
        return column
    return replace(column, fill=round(float(np.median(values)), 6))


def _of(levels: dict[str, float], value: str | None) -> float:
    return math.nan if value is None else levels.get(value, math.nan)
