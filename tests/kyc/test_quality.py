"""The limits, measured on photographs and on copies of them that were spoiled on purpose."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from kyc import faces, images, quality
from kyc.faces import FaceEngine
from kyc.images import Pixels
from kyc.quality import Face, Problem, Shot
from tests.kyc.conftest import Photograph
from tests.kyc.drawn import LINA, portrait

PIXELS = portrait(LINA)
FACE = Face(top=206, right=455, bottom=527, left=134)


def problems(pixels: Pixels, found: list[Face], shot: Shot = Shot.SELFIE) -> list[Problem]:
    return [finding.problem for finding in quality.check(pixels, found, shot)]


def blurred(pixels: Pixels, radius: float) -> Pixels:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def lit(pixels: Pixels, factor: float) -> Pixels:
    return np.clip(pixels.astype(float) * factor, 0, 255).astype(np.uint8)


class TestCheck:
    @pytest.mark.parametrize("shot", Shot)
    def test_finds_nothing_wrong_with_a_good_picture(self, shot: Shot) -> None:
        assert problems(PIXELS, [FACE], shot) == []

    def test_says_how_far_a_blurred_picture_is_from_the_limit(self) -> None:
        (finding,) = quality.check(blurred(PIXELS, 6), [FACE], Shot.SELFIE)

        assert finding.problem is Problem.BLURRED
        assert 0 < finding.measured < finding.limit

    def test_a_dark_picture(self) -> None:
        assert problems(lit(PIXELS, 0.3), [FACE])[0] is Problem.TOO_DARK

    def test_dark_is_told_before_no_face_because_it_is_the_cause(self) -> None:
        assert problems(lit(PIXELS, 0.3), []) == [Problem.TOO_DARK, Problem.NO_FACE]

    def test_burnt_out_is_glare_on_a_document_and_too_bright_on_a_selfie(self) -> None:
        flash = PIXELS.copy()
        flash[206:370, 134:455] = 255

        assert problems(flash, [FACE], Shot.DOCUMENT) == [Problem.GLARE]
        assert problems(flash, [FACE], Shot.SELFIE) == [Problem.TOO_BRIGHT]

    def test_a_picture_without_a_face(self) -> None:
        assert problems(PIXELS, []) == [Problem.NO_FACE]

    def test_a_thumbnail_is_too_small_whatever_is_on_it(self) -> None:
        assert problems(PIXELS[:150], [FACE]) == [Problem.PICTURE_TOO_SMALL]

    def test_a_portrait_too_small_on_the_document(self) -> None:
        small = Face(top=300, right=370, bottom=370, left=300)

        assert Problem.FACE_TOO_SMALL in problems(PIXELS, [small], Shot.DOCUMENT)

    def test_two_people_on_a_selfie(self) -> None:
        other = Face(top=300, right=450, bottom=450, left=300)

        assert problems(PIXELS, [FACE, other]) == [Problem.SEVERAL_FACES]

    def test_a_bystander_far_behind_is_no_second_person(self) -> None:
        bystander = Face(top=10, right=110, bottom=110, left=10)

        assert problems(PIXELS, [FACE, bystander]) == []

    def test_a_ghost_portrait_on_a_document_is_no_second_person(self) -> None:
        ghost = Face(top=300, right=450, bottom=450, left=300)

        assert problems(PIXELS, [ghost, FACE], Shot.DOCUMENT) == []


class TestLimits:
    def test_photographs_are_good_enough(self, gallery: dict[str, Photograph]) -> None:
        spoiled = {name: p.examined.findings for name, p in gallery.items() if p.examined.findings}

        assert spoiled == {}

    @pytest.mark.parametrize(
        ("problem", "spoil"),
        [
            (Problem.BLURRED, lambda pixels, face: blurred(pixels, face.height * 0.02)),
            (Problem.TOO_DARK, lambda pixels, face: lit(pixels, 0.25)),
            (Problem.TOO_BRIGHT, lambda pixels, face: lit(pixels, 3)),
        ],
    )
    def test_spoiled_copies_are_not(
        self, gallery: dict[str, Photograph], problem: Problem, spoil: object
    ) -> None:
        assert callable(spoil)
        missed = []
        for name, photograph in gallery.items():
            examined = photograph.examined
            spoiled = spoil(examined.pixels, examined.faces[0])
            if problem not in problems(spoiled, list(examined.faces)):
                missed.append(name)

        assert missed == []

    def test_two_photographs_of_groups_are_refused_as_selfies(
        self, photographs: Path, engine: FaceEngine
    ) -> None:
        for name in ("couple.jpg", "selfie-many-people.jpg"):
            pixels = images.decode((photographs / name).read_bytes())
            found = faces.examine(engine, pixels, Shot.SELFIE).findings

            assert [finding.problem for finding in found] == [Problem.SEVERAL_FACES]
