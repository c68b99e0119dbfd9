"""Photographs of faces where the shared data lies beside the checkout, drawn faces everywhere."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from kyc import faces, images
from kyc.faces import Examined, FaceEngine, Template
from kyc.quality import Shot

PHOTOGRAPHS = Path(__file__).resolve().parents[3] / "shared" / "data" / "faces"


@dataclass(frozen=True)
class Photograph:
    examined: Examined
    template: Template


@pytest.fixture(scope="session")
def engine() -> FaceEngine:
    """The engine that works everywhere, and sees the drawn people as different ones."""
    return faces.engine("face_recognition")


@pytest.fixture(scope="session")
def photographs() -> Path:
    if not PHOTOGRAPHS.is_dir():
        pytest.skip("no photographs of faces beside the checkout: error rates are not measured")
    return PHOTOGRAPHS


@pytest.fixture(scope="session")
def pairs(photographs: Path) -> list[tuple[str, str, bool]]:
    """Two file names and whether they show the same person."""
    with (photographs / "master.csv").open() as file:
        return [(r["file_x"], r["file_y"], r["Decision"] == "Yes") for r in csv.DictReader(file)]


@pytest.fixture(scope="session")
def gallery(
    photographs: Path, pairs: list[tuple[str, str, bool]], engine: FaceEngine
) -> dict[str, Photograph]:
    """Every photograph of the pairs, examined and embedded once for all tests."""
    names = sorted({name for x, y, _ in pairs for name in (x, y)})
    return {name: _photograph(engine, photographs / name) for name in names}


def _photograph(engine: FaceEngine, path: Path) -> Photograph:
    examined = faces.examine(engine, images.decode(path.read_bytes()), Shot.SELFIE)
    return Photograph(examined, engine.embed(examined.pixels, examined.faces[0]))
