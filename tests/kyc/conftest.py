"""Verifications, and photographs of faces where the shared data lies beside the checkout."""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import Vault
from kit.ids import new_id
from kyc import faces, images, verifications
from kyc.faces import Examined, FaceEngine, Template, Verdict
from kyc.models import Verification
from kyc.quality import Shot
from tests.kyc.verified import AMINA, compared

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


@pytest.fixture
async def verification(session: AsyncSession, now: datetime) -> Verification:
    return await verifications.open(session, AMINA, now=now)


@pytest.fixture
def checking(session: AsyncSession, verification: Verification, now: datetime) -> Verification:
    verifications.attach_document(session, verification, new_id(), now=now)
    verifications.attach_selfie(session, verification, new_id(), now=now)
    verifications.begin_check(session, verification, now=now)
    return verification


@pytest.fixture
async def doubtful(
    session: AsyncSession, vault: Vault, checking: Verification, now: datetime
) -> Verification:
    await verifications.conclude(session, vault, checking, compared(Verdict.DIFFERENT), now=now)
    return checking
