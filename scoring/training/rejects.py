"""Reject inference: applicants who were turned away join the training with guessed outcomes."""

import numpy as np
from numpy.typing import NDArray

from scoring.model.calibration import logistic
from scoring.model.predictor import ValueNotANumber
from scoring.training import tables
from scoring.training.choice import Champion
from scoring.training.tables import Floats, Levels, Table

Ints = NDArray[np.int64]
WORSE = 1.2
"""Somebody who was turned away is taken for a fifth riskier than the approved of the same score:
whoever did that may have seen what the columns do not tell. An assumption, no measurement."""


def alike(rejects: Table, inputs: Table) -> Table:
    """The columns that the model looks at, of the same kinds."""
    columns = {
        name: _of_kind(name, rejects.get(name), isinstance(values, list))
        for name, values in inputs.columns.items()
    }
    return Table(columns, rejects.rows, rejects.sha256)


def joined(
    table: Table, y: Ints, rejects: Table, champion: Champion, *, seed: int
) -> tuple[Table, Ints]:
    """The approved with their outcomes and the others with drawn ones (parceling): each is bad
    with the probability that the champion of the approved states, made worse."""
    scores = champion.engine.raw_scores(tables.matrix(rejects, champion.columns))
    expected = np.minimum(logistic(scores) * WORSE, 1.0)
    drawn = np.random.default_rng(seed).uniform(size=len(expected)) < expected
    columns: dict[str, Floats | Levels] = {}
    for name, values in table.columns.items():
        added = rejects.get(name)
        if isinstance(values, list) and isinstance(added, list):
            columns[name] = values + added
        else:
            columns[name] = np.concatenate([values, added])
    return (
        Table(columns, table.rows + rejects.rows, ""),
        np.concatenate([y, drawn.astype(np.int64)]),
    )


def statement(rejects: Table, rows: int, without: float, with_them: float) -> str:
    return (
        f"REJECT INFERENCE: {rejects.rows:,} applicants who were turned away were added to "
        f"{rows:,} loans with outcomes that the model guessed itself, each taken for "
        f"{WORSE - 1:.0%} riskier than an approved one of the same score. That proves nothing "
        "about them: nobody knows how they would have paid. On approved loans that were held out "
        f"the AUC is {without:.4f} without and {with_them:.4f} with them; whether the model ranks "
        "those who were turned away any better, only random approvals with small limits can show"
    )


def _of_kind(name: str, values: Floats | Levels, as_words: bool) -> Floats | Levels:
    if as_words:
        return values if isinstance(values, list) else tables.as_levels(values)
    if not isinstance(values, list):
        return values
    odd = next((value for value in values if value is not None), None)
    if odd is not None:
        raise ValueNotANumber(column=name, value=odd[:40])
    return np.full(len(values), np.nan)
