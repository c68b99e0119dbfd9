"""What speaks against an upload, and that the same picture is known again."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from bench import forgeries
from kyc import images, pictures
from kyc.documents import authenticity
from kyc.documents.authenticity import Reason
from kyc.images import Pixels
from sandbox.specimens import documents
from sandbox.specimens.zones import Holder
from tests.kyc import drawn
from tests.kyc.documents.test_capture import CARD, PASSPORT, SHOT, on_a_screen

BACK = documents.photographed(documents.back(drawn.AMINA))
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


class TestPasted:
    ONCE = documents.jpeg(documents.photographed(PASSPORT), quality=75)
    OPENED = Image.open(io.BytesIO(ONCE)).convert("RGB")

    @pytest.mark.parametrize("forge", [forgeries.with_portrait, forgeries.with_number])
    def test_parts_lack_the_steps_of_the_first_saving(
        self, forge: Callable[[Image.Image], Image.Image]
    ) -> None:
        forged = documents.jpeg(forge(self.OPENED), quality=92)

        signals = authenticity.examine(forged, np.asarray(self.OPENED), np.asarray(self.OPENED))
        assert [signal.reason for signal in signals] == [Reason.PART_PASTED]

    @pytest.mark.parametrize("light", forgeries.LIGHTS)
    def test_are_told_from_parts_where_light_was_cut_off(
        self, light: Callable[[Image.Image], Image.Image]
    ) -> None:
        lit = documents.jpeg(light(documents.photographed(PASSPORT)), quality=75)
        opened = Image.open(io.BytesIO(lit)).convert("RGB")

        assert not forgeries.is_noticed(documents.jpeg(opened, 95))
        assert forgeries.is_noticed(documents.jpeg(forgeries.with_portrait(opened), 95))

    def test_a_picture_saved_again_has_them_everywhere(self) -> None:
        again = documents.jpeg(self.OPENED, quality=92)

        assert not forgeries.is_noticed(self.ONCE)
        assert not forgeries.is_noticed(again)
        assert not forgeries.is_noticed(b"no JPEG")


class TestSameImage:
    def test_saved_again_smaller_it_is_the_same(self) -> None:
        small = Image.fromarray(SHOT).resize((1280, 960))
        again = images.decode(documents.jpeg(small, quality=60))

        assert _is_same(SHOT, again)

    def test_other_documents_and_other_people_are_not(self) -> None:
        portrait = Image.fromarray(drawn.portrait(drawn.OMAR))
        omars = documents.passport(OMAR, portrait)
        others = [CARD, documents.photographed(PASSPORT, seed=8), documents.photographed(omars)]

        for other in others:
            assert not _is_same(SHOT, np.asarray(other))

    def test_backs_of_one_kind_differ_in_small_print_alone(self) -> None:
        """Scanned, so that not even the table and the light are other ones."""
        aminas, omars = (_scanned(documents.back(holder)) for holder in (drawn.AMINA, OMAR))
        small = Image.fromarray(aminas).resize((808, 510))
        again = images.decode(documents.jpeg(small, quality=60))

        assert _is_same(aminas, again, authenticity.FINER_WAVES)
        assert not _is_same(aminas, omars, authenticity.FINER_WAVES)


class TestBack:
    def test_nothing_speaks_against_a_photograph(self) -> None:
        seen = pictures.inspect_back_here(documents.jpeg(BACK))

        assert seen.signals == ()
        assert seen.image_hash is not None

    def test_of_a_copy_without_color_from_an_editor(self) -> None:
        exif = Image.Exif()
        exif[0x0131] = "GIMP 2.10"
        gray = np.asarray(BACK.convert("L").convert("RGB"))

        seen = pictures.inspect_back_here(jpeg(gray, exif=exif))

        assert [signal.reason for signal in seen.signals] == [Reason.GRAY_COPY, Reason.EDITED]

    def test_on_a_screen(self) -> None:
        seen = pictures.inspect_back_here(jpeg(on_a_screen(np.asarray(BACK))))

        assert Reason.FROM_SCREEN in [signal.reason for signal in seen.signals]


def _scanned(document: Image.Image) -> Pixels:
    return np.asarray(document.convert("RGB"))


def _is_same(one: Pixels, other: Pixels, waves: int = authenticity.WAVES) -> bool:
    own, its = (authenticity.image_hash(pixels, waves) for pixels in (one, other))
    return authenticity.differing_bits(own, its) <= authenticity.same_bits(own)
