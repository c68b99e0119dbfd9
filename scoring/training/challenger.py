"""The challenger: the champion's log-odds and CatBoost's, averaged.

CatBoost takes no part in serving, so this blend is there to be compared with, not to decide.
"""

import numpy as np
from numpy.typing import NDArray

from scoring.training.tables import Floats, Table

Ints = NDArray[np.int64]
TREES, RATE = 500, 0.05


def blended(champion: Floats, theirs: Floats) -> Floats:
    """The champion counts twice: it is trees and points where both tell rows best."""
    return (2 * champion + theirs) / 3


def catboost(table: Table, y: Ints, other: Table, *, seed: int) -> Floats:
    """Log-odds of the other rows, from CatBoost with its own way of categories."""
    import pandas as pd
    from catboost import CatBoostClassifier

    words = [name for name, values in table.columns.items() if isinstance(values, list)]
    model = CatBoostClassifier(
        iterations=TREES,
        learning_rate=RATE,
        boosting_type="Plain",
        cat_features=words,
        random_seed=seed,
        thread_count=1,
        verbose=False,
        allow_writing_files=False,
    )
    model.fit(pd.DataFrame(_columns(table)), y)
    rows = pd.DataFrame(_columns(other))[list(table.columns)]
    return np.asarray(model.predict(rows, prediction_type="RawFormulaVal"))


def _columns(table: Table) -> dict[str, list[str] | Floats]:
    return {
        name: [value or "" for value in values] if isinstance(values, list) else values
        for name, values in table.columns.items()
    }
