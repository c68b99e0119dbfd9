"""What speaks against an upload, and that the same picture is known again."""

import io

import numpy as np
import pytest
from PIL import Image

from kyc import images
from kyc.documents import authenticity
from kyc.documents.authenticity import Reason
from kyc.images import Pixels
from sandbox.specimens import documents
from sandbox.specimens.zones import Holder
from tests.kyc import drawn
from tests.kyc.documents.test_capture import CARD, PASSPORT, SHOT, on_a_screen

OMAR = Holder("Hassan", "Omar", drawn.AMINA.birth_date, "M", "X4455667")


def jpeg(pixels: Pixels, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def reasons(pixels: Pixels) -> list[Reason]:
    signals = authenticity.examine(jpeg(pixels), pixels, pixels)
    return [signal.reason for signal in signals]


class TestExamine:
    def test_nothing_speaks_against_a_photograph(self) -> None:
        assert reasons(SHOT) == []

    def test_a_screen(self) -> None:
        assert Reason.FROM_SCREEN in reasons(on_a_screen(SHOT))

    def test_a_copy_without_color(self) -> None:
        gray = np.asarray(Image.fromarray(SHOT).convert("L").convert("RGB"))

        assert reasons(gray) == [Reason.GRAY_COPY]

    @pytest.mark.parametrize("program", ["Adobe Photoshop 25.1 (Windows)", "GIMP 2.10", "Canva"])
    def test_a_program_that_edits_is_named_in_the_notes(self, program: str) -> None:
        exif = Image.Exif()
        exif[0x0131] = program

        assert authenticity.names_an_editor(jpeg(SHOT, exif=exif))
        assert not authenticity.names_an_editor(images.encode(SHOT))

    def test_a_camera_is_no_editor(self) -> None:
        exif = Image.Exif()
        exif[0x010F], exif[0x0131] = "samsung", "G991BXXU5CVDD"

        assert not authenticity.names_an_editor(jpeg(SHOT, exif=exif))

    def test_what_is_no_picture_names_nobody(self) -> None:
        assert not authenticity.names_an_editor(b"Photoshop")


class TestSameImage:
    def test_saved_again_smaller_it_is_the_same(self) -> None:
        small = Image.fromarray(SHOT).resize((1280, 960))
        again = images.decode(documents.jpeg(small, quality=60))

        assert _apart(SHOT, again) <= authenticity.SAME_BITS

    def test_other_documents_and_other_people_are_not(self) -> None:
        portrait = Image.fromarray(drawn.portrait(drawn.OMAR))
        omars = documents.passport(OMAR, portrait)
        others = [CARD, documents.photographed(PASSPORT, seed=8), documents.photographed(omars)]

        for other in others:
            assert _apart(SHOT, np.asarray(other)) > authenticity.SAME_BITS


def _apart(one: Pixels, other: Pixels) -> int:
    hashes = (authenticity.image_hash(pixels) for pixels in (one, other))
    return authenticity.differing_bits(*hashes)
