"""Groups of people in a table, to compare how a model treats them; never to learn from."""

import numpy as np

from scoring.training.tables import Floats, Table

BANDS = 4


def members(name: str, table: Table) -> list[str | None]:
    """Texts as they are; a number with more than a few values falls into four bands."""
    values = table.get(name)
    if isinstance(values, list):
        return values
    if len(np.unique(values[~np.isnan(values)])) > BANDS:
        return _banded(values)
    return [None if np.isnan(value) else f"{value:g}" for value in values]


def _banded(values: Floats) -> list[str | None]:
    tops = np.unique(np.quantile(values[~np.isnan(values)], np.linspace(0, 1, BANDS + 1)[1:-1]))
    names = [f"up to {top:g}" for top in tops] + [f"over {tops[-1]:g}"]
    return [
        None if np.isnan(value) else names[int(np.searchsorted(tops, value, side="left"))]
        for value in values
    ]
