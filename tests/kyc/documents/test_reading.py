"""Pictures become documents: drawn shots everywhere, real specimens where they lie beside us."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from bench import document_shots, document_variants
from bench.document_shots import GOOD, Shot
from cli.document import document
from kyc import images, weights
from kyc.documents import confirming, reading, recognizers, zones
from kyc.documents.fields import FieldName
from kyc.documents.labels import Kind
from kyc.quality import Problem
from sandbox.specimens import documents, faces
from tests.conftest import SHARED
from tests.kyc.drawn import AMINA

ON = date(2026, 11, 22)
SPECIMENS = SHARED / "data" / "documents"
EASY = ("100_pass-uto.jpg", "100_id-si.jpg", "100_visa-polx.jpg")

with_tesseract = pytest.mark.skipif(
    not recognizers.has_tesseract(), reason="no tesseract, or none of its letters of zones"
)


@pytest.fixture(scope="module")
def passport() -> Shot:
    return next(document_shots.shots(GOOD, 1))


@pytest.fixture
def looked_for_again() -> Iterator[None]:
    recognizers._letters.cache_clear()
    yield
    recognizers._letters.cache_clear()


@pytest.fixture
def without_tesseract(looked_for_again: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose path knows no such program."""
    monkeypatch.setenv("PATH", "")


class TestDrawnPassport:
    @with_tesseract
    def test_upside_down_is_read_with_all_checks(self, passport: Shot) -> None:
        found = reading.read([np.ascontiguousarray(np.rot90(passport.pixels, 2))], on=ON)

        assert found.is_mrz_accepted
        assert found.mrz is not None
        assert found.mrz.lines == passport.zone
        assert found.kind is Kind.PASSPORT
        assert found.fields[FieldName.NUMBER].value == passport.holder.number
        assert found.fields[FieldName.BIRTH_DATE].value == passport.holder.birth_date.isoformat()
        assert found.is_complete
        assert found.notes == ()

    @with_tesseract
    def test_with_its_zone_on_the_other_side_is_read_as_one(self) -> None:
        face = Image.fromarray(faces.portrait(faces.LINA, width=300))
        sides = [documents.front(AMINA, face), documents.back(AMINA)]
        front, back = (images.decode(documents.shot(side, AMINA)) for side in sides)

        assert confirming.has_back(reading.read([front], on=ON))
        found = reading.read([front, back], on=ON)
        assert found.is_complete
        assert found.fields[FieldName.NUMBER].value == AMINA.number

    @pytest.mark.usefixtures("without_tesseract")
    def test_is_read_by_one_recognizer_which_says_so(self, passport: Shot) -> None:
        found = reading.read([passport.pixels], on=ON)

        assert recognizers.TESSERACT_MISSING in found.notes
        assert found.fields[FieldName.BIRTH_DATE].value == passport.holder.birth_date.isoformat()


class TestNothing:
    def test_on_a_blank_picture_is_said(self) -> None:
        found = reading.read([np.full((300, 400, 3), 200, np.uint8)], on=ON)

        assert (found.kind, found.fields, found.mrz) == (Kind.UNKNOWN, {}, None)
        assert reading.NOTHING_READ in found.notes
        assert not found.is_complete

    @pytest.mark.parametrize("shape", [(2, 3000), (3000, 4), (23, 23), (30, 601)])
    def test_on_a_thin_picture_is_said(self, shape: tuple[int, int]) -> None:
        found = reading.read([np.full((*shape, 3), 200, np.uint8)], on=ON)

        assert found.fields == {}
        assert [one.problem for one in found.quality[0]] == [Problem.NO_DOCUMENT]


class TestRecognizers:
    @pytest.mark.usefixtures("looked_for_again")
    def test_work_without_letters_that_were_altered(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "tesseract").touch(mode=0o755)
        (tmp_path / weights.MRZ_LETTERS.name).write_bytes(b"other letters")
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("KOPA_WEIGHTS", str(tmp_path))

        assert recognizers.zone_lines(np.zeros((9, 9), np.uint8)) == []
        assert not recognizers.has_tesseract()


@with_tesseract
@pytest.mark.skipif(not SPECIMENS.is_dir(), reason="no specimens beside the checkout")
class TestSpecimens:
    @pytest.mark.parametrize("quarters", range(4))
    @pytest.mark.parametrize("name", EASY)
    def test_are_read_however_they_lie(self, name: str, quarters: int) -> None:
        pixels = images.decode((SPECIMENS / name).read_bytes())

        zone = zones.read(np.ascontiguousarray(np.rot90(pixels, quarters)), on=ON)

        assert zone.is_accepted
        assert zone.quarters == (4 - quarters) % 4

    def test_are_read_in_the_shadow_of_a_hand(self) -> None:
        pixels = images.decode((SPECIMENS / EASY[0]).read_bytes())
        shaded = document_variants.VARIANTS["shaded"](pixels, np.random.default_rng(3))

        assert zones.read(shaded, on=ON).is_accepted


class TestCommand:
    def test_reads_nothing_reliable_from_a_blank_picture(self, tmp_path: Path) -> None:
        picture = tmp_path / "blank.png"
        Image.new("RGB", (400, 300), "white").save(picture)

        ran = CliRunner().invoke(document, ["read", str(picture), "--json", "--on", "2026-11-22"])

        answer = json.loads(ran.stdout)
        assert ran.exit_code == 1
        assert (answer["type"], answer["mrz"], answer["fields"]) == ("unknown", None, {})
        assert "nothing_read" in answer["notes"]

    def test_refuses_what_is_no_picture_in_one_line(self, tmp_path: Path) -> None:
        note = tmp_path / "note.txt"
        note.write_text("my passport")

        ran = CliRunner().invoke(document, ["read", str(note)])

        assert ran.exit_code == 2
        assert ran.stdout == ""
        assert ran.stderr.count("\n") == 1
        assert "is not a JPEG, PNG or WebP picture" in ran.stderr
