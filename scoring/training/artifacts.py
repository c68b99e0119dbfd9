"""Writing a trained model to its folder: all files or none."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import yaml

from kit.errors import DomainError, Kind
from scoring.model import loading, native
from scoring.model import manifest as manifests
from scoring.model.manifest import Manifest, Probe
from scoring.model.predictor import Model
from scoring.refusals import Sentence
from scoring.training import card, metrics, pictures, scorecards
from scoring.training.mapping import Mapping, parse
from scoring.training.run import Result

CARD_FILE = "README.md"
SCORECARD_FILE = "scorecard.md"
MAPPING_FILE = "mapping.yaml"


class FolderInUse(Sentence, DomainError):
    code = "training_folder_in_use"
    kind = Kind.CONFLICT
    sentence = "{folder} holds files that are not a model: choose another folder."


def ensure_writable(folder: Path) -> None:
    """Refused before hours of training, not after."""
    is_model = (folder / manifests.MANIFEST_FILE).is_file()
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not is_model):
        raise FolderInUse(folder=folder.name)


def write(result: Result, folder: Path) -> Model:
    return place(folder, partial(_fill, result))


def place(folder: Path, fill: Callable[[Path], None]) -> Model:
    """Put the whole artefact in place at once, and load it back as a server would."""
    ensure_writable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as draft_name:
        draft = Path(draft_name) / "model"
        draft.mkdir()
        fill(draft)
        loading.load(draft)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    return loading.load(folder)


def find_mapping(folder: Path) -> Mapping | None:
    path = folder / MAPPING_FILE
    return parse(path.read_text(encoding="utf-8")) if path.is_file() else None


def _fill(result: Result, draft: Path) -> None:
    text = result.champion.text
    (draft / manifests.MODEL_FILE).write_text(text, encoding="utf-8", newline="\n")
    manifest = _manifest(result, text)
    (draft / manifests.MANIFEST_FILE).write_text(manifest.to_text(), encoding="utf-8", newline="\n")
    (draft / CARD_FILE).write_text(card.write(result), encoding="utf-8", newline="\n")
    table = scorecards.points_table(result.champion.scorecard, result.champion.columns)
    (draft / SCORECARD_FILE).write_text(table, encoding="utf-8", newline="\n")
    if result.mapping is not None:
        (draft / MAPPING_FILE).write_text(_mapping_text(result.mapping), encoding="utf-8")
    _draw(result, draft)


def _draw(result: Result, draft: Path) -> None:
    pictures.roc(draft / "roc.png", result.y, result.pds)
    pictures.calibration(draft / "calibration.png", result.y, result.pds)
    pictures.distribution(draft / "distribution.png", result.y, result.pds)
    pictures.deciles(draft / "deciles.png", result.y, result.pds)
    pictures.curve(draft / "tradeoff.png", result.tradeoff)
    if result.dependence:
        pictures.dependence(draft / "dependence.png", result.dependence)
    if result.stability:
        pictures.stability(draft / "stability.png", result.stability)


def _mapping_text(mapping: Mapping) -> str:
    document = mapping.model_dump(mode="json")
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _manifest(result: Result, text: str) -> Manifest:
    measured = {
        "cross_validated": metrics.to_json(result.cross_validated),
        "challenger": metrics.to_json(result.challenger),
        "out_of_time": metrics.to_json(result.out_of_time) if result.out_of_time else None,
    }
    return Manifest(
        name=result.name,
        library_version=native.library_version(),
        model_sha256=hashlib.sha256(text.encode()).hexdigest(),
        columns=result.champion.columns,
        calibrator=result.calibrator,
        target=result.target,
        reference=result.reference,
        training=result.training,
        metrics=measured,
        probes=_probes(result),
        scorecard=result.champion.scorecard,
        decides=result.champion.decides,
        choice=result.champion.choice,
    )


def _probes(result: Result) -> tuple[Probe, ...]:
    """Rows made of deciles, not of people: what the loader recomputes before it trusts a model."""
    columns, engine = result.champion.columns, result.champion.engine
    rows = [tuple(_at(result, column.name, n) for column in columns) for n in (1, 5, 9)]
    rows.append(tuple(None for _ in columns))
    matrix = np.array([[np.nan if v is None else v for v in row] for row in rows])
    pds = result.calibrator(engine.raw_scores(matrix))
    return tuple(Probe(row, float(pd)) for row, pd in zip(rows, pds, strict=True))


def _at(result: Result, name: str, decile: int) -> float | None:
    deciles = result.training["deciles"].get(name)
    return None if deciles is None else float(deciles[decile])
