"""The challenger: the champion's log-odds beside CatBoost's and the scorecard's, averaged.

CatBoost is not a part of what serves, so this blend is trained to be compared with, not to decide.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mean(log_odds: Sequence[Floats]) -> Floats:
    return np.asarray(np.mean(log_odds, axis=0))
