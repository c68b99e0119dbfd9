"""The challenger: the log-odds of our trees, our scorecard and of CatBoost, averaged.

CatBoost takes no part in serving, so this blend is there to be compared with, not to decide.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scoring.model.manifest import Decider
from scoring.training.tables import Floats, Table

Ints = NDArray[np.int64]
TREES, RATE = 500, 0.05


def blended(ours: Mapping[Decider, Floats], theirs: Floats) -> Floats:
    return (ours[Decider.TREES] + ours[Decider.SCORECARD] + theirs) / 3


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
