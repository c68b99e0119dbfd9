"""Loading a model from its folder. Anything that does not match the manifest is refused."""

import hashlib
import math
from pathlib import Path

from kit.errors import DomainError, Kind
from scoring.model import manifest as manifests
from scoring.model import native, predictor
from scoring.model.manifest import Manifest
from scoring.model.predictor import Model
from scoring.refusals import Sentence

STOCK = Path(__file__).parent.parent / "artifacts" / "stock"


class ModelNotFound(Sentence, DomainError):
    code = "model_not_found"
    kind = Kind.NOT_FOUND
    sentence = "There is no model in {folder}: {file} is missing."


class ModelChanged(Sentence, DomainError):
    """A file is not the one the manifest was written for."""

    code = "model_changed"
    kind = Kind.CONFLICT
    sentence = "The model's {part} is not the one its manifest was written for."


class ModelLibraryMismatch(Sentence, DomainError):
    code = "model_library_mismatch"
    kind = Kind.CONFLICT
    sentence = "The model was made with LightGBM {wanted}; this program has {present}."


class ModelDefinitionMismatch(Sentence, DomainError):
    code = "model_definition_mismatch"
    kind = Kind.CONFLICT
    sentence = "Feature {feature} is defined otherwise than when the model was trained."


class ModelDisagrees(Sentence, DomainError):
    """A stored row no longer gets its stored probability."""

    code = "model_disagrees"
    kind = Kind.CONFLICT
    sentence = "Row {row} kept in the manifest no longer gets its probability."


def load(folder: Path = STOCK) -> Model:
    """The model of `folder`, after its hashes, library, features and kept rows were checked."""
    return from_texts(*texts(folder))


def texts(folder: Path) -> tuple[str, str]:
    """The manifest and the model file that it was written for: all that a model is."""
    return _text(folder, manifests.MANIFEST_FILE), _text(folder, manifests.MODEL_FILE)


def from_texts(manifest_text: str, model_text: str) -> Model:
    """A model from where it is kept, after the same checks."""
    manifest, stated = manifests.from_text(manifest_text)
    _check(manifest, stated, model_text)
    try:
        booster = native.Booster(model_text)
    except native.NativeFailure:
        raise ModelChanged(part=manifests.MODEL_FILE) from None
    if booster.width != len(manifest.columns):
        raise ModelChanged(part="number of columns")
    twin = manifest.scorecard
    if twin is not None and [a.name for a in twin.attributes] != [c.name for c in manifest.columns]:
        raise ModelChanged(part="scorecard")
    engine = predictor.deciding(booster, twin, manifest.decides)
    model = Model(manifest, engine, _sha256(manifest_text))
    _check_probes(model)
    return model


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise ModelNotFound(folder=folder.name, file=name) from None
    except UnicodeDecodeError:
        raise ModelChanged(part=name) from None


def _check(manifest: Manifest, stated: dict[str, str], model_text: str) -> None:
    if _sha256(model_text) != manifest.model_sha256:
        raise ModelChanged(part=manifests.MODEL_FILE)
    for part, digest in manifest.hashes.items():
        if stated[part] != digest:
            raise ModelChanged(part=part)
    present = native.library_version()
    if _minor(present) != _minor(manifest.library_version):
        raise ModelLibraryMismatch(wanted=manifest.library_version, present=present)
    for column in manifest.columns:
        known = manifests.definition_of(column.name)
        if column.definition is not None and column.definition != known:
            raise ModelDefinitionMismatch(feature=column.name)


def _check_probes(model: Model) -> None:
    for number, probe in enumerate(model.manifest.probes):
        row = [math.nan if value is None else value for value in probe.row]
        if len(row) != len(model.names):
            raise ModelDisagrees(row=number)
        if abs(float(model.pds([row])[0]) - probe.pd) > 1e-12:
            raise ModelDisagrees(row=number)


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
