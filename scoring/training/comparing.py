"""Several models on the same rows: who ranks better, whose probabilities fit, and how sure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
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
    sentence = "A comparison needs two different models; {folder} is the only one."


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
    """Every model on `table`, and each after the first against the first."""
    folders = list(dict.fromkeys(folder.resolve() for folder in folders))
    if len(folders) < 2:
        raise NothingToCompare(folder=folders[0].name)
    found = [using.evaluate(folders[0], table, target=target, mapping=mapping)]
    for folder in folders[1:]:
        found.append(using.evaluate(folder, table, target=found[0].target, mapping=mapping))
    first = found[0]
    return Comparison(
        tuple(zip(_names(folders), found, strict=True)),
        tuple(
            metrics.differences(first.y, first.pds, other.pds, seed=recipe.SEED)
            for other in found[1:]
        ),
    )


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
