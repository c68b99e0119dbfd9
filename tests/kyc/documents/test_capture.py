"""Documents that were photographed well and badly: found, straightened, and told what is wrong."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from kyc import images
from kyc.documents import capture, finding
from kyc.images import Pixels
from kyc.quality import Problem
from sandbox.specimens import documents
from tests.conftest import SHARED
from tests.kyc import drawn

SPECIMENS = SHARED / "data" / "documents"
PORTRAIT = Image.fromarray(drawn.portrait(drawn.LINA))
PASSPORT = documents.passport(drawn.AMINA, PORTRAIT)
CARD = documents.card(drawn.AMINA, PORTRAIT)
SHOT = np.asarray(documents.photographed(PASSPORT))
BLURRED = np.asarray(cv2.GaussianBlur(SHOT, (0, 0), 5), dtype=np.uint8)


def problems(pixels: Pixels) -> list[Problem]:
    return [one.problem for one in capture.check(pixels, finding.find(pixels))]


def turned(pixels: Pixels, quarters: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(pixels, quarters))


def lit(pixels: NDArray[Any], factor: float) -> Pixels:
    return np.asarray(np.clip(pixels * factor, 0, 255), dtype=np.uint8)


def on_a_screen(pixels: Pixels, dots: float = 3.1) -> Pixels:
    """Each dot of the screen as stripes of red, green and blue, `dots` pixels wide, askew."""
    side, fine = 1200, 6
    few = np.asarray(cv2.resize(pixels, (round(side / dots), round(side * 0.75 / dots))))
    lamps = np.zeros((few.shape[0] * fine, few.shape[1] * fine, 3), np.float32)
    for color in range(3):
        for row in range(fine - 1):
            for column in (2 * color, 2 * color + 1):
                lamps[row::fine, column::fine, color] = few[..., color] * 1.9
    spin = cv2.getRotationMatrix2D((0, 0), 2.5, dots / fine)
    seen = cv2.warpAffine(lamps, spin, (side, 900), flags=cv2.INTER_AREA)
    return lit(np.asarray(cv2.GaussianBlur(seen, (0, 0), 0.7)), 1.3)


def with_light_on_it(pixels: Pixels, x: int, y: int, radius: int) -> Pixels:
    spot: NDArray[Any] = np.zeros(pixels.shape[:2], np.float32)
    cv2.circle(spot, (x, y), radius, 1.6, -1)
    soft = np.asarray(cv2.GaussianBlur(spot, (0, 0), radius / 4))[..., None]
    return lit(pixels * (1 - soft.clip(0, 1)) + 255 * soft, 1)


class TestFinding:
    @pytest.mark.parametrize("quarters", range(4))
    @pytest.mark.parametrize("document", [PASSPORT, CARD], ids=["passport", "card"])
    def test_stands_the_page_upright_however_it_lay(
        self, document: Image.Image, quarters: int
    ) -> None:
        found = finding.find(turned(np.asarray(documents.photographed(document)), quarters))

        assert found.quarters == (4 - quarters) % 4
        assert found.has_outline
        assert _likeness(found.page, document) > 0.7

    def test_says_where_the_corners_are_and_how_much_of_the_picture_it_takes(self) -> None:
        square = np.asarray(documents.photographed(PASSPORT, tilt=0, turn=0, across=0.8))

        found = finding.find(square)

        wide, high = 1600 * 0.8, 1600 * 0.8 * 88 / 125
        left, top = (1600 - wide) / 2, (1200 - high) / 2
        expected = [(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)]
        assert np.abs(np.array(found.corners) - expected).max() < 12
        assert found.share == pytest.approx(wide * high / (1600 * 1200), abs=0.02)
        assert found.portrait_height is not None
        assert 0.3 * wide < found.portrait_height < 0.6 * wide

    def test_a_scan_without_background_is_the_page(self) -> None:
        scan = np.asarray(PASSPORT)

        found = finding.find(scan)

        assert finding.NO_OUTLINE in found.notes
        assert found.page.shape == scan.shape
        assert found.documents == 1
        assert found.share == 1.0

    def test_a_page_of_an_open_book(self) -> None:
        book = Image.new("RGB", (PASSPORT.width, PASSPORT.height * 2), (226, 233, 241))
        book.paste(PASSPORT, (0, PASSPORT.height))

        found = finding.find(np.asarray(documents.photographed(book, across=0.45)))

        assert found.quarters == 0
        assert found.documents == 1
        assert found.zone_top is not None

    @pytest.mark.skipif(not SPECIMENS.is_dir(), reason="no specimens beside the checkout")
    def test_loses_no_row_of_a_zone_of_the_specimens(self) -> None:
        """Where rows of a zone are seen in the whole picture, the page has them, too."""
        lost = []
        for path in sorted(SPECIMENS.iterdir()):
            found = finding.find(images.decode(path.read_bytes()))
            if found.documents != 1 or (found.has_outline and found.share < 0.5):
                lost.append(path.name)

        assert lost == []


class TestCheck:
    def test_finds_nothing_wrong_with_a_good_photograph(self) -> None:
        assert problems(SHOT) == []

    def test_no_document(self) -> None:
        table = np.asarray(documents.photographed(Image.new("RGB", (1500, 1056), (226, 233, 241))))

        assert problems(drawn.portrait(drawn.LINA)) == [Problem.NO_DOCUMENT]
        assert problems(table) == [Problem.NO_DOCUMENT]
        assert problems(np.full((600, 800, 3), 170, np.uint8)) == [Problem.NO_DOCUMENT]

    def test_two_documents(self) -> None:
        both = Image.new("RGB", (1600, 1500))
        for place, document in enumerate((CARD, PASSPORT)):
            one = documents.photographed(document, across=0.5, seed=place)
            both.paste(one.crop((0, 180, 1600, 930)), (0, 750 * place))

        assert problems(np.asarray(both)) == [Problem.SEVERAL_DOCUMENTS]

    def test_darkness(self) -> None:
        assert problems(lit(SHOT, 0.2)) == [Problem.TOO_DARK]

    def test_blur(self) -> None:
        assert Problem.BLURRED in problems(BLURRED)

    def test_light_on_the_zone(self) -> None:
        assert Problem.GLARE in problems(with_light_on_it(SHOT, 800, 950, 120))

    def test_light_on_the_portrait(self) -> None:
        assert Problem.GLARE in problems(with_light_on_it(SHOT, 360, 600, 110))

    def test_a_document_that_is_cut_off(self) -> None:
        assert Problem.CROPPED in problems(SHOT[:, 300:])
        assert Problem.CROPPED in problems(SHOT[:, :1100])

    def test_a_document_far_away(self) -> None:
        far = np.asarray(documents.photographed(PASSPORT, across=0.35, width=1200))

        assert Problem.DOCUMENT_TOO_SMALL in problems(far)

    def test_seen_from_the_side(self) -> None:
        corners = np.array([[0, 0], [1600, 0], [1600, 1200], [0, 1200]], np.float32)
        away = np.array([[330, 300], [1270, 300], [1600, 1200], [0, 1200]], np.float32)
        tilt = cv2.getPerspectiveTransform(corners, away)
        side = cv2.warpPerspective(SHOT, tilt, (1600, 1200), borderValue=(110, 84, 62))

        assert Problem.ASKEW in problems(np.asarray(side, dtype=np.uint8))

    def test_a_photograph_of_a_screen(self) -> None:
        assert Problem.FROM_SCREEN in problems(on_a_screen(SHOT))

    def test_says_how_far_from_the_limit(self) -> None:
        found = finding.find(BLURRED)
        (one,) = [o for o in capture.check(BLURRED, found) if o.problem is Problem.BLURRED]

        assert 0 < one.measured < one.limit == capture.SHARPNESS


def _likeness(page: Pixels, document: Image.Image) -> float:
    """Correlation of the page with what was drawn."""
    small = [
        np.asarray(picture.convert("L").resize((125, 88)), dtype=np.float64).ravel()
        for picture in (Image.fromarray(page), document)
    ]
    return float(np.corrcoef(small[0], small[1])[0, 1])
