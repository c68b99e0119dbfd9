"""A trained model against a file: measuring it on known outcomes, scoring unknown ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.model import loading
from scoring.model.predictor import Contribution, Model
from scoring.training import artifacts, guards, metrics, recipe, tables, tradeoff
from scoring.training.mapping import Mapping, apply
from scoring.training.metrics import Estimate
from scoring.training.tables import Table
from scoring.training.tradeoff import Tradeoff

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Evaluation:
    rows: int
    bad: int
    stated_bad_rate: float
    is_training_data: bool
    """The very file the model was trained on: the numbers flatter it."""
    measured: dict[str, Estimate]
    tradeoff: Tradeoff
    target: str
    y: Ints
    pds: Floats

    def to_json(self) -> dict[str, Any]:
        bins = metrics.reliability(self.y, self.pds)
        return {
            "rows": self.rows,
            "bad": self.bad,
            "stated_bad_rate": round(self.stated_bad_rate, 6),
            "is_training_data": self.is_training_data,
            "metrics": metrics.to_json(self.measured),
            "calibration": [
                {"stated": round(stated, 6), "seen": round(seen, 6)} for stated, seen, _ in bins
            ],
            "tradeoff": self.tradeoff.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Scored:
    row: int
    pd: float
    strongest: tuple[Contribution, ...]


def read(data: str, *folders: Path, mapping: Mapping | None = None) -> Table:
    """The table of a file, its levels as these models and their mappings know them, not as this
    file looks. A mapping that was given reads all there is, as it did in training."""
    if mapping is not None:
        return tables.read(data, mapping.words)
    columns = [column for folder in folders for column in loading.load(folder).manifest.columns]
    numbers = {column.name for column in columns if column.levels is None}
    mappings = [artifacts.find_mapping(folder) for folder in folders]
    raw = set[str]().union(*(each.words for each in mappings if each))
    return tables.read(data, tables.words_of(columns) | (raw - numbers))


def evaluate(
    folder: Path, table: Table, *, target: str | None = None, mapping: Mapping | None = None
) -> Evaluation:
    return measure(loading.load(folder), folder, table, target=target, mapping=mapping)


def measure(
    model: Model, folder: Path, table: Table, *, target: str | None = None,
    mapping: Mapping | None = None,
) -> Evaluation:  # fmt: skip
    """A model of `folder`, as it decides or as its twin, on rows whose outcome is known."""
    target = target or model.manifest.target
    y = guards.target(table, target)
    pds = model.pds(tables.matrix(_inputs(model, folder, table, mapping), model.manifest.columns))
    return Evaluation(
        rows=len(y),
        bad=int(y.sum()),
        stated_bad_rate=float(pds.mean()),
        is_training_data=table.sha256 == model.manifest.training.get("data_sha256"),
        measured=metrics.estimate(y, pds, seed=recipe.SEED),
        tradeoff=tradeoff.measure(y, pds, seed=recipe.SEED),
        target=target,
        y=y,
        pds=pds,
    )


def score(
    folder: Path, table: Table, *, mapping: Mapping | None = None, strongest: int = 3
) -> list[Scored]:
    """One line per row: the probability, and what moved it most."""
    model = loading.load(folder)
    matrix = tables.matrix(_inputs(model, folder, table, mapping), model.manifest.columns)
    pds = model.pds(matrix)
    shares = model.shares(matrix)
    order = np.argsort(-np.abs(shares), axis=1, kind="stable")[:, :strongest]
    return [
        Scored(
            row,
            float(pd),
            tuple(_contribution(model, matrix, shares, row, int(n)) for n in order[row]),
        )
        for row, pd in enumerate(pds)
    ]


def _inputs(model: Model, folder: Path, table: Table, mapping: Mapping | None) -> Table:
    """Through a mapping that was given; through the model's own where the data is like that which
    it was trained on, and has not the model's columns already."""
    if mapping is not None:
        return apply(mapping, table)
    own = artifacts.find_mapping(folder)
    if own is None or all(name in table for name in model.names):
        return table
    is_raw = all(c in table for source in own.features.values() for c in source.columns)
    return apply(own, table) if is_raw else table


def _contribution(
    model: Model, matrix: Floats, shares: Floats, row: int, position: int
) -> Contribution:
    value = float(matrix[row, position])
    return Contribution(
        model.names[position],
        None if np.isnan(value) else value,
        float(shares[row, position]),
    )
