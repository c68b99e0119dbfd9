"""The manifest of a trained model: what it is made of, with hashes, and how to read a row."""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kit.errors import DomainError, Kind
from scoring.features import registry
from scoring.model import calibration, scorecard
from scoring.model.calibration import Calibrator
from scoring.model.scorecard import Scorecard
from scoring.refusals import Sentence

FORMAT = 1
MODEL_FILE = "model.txt"
MANIFEST_FILE = "manifest.json"


class ManifestUnreadable(Sentence, DomainError):
    code = "model_manifest_unreadable"
    kind = Kind.INVALID
    sentence = "The model's manifest cannot be read: {problem}."


class Decider(StrEnum):
    """Whose log-odds become the probability."""

    TREES = "trees"
    SCORECARD = "scorecard"
    BOTH = "both"
    """The mean of the two."""


@dataclass(frozen=True, slots=True)
class Column:
    """One input of the model, in the model's order."""

    name: str
    monotone: int = 0
    levels: dict[str, float] | None = None
    """For a category: the number each level stands for. A level that is not here is missing."""
    definition: int | None = None
    """Version of our own feature of this name; None for a column of the lender's own data."""
    fill: float | None = None
    """What a missing value counts as where no training row missed one: a tree would take it for
    zero. None where missing was learned."""

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "monotone": self.monotone,
            "levels": self.levels,
            "definition": self.definition,
            "fill": self.fill,
        }


@dataclass(frozen=True, slots=True)
class Probe:
    """A row and the probability it must get, to the last bit, on this machine too."""

    row: tuple[float | None, ...]
    pd: float


@dataclass(frozen=True, slots=True)
class Manifest:
    name: str
    library_version: str
    model_sha256: str
    columns: tuple[Column, ...]
    calibrator: Calibrator
    target: str
    reference: dict[str, float] = field(default_factory=dict)
    """Each column's mean contribution among the safer half of the training rows."""
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()
    scorecard: Scorecard | None = None
    """The twin in points. None in models that were trained before there was one."""
    decides: Decider = Decider.TREES
    choice: dict[str, Any] = field(default_factory=dict)
    """The numbers for which it decides."""

    @property
    def hashes(self) -> dict[str, str]:
        """Of its parts that are not files, as the loader recomputes and compares them."""
        parts: dict[str, Any] = {"list of columns": [column.to_json() for column in self.columns]}
        if self.scorecard is not None:
            parts["scorecard"] = self.scorecard.to_json()
        return {name: _sha256(canonical(part)) for name, part in parts.items()}

    def to_text(self) -> str:
        document = {
            "format": FORMAT,
            "name": self.name,
            "library": {"name": "lightgbm", "version": self.library_version},
            "model": {"file": MODEL_FILE, "sha256": self.model_sha256},
            "columns": [column.to_json() for column in self.columns],
            "columns_sha256": self.hashes["list of columns"],
            "calibrator": self.calibrator.to_json(),
            "target": self.target,
            "reference": self.reference,
            "training": self.training,
            "metrics": self.metrics,
            "probes": [{"row": list(p.row), "pd": p.pd.hex()} for p in self.probes],
        }
        if self.scorecard is not None:
            document["scorecard"] = self.scorecard.to_json()
            document["scorecard_sha256"] = self.hashes["scorecard"]
            document["decides"] = self.decides.value
            document["choice"] = self.choice
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def definition_of(name: str) -> int | None:
    return registry.get(name).version if registry.is_known(name) else None


def canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def from_text(text: str) -> tuple[Manifest, dict[str, str]]:
    """The manifest and the hashes it states, which the loader compares."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ManifestUnreadable(problem=f"format {document['format']!r} is not known")
        stated = {"list of columns": str(document["columns_sha256"])}
        if "scorecard" in document:
            stated["scorecard"] = str(document["scorecard_sha256"])
        return _read(document), stated
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestUnreadable(problem=f"{type(error).__name__} {error}") from None


def _read(document: dict[str, Any]) -> Manifest:
    return Manifest(
        name=str(document["name"]),
        library_version=str(document["library"]["version"]),
        model_sha256=str(document["model"]["sha256"]),
        columns=tuple(Column(**column) for column in document["columns"]),
        calibrator=calibration.from_json(document["calibrator"]),
        target=str(document["target"]),
        reference={name: float(value) for name, value in document["reference"].items()},
        training=dict(document["training"]),
        metrics=dict(document["metrics"]),
        probes=tuple(
            Probe(tuple(probe["row"]), float.fromhex(probe["pd"])) for probe in document["probes"]
        ),
        # Models from before the scorecard say nothing of it.
        scorecard=scorecard.from_json(document["scorecard"]) if "scorecard" in document else None,
        decides=Decider(document["decides"] if "scorecard" in document else Decider.TREES),
        choice=dict(document.get("choice", {})),
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
