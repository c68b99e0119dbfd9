"""The models that ours are measured against, each as a careful person would train it by hand."""

import contextlib
import io
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.training import challenger
from scoring.training.tables import Levels, Table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SEED = 20250601
Peer = Callable[[Table, Ints, Table], Floats]
_MANY = 25_000
_WORDS = 20
_ROUNDS, _PATIENCE, _SPLITS, _KEPT = 800, 50, 3, 2
_TUNED: tuple[Mapping[str, float], ...] = (
    {"num_leaves": 3, "learning_rate": 0.05, "feature_fraction": 0.5, "lambda_l2": 5},
    {"num_leaves": 5, "learning_rate": 0.04, "feature_fraction": 0.3, "lambda_l2": 10},
    {"num_leaves": 7, "learning_rate": 0.03, "feature_fraction": 0.5, "lambda_l2": 20},
    {"num_leaves": 15, "learning_rate": 0.03, "feature_fraction": 0.3, "lambda_l2": 20},
    {"num_leaves": 15, "learning_rate": 0.04, "feature_fraction": 0.5, "lambda_l2": 10},
    {"num_leaves": 31, "learning_rate": 0.04, "feature_fraction": 0.5, "lambda_l2": 5},
)


def woe(table: Table, y: Ints, other: Table) -> Floats:
    """Logistic regression on the weights of evidence of optbinning's bins."""
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from optbinning import BinningProcess
        from sklearn.linear_model import LogisticRegression

        first, second = _frames(table, other, words="object")
        binning = BinningProcess(
            list(table.columns),
            categorical_variables=_categories(table),
            selection_criteria={"iv": {"min": 0.01}},
        )
        binning.fit(first, y)
        model = LogisticRegression(max_iter=1_000)
        model.fit(binning.transform(first, metric="woe", metric_missing="empirical"), y)
        rows = binning.transform(second, metric="woe", metric_missing="empirical")
    return np.asarray(model.decision_function(rows))


def default(table: Table, y: Ints, other: Table) -> Floats:
    """LightGBM as it comes."""
    import lightgbm

    first, second = _frames(table, other)
    settings = {"objective": "binary", "num_threads": 1, "verbosity": -1, "seed": SEED}
    booster = lightgbm.train(settings, lightgbm.Dataset(first, y), 100)
    return np.asarray(booster.predict(second, raw_score=True))


def tuned(table: Table, y: Ints, other: Table) -> Floats:
    """LightGBM, six configurations by early stopping inside the rows; the best two averaged."""
    from sklearn.model_selection import StratifiedKFold

    first, second = _frames(table, other)
    splitter = StratifiedKFold(5, shuffle=True, random_state=SEED)
    splits = list(splitter.split(np.zeros((len(y), 1)), y))[:_SPLITS]
    searched = splits if len(y) <= _MANY else [_thinned(splits[0])]
    tried = {
        n: [_boosted(first, y, split, _TUNED[n]) for split in searched] for n in range(len(_TUNED))
    }
    best = sorted(tried, key=lambda n: np.mean([loss for _, loss in tried[n]]))[:_KEPT]
    if len(y) > _MANY:
        tried = {n: [_boosted(first, y, split, _TUNED[n]) for split in splits] for n in best}
    boosters = [booster for n in best for booster, _ in tried[n]]
    return np.asarray(np.mean([b.predict(second, raw_score=True) for b in boosters], axis=0))


def forest(table: Table, y: Ints, other: Table) -> Floats:
    from sklearn.ensemble import RandomForestClassifier

    first, second = _one_hot(table, other)
    many = len(y) > _MANY
    model = RandomForestClassifier(
        100 if many else 200, min_samples_leaf=20 if many else 5, n_jobs=1, random_state=SEED
    )
    pds = np.clip(model.fit(first, y).predict_proba(second)[:, 1], 1e-6, 1 - 1e-6)
    return np.asarray(np.log(pds / (1 - pds)))


def catboost(table: Table, y: Ints, other: Table) -> Floats:
    """500 trees at rate 0.05, as in our own challenger."""
    return challenger.catboost(table, y, other, seed=SEED)


PEERS: Mapping[str, Peer] = {
    "logistic on WoE": woe,
    "LightGBM default": default,
    "LightGBM tuned": tuned,
    "random forest": forest,
    "CatBoost": catboost,
}


def _boosted(
    frame: Any, y: Ints, split: tuple[Ints, Ints], wishes: Mapping[str, float]
) -> tuple[Any, float]:
    import lightgbm

    kept, held = split
    settings = {
        "objective": "binary",
        **wishes,
        "min_data_in_leaf": int(min(40, max(10, len(kept) // 50))),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": SEED,
        "num_threads": 1,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(frame.iloc[kept], y[kept])
    seen = lightgbm.Dataset(frame.iloc[held], y[held], reference=data)
    quiet = lightgbm.early_stopping(_PATIENCE, verbose=False)
    booster = lightgbm.train(settings, data, _ROUNDS, valid_sets=[seen], callbacks=[quiet])
    return booster, booster.best_score["valid_0"]["binary_logloss"]


def _thinned(split: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    dice = np.random.default_rng(SEED)
    kept, held = split
    return dice.permutation(kept)[: _MANY * 4 // 5], dice.permutation(held)[: _MANY // 5]


def _categories(table: Table) -> list[str]:
    return [name for name, values in table.columns.items() if isinstance(values, list)]


def _frames(table: Table, other: Table, *, words: str = "category") -> tuple[Any, Any]:
    """Both tables as data frames; `words` says what a category becomes."""
    import pandas as pd

    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    for name, values in table.columns.items():
        if not isinstance(values, list):
            first[name], second[name] = values, other.get(name)
            continue
        levels = sorted({value for value in values if value is not None})
        for frame, texts in ((first, values), (second, other.get(name))):
            if words == "category":
                frame[name] = pd.Categorical(texts, categories=levels)
            else:
                frame[name] = pd.Series(texts, dtype=object)
    return pd.DataFrame(first), pd.DataFrame(second)


def _one_hot(table: Table, other: Table) -> tuple[Floats, Floats]:
    """Categories of few levels one column a level, of many their place by size; missing is low."""
    parts: tuple[list[Floats], list[Floats]] = ([], [])
    for name, values in table.columns.items():
        for part, column in zip(parts, (values, other.get(name)), strict=True):
            if isinstance(values, list) and isinstance(column, list):
                part.extend(_counted(values, column))
            elif not isinstance(column, list):
                part.append(np.where(np.isnan(column), -1e6, column))
    return np.column_stack(parts[0]), np.column_stack(parts[1])


def _counted(values: Levels, column: Levels) -> list[Floats]:
    sizes = Counter(value for value in values if value is not None)
    if len(sizes) <= _WORDS:
        return [np.array([float(text == level) for text in column]) for level in sorted(sizes)]
    place = {level: float(n) for n, level in enumerate(sorted(sizes, key=lambda one: sizes[one]))}
    return [np.array([-1.0 if text is None else place.get(text, -1.0) for text in column])]
