"""Same face or another: on drawn people everywhere, on 300 labelled pairs where they are."""

import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kyc import faces, images
from kyc.faces import FaceEngine, Verdict
from kyc.images import Pixels
from kyc.quality import Problem, Shot
from tests.kyc.conftest import Photograph
from tests.kyc.drawn import LINA, OMAR, ZARA, portrait

LINA_LATER = portrait(LINA, width=220, smile=0.6, light=0.9)


def side_by_side(*pictures: Pixels) -> Pixels:
    width = sum(picture.shape[1] for picture in pictures)
    sheet = Image.new("RGB", (width, max(picture.shape[0] for picture in pictures)), "white")
    left = 0
    for picture in pictures:
        sheet.paste(Image.fromarray(picture), (left, 0))
        left += picture.shape[1]
    return np.asarray(sheet)


class TestCompare:
    def test_the_same_person_on_two_pictures(self, engine: FaceEngine) -> None:
        comparison = faces.compare(engine, portrait(LINA), LINA_LATER)

        assert comparison.verdict is Verdict.SAME
        assert comparison.distance is not None
        assert comparison.distance < comparison.threshold
        assert comparison.faces_found == (1, 1)
        assert comparison.explanation == ("same_face",)
        assert comparison.template is not None
        assert comparison.template.shape == (128,)

    def test_two_people(self, engine: FaceEngine) -> None:
        comparison = faces.compare(engine, portrait(LINA), portrait(OMAR))

        assert comparison.verdict is Verdict.DIFFERENT
        assert comparison.explanation[-1] == "different_face"

    def test_looks_again_in_the_grey_zone_with_the_same_answer_each_time(
        self, engine: FaceEngine
    ) -> None:
        first, second = (faces.compare(engine, portrait(LINA), portrait(ZARA)) for _ in range(2))

        assert first.explanation[:2] == ("grey_zone", "looked_again")
        assert first.verdict is not Verdict.SAME
        assert first.distance == second.distance

    def test_takes_the_largest_face_of_the_document(self, engine: FaceEngine) -> None:
        document = side_by_side(portrait(OMAR, width=110), portrait(LINA))

        comparison = faces.compare(engine, document, LINA_LATER)

        assert comparison.verdict is Verdict.SAME
        assert comparison.faces_found == (2, 1)

    def test_does_not_choose_a_face_on_a_selfie_with_two(self, engine: FaceEngine) -> None:
        selfie = side_by_side(portrait(OMAR), portrait(LINA))

        comparison = faces.compare(engine, portrait(LINA), selfie)

        assert comparison.verdict is Verdict.UNSURE
        assert comparison.template is None
        assert comparison.explanation == ("selfie_several_faces",)

    def test_tells_the_distance_of_the_main_faces_even_so(self, engine: FaceEngine) -> None:
        selfie = side_by_side(portrait(OMAR), portrait(LINA, width=330))

        comparison = faces.compare(engine, portrait(LINA), selfie)

        assert comparison.distance is not None
        assert comparison.distance < comparison.threshold

    def test_says_on_which_picture_there_is_no_face(self, engine: FaceEngine) -> None:
        wall = np.full((400, 400, 3), 180, dtype=np.uint8)

        comparison = faces.compare(engine, wall, portrait(LINA))

        assert comparison.verdict is Verdict.UNSURE
        assert comparison.explanation == ("document_no_face",)
        assert comparison.faces_found == (0, 1)

    def test_does_not_look_for_faces_on_a_sliver(self, engine: FaceEngine) -> None:
        sliver = np.zeros((2, 3000, 3), dtype=np.uint8)

        comparison = faces.compare(engine, sliver, portrait(LINA))

        assert comparison.explanation == ("document_picture_too_small",)


