"""Several models on the same rows: who ranks better, whose probabilities fit, and how sure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring.model import loading
from scoring.model.calibration import Calibrator
from scoring.model.manifest import Decider
from scoring.model.native import Booster
from scoring.model.predictor import Engine, Model
from scoring.refusals import Sentence
from scoring.training import metrics, recipe, using
from scoring.training.mapping import Mapping
from scoring.training.metrics import Estimate
from scoring.training.tables import Table
from scoring.training.using import Evaluation

Ints = NDArray[np.int64]


class NothingToCompare(Sentence, DomainError):
    code = "training_nothing_to_compare"
    kind = Kind.INVALID
    sentence = "{folder} has no twin in points to compare with: name a second model."


@dataclass(frozen=True, slots=True)
class Comparison:
    models: tuple[tuple[str, Evaluation], ...]
    differences: tuple[dict[str, Estimate], ...]
    """Of every model after the first: how much more it has of each metric than the first."""

    @property
    def verdicts(self) -> tuple[str, ...]:
        """One sentence for each model after the first."""
        names = [name for name, _ in self.models]
        return tuple(
            _verdict(names[0], other, difference)
            for other, difference in zip(names[1:], self.differences, strict=True)
        )

    @property
    def flattered(self) -> tuple[str, ...]:
        return tuple(name for name, found in self.models if found.is_training_data)

    def to_json(self) -> dict[str, Any]:
        first = self.models[0][1]
        return {
            "rows": first.rows,
            "bad": first.bad,
            "models": [{"model": name, **found.to_json()} for name, found in self.models],
            "differences": [
                {"model": name, "against": self.models[0][0], **metrics.to_json(difference)}
                for (name, _), difference in zip(self.models[1:], self.differences, strict=True)
            ],
            "verdicts": list(self.verdicts),
        }


def compare(
    folders: Sequence[Path], table: Table, *, target: str | None = None,
    mapping: Mapping | None = None,
) -> Comparison:  # fmt: skip
    """Every model on `table`, and each after the first against the first.

    One model alone is compared with its twin: the scorecard, or the trees where that decides.
    """
    folders = list(dict.fromkeys(folder.resolve() for folder in folders))
    models = [loading.load(folder) for folder in folders]
    names = _names(folders)
    if len(folders) == 1:
        name, twin = _twin(models[0], folders[0])
        folders, names, models = folders * 2, [*names, name], [*models, twin]
    target = target or models[0].manifest.target
    found = [
        using.measure(model, folder, table, target=target, mapping=mapping)
        for model, folder in zip(models, folders, strict=True)
    ]
    first = found[0]
    return Comparison(
        tuple(zip(names, found, strict=True)),
        tuple(
            metrics.differences(first.y, first.pds, other.pds, seed=recipe.SEED)
            for other in found[1:]
        ),
    )


def _twin(model: Model, folder: Path) -> tuple[str, Model]:
    """Both twins' log-odds as they are: points were scaled to mean what they say."""
    card = model.manifest.scorecard
    if card is None:
        raise NothingToCompare(folder=folder.name)
    name, engine = "in points", cast(Engine, card)
    if model.manifest.decides is Decider.SCORECARD:
        name, engine = "by trees", Booster(loading.texts(folder)[1])
    plain = Calibrator(1.0, 0.0, model.manifest.calibrator.offset)
    twin = replace(model, manifest=replace(model.manifest, calibrator=plain), engine=engine)
    return f"{folder.name} {name}", twin


def _names(folders: Sequence[Path]) -> list[str]:
    """The folders' own names, with the folder above where two are called alike."""
    alone = [folder.name for folder in folders]
    return [
        name if alone.count(name) == 1 else f"{folder.parent.name}/{name}"
        for name, folder in zip(alone, folders, strict=True)
    ]


def _verdict(first: str, other: str, difference: dict[str, Estimate]) -> str:
    ranking, fit = difference["auc"], difference["log_loss"]
    ranks = f"{other} ranks {'better' if ranking.value > 0 else 'worse'} than {first}"
    fits = f"its probabilities are {'nearer to' if fit.value < 0 else 'farther from'} what happened"
    if not ranking.is_sure:
        ranks = f"Whether {other} or {first} ranks better is not sure"
    if not fit.is_sure:
        fits = "whose probabilities are nearer to what happened is not sure"
    return f"{ranks} (AUC {_signed(ranking)}); {fits} (log loss {_signed(fit)})."


def _signed(estimate: Estimate) -> str:
    return f"{estimate.value:+.4f} [{estimate.low:+.4f}, {estimate.high:+.4f}]"
