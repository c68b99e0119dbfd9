"""The two engines: their curves, their detectors, and what they say about real people."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench import degraded
from kyc import faces, images
from kyc.faces import Picture, Verdict, detectors
from kyc.faces.engine import Curve, rarity
from kyc.images import Pixels
from kyc.quality import Shot
from tests.kyc.drawn import LINA, OMAR, portrait

needs_networks = pytest.mark.skipif(
    not detectors.has_networks(), reason="the small networks of MTCNN are not here: make models"
)
needs_feature = pytest.mark.skipif(
    "fr_feature" not in faces.here(), reason="fr_feature is not here: make models"
)

CURVE = Curve({1e-2: 0.6, 1e-3: 0.5, 1e-6: 0.35})


class TestCurve:
    @pytest.mark.parametrize("fmr", [1e-2, 1e-3, 1e-6])
    def test_goes_through_what_was_measured(self, fmr: float) -> None:
        assert CURVE.threshold(fmr) == CURVE.measured[fmr]
        assert CURVE.rarity(CURVE.measured[fmr]) == pytest.approx(rarity(fmr))

    @pytest.mark.parametrize("distance", [0.1, 0.41, 0.55, 0.7, 1.0])
    def test_there_and_back_is_the_same_distance(self, distance: float) -> None:
        assert CURVE.distance(CURVE.rarity(distance)) == pytest.approx(distance)

    def test_farther_is_never_rarer(self) -> None:
        rarities = [CURVE.rarity(distance) for distance in np.arange(0, 1.5, 0.01)]

        assert rarities == sorted(rarities, reverse=True)


class TestDetectors:
    @needs_networks
    def test_find_a_portrait_on_a_card_that_was_photographed_badly(self) -> None:
        (face,) = detectors.detect(portrait(OMAR))
        card = degraded.photographed(
            degraded.portrait(portrait(OMAR), face), degraded.MIDDLING, seed=3
        )

        (found,) = detectors.detect(card)

        assert 60 < found.height < 110

    @needs_networks
    def test_place_the_same_points_in_a_box_of_another_detector(self) -> None:
        (face,) = detectors.detect(portrait(OMAR))

        points = detectors.points(portrait(OMAR), replace(face, points=None))

        assert face.points is not None
        assert np.abs(points - np.array(face.points)).max() < 0.1 * face.height

    def test_of_two_equal_faces_the_one_in_the_middle_comes_first(self) -> None:
        small = portrait(LINA, width=160)
        sheet = np.full((small.shape[0], 4 * small.shape[1], 3), 200, dtype=np.uint8)
        sheet[:, : small.shape[1]] = small
        sheet[:, 2 * small.shape[1] : 3 * small.shape[1]] = small

        first, second = detectors.detect(sheet)

        assert second.right < first.left


class TestCompareMany:
    def test_a_template_beside_frames(self) -> None:
        engine = faces.engine("face_recognition")
        (face,) = engine.detect(portrait(LINA))
        template = engine.embed(portrait(LINA), face)
        wall = np.full((300, 300, 3), 180, dtype=np.uint8)

        frames = [portrait(LINA), wall, portrait(OMAR)]
        same, nobody, other = faces.compare_many(engine, template, frames)

        assert (same.faces_found, same.distance) == (1, 0)
        assert (nobody.faces_found, nobody.distance) == (0, None)
        assert other.distance is not None
        assert other.distance > engine.threshold(1e-3)


class TestFusion:
    @needs_feature
    def test_what_both_find_rare_is_rarer_than_what_one_does(self) -> None:
        fused = faces.engine("fr_feature").closer
        assert fused is not None
        (face,) = fused.detect(portrait(LINA))
        lina = fused.embed(portrait(LINA), face)
        stranger = lina.copy()
        stranger[512:] += 0.2

        assert fused.distance(lina, stranger) > fused.distance(lina, lina)
        assert fused.threshold(1e-3) == faces.engine("fr_feature").threshold(1e-3)


@pytest.fixture(scope="module")
def gallery_of_pairs(photographs: Path, pairs: list[tuple[str, str, bool]]) -> dict[str, Picture]:
    engine = faces.engine("fr_feature")
    names = sorted({name for x, y, _ in pairs for name in (x, y)})
    return {name: Picture(engine, _read(photographs / name)) for name in names}


@needs_feature
class TestFeature:
    def test_every_true_pair_passes_and_no_stranger(
        self, gallery_of_pairs: dict[str, Picture], pairs: list[tuple[str, str, bool]]
    ) -> None:
        wrong = [
            (x, y)
            for x, y, same in pairs
            if (_verdict(gallery_of_pairs[x], gallery_of_pairs[y]) is Verdict.SAME) != same
        ]

        assert wrong == []

    def test_strangers_are_as_far_apart_as_its_curve_says(
        self, gallery_of_pairs: dict[str, Picture], pairs: list[tuple[str, str, bool]]
    ) -> None:
        """Measured elsewhere with another detector: the same crops must come out here."""
        engine = faces.engine("fr_feature")
        templates = {
            name: picture.template(engine, Shot.SELFIE)
            for name, picture in gallery_of_pairs.items()
        }
        seldom = [
            engine.curve.rarity(engine.distance(templates[x], templates[y]))
            for x, y, same in pairs
            if not same
        ]

        assert abs(float(np.mean(seldom))) < 0.6
        assert 0.7 < float(np.std(seldom)) < 1.3


def _verdict(document: Picture, selfie: Picture) -> Verdict:
    return faces.compare_pictures(document, selfie).verdict


def _read(path: Path) -> Pixels:
    return images.decode(path.read_bytes())