class TestExamine:
    @pytest.mark.parametrize("quarters", [1, 2, 3])
    def test_turns_a_picture_that_lies_on_its_side(self, engine: FaceEngine, quarters: int) -> None:
        lying = np.ascontiguousarray(np.rot90(portrait(LINA), quarters))

        examined = faces.examine(engine, lying, Shot.DOCUMENT)

        assert np.array_equal(examined.pixels, portrait(LINA))
        assert len(examined.faces) == 1

    def test_finds_a_small_portrait_in_a_large_picture(self, engine: FaceEngine) -> None:
        table = np.full((2400, 3000, 3), 160, dtype=np.uint8)
        small = portrait(LINA, width=90)
        table[1000 : 1000 + small.shape[0], 600 : 600 + small.shape[1]] = small

        examined = faces.examine(engine, table, Shot.DOCUMENT)

        assert [60 < face.height < 140 for face in examined.faces] == [True]


class TestEngine:
    def test_is_named_after_the_installed_version(self, engine: FaceEngine) -> None:
        assert engine.name == f"face_recognition-{version('face-recognition')}"


class TestThreshold:
    @pytest.mark.parametrize(
        ("fmr", "distance"),
        [(1e-2, 0.618), (1e-3, 0.545), (1e-4, 0.477), (1e-5, 0.422), (1e-6, 0.378)],
    )
    def test_is_what_was_measured(self, engine: FaceEngine, fmr: float, distance: float) -> None:
        assert engine.threshold(fmr) == pytest.approx(distance)

    def test_lies_between_the_measured_rates(self, engine: FaceEngine) -> None:
        assert 0.477 < engine.threshold(3e-4) < 0.545

    def test_is_stricter_for_the_closer_look(self, engine: FaceEngine) -> None:
        assert engine.closer is not None
        assert engine.closer.threshold(1e-3) < engine.threshold(1e-3)

    @pytest.mark.parametrize("fmr", [0.5, 1e-9])
    def test_is_not_guessed_beyond_what_was_measured(self, engine: FaceEngine, fmr: float) -> None:
        with pytest.raises(ValueError, match="measured"):
            engine.threshold(fmr)


class TestPhotographs:
    def test_no_stranger_passes_and_hardly_anybody_waits(
        self,
        engine: FaceEngine,
        gallery: dict[str, Photograph],
        pairs: list[tuple[str, str, bool]],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        seen = Counter((_verdict(engine, gallery[x], gallery[y]), same) for x, y, same in pairs)
        with capsys.disabled():
            sys.stderr.write(f"\n{len(pairs)} pairs of photographs, judged and labelled: {seen}\n")

        assert seen[Verdict.SAME, False] == 0
        assert seen[Verdict.UNSURE, False] == 0
        assert seen[Verdict.DIFFERENT, True] == 0
        assert seen[Verdict.UNSURE, True] <= 1

    def test_a_face_and_its_reflection(self, photographs: Path, engine: FaceEngine) -> None:
        document, selfie = _read(photographs, "img11.jpg", "img11_reflection.jpg")

        assert faces.compare(engine, document, selfie).verdict is Verdict.SAME

    @pytest.mark.parametrize("name", ["couple.jpg", "selfie-many-people.jpg"])
    def test_a_group_is_no_selfie(self, photographs: Path, engine: FaceEngine, name: str) -> None:
        comparison = faces.compare(engine, *_read(photographs, "img11.jpg", name))

        assert comparison.explanation == (f"selfie_{Problem.SEVERAL_FACES}",)


def _verdict(engine: FaceEngine, a: Photograph, b: Photograph) -> Verdict:
    """As `compare` judges at its first look, from the templates that are there already."""
    distance = engine.distance(a.template, b.template)
    if distance <= engine.threshold(faces.SAME_FMR):
        return Verdict.SAME
    grey = distance <= engine.threshold(faces.DIFFERENT_FMR)
    return Verdict.UNSURE if grey else Verdict.DIFFERENT


def _read(folder: Path, *names: str) -> tuple[Pixels, Pixels]:
    a, b = (images.decode((folder / name).read_bytes()) for name in names)
    return a, b
