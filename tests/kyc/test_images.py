"""Hostile and unusual files: each gets a clean picture or one clear refusal."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from kit.errors import DomainError
from kyc import images
from kyc.images import Pixels
from tests.kyc.drawn import LINA, portrait


def file_of(pixels: Pixels, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A few hundred bytes that unpack to width x height: the data is there, but all the same."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * min((width * 3 + 1) * height, 10**7), 9)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def text_bomb() -> bytes:
    """A small PNG whose compressed caption unpacks to 100 MB."""
    caption = b"Comment\0\0" + zlib.compress(b"a" * 100_000_000, 9)
    chunk = b"zTXt" + caption
    sealed = struct.pack(">I", len(caption)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    png = file_of(portrait(LINA, width=40), "PNG")
    return png[:33] + sealed + png[33:]


def animation() -> bytes:
    frames = [Image.new("RGB", (300, 300), color) for color in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


JPEG = file_of(portrait(LINA, width=150))

HOSTILE = {
    "empty": (b"", "picture_format_unsupported"),
    "text called jpg": (b"My passport is lost, sorry", "picture_format_unsupported"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_format_unsupported"),
    "gif": (file_of(portrait(LINA, width=40), "GIF"), "picture_format_unsupported"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "picture_format_unsupported"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "picture_format_unsupported"),
    "tiff": (file_of(portrait(LINA, width=40), "TIFF"), "picture_format_unsupported"),
    "only a signature": (b"\xff\xd8\xff\xe0", "picture_not_readable"),
    "truncated jpeg": (JPEG[: len(JPEG) // 2], "picture_not_readable"),
    "truncated png": (file_of(portrait(LINA, width=40), "PNG")[:-900], "picture_not_readable"),
    "noise after a header": (JPEG[:200] + bytes(range(256)) * 40, "picture_not_readable"),
    "riff, not webp": (b"RIFF\x10\0\0\0WAVEfmt ", "picture_not_readable"),
    "png bomb": (png_claiming(20_000, 20_000), "picture_too_many_pixels"),
    "png bomb beyond all limits": (png_claiming(60_000, 60_000), "picture_too_many_pixels"),
    "long thin png": (png_claiming(2**31 - 1, 1), "picture_too_many_pixels"),
    "png with less data than claimed": (png_claiming(4_000, 4_000), "picture_not_readable"),
    "caption bomb": (text_bomb(), "picture_not_readable"),
    "animated webp": (animation(), "picture_moves"),
    "11 MB": (JPEG + b"\0" * 11 * 2**20, "picture_too_large"),
}


class TestDecode:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_refuses_with_one_cause(self, name: str) -> None:
        content, code = HOSTILE[name]

        with pytest.raises(DomainError) as refusal:
            images.decode(content)

        assert refusal.value.code == code

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_reads_the_formats_that_phones_send(self, kind: str) -> None:
        pixels = images.decode(file_of(portrait(LINA, width=150), kind))

        assert pixels.shape == (330, 300, 3)
        assert abs(float(pixels.mean()) - float(portrait(LINA, width=150).mean())) < 2

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_turns_the_picture_as_the_camera_was_held(self, orientation: int) -> None:
        upright = np.full((200, 300, 3), 90, dtype=np.uint8)
        upright[:50, :75] = 230  # the light corner belongs to the top left
        turned = _as_camera_writes(Image.fromarray(upright), orientation)
        exif = Image.Exif()
        exif[0x0112] = orientation
        buffer = io.BytesIO()
        turned.save(buffer, "JPEG", exif=exif, quality=95)

        pixels = images.decode(buffer.getvalue())

        assert pixels.shape == upright.shape
        assert np.abs(pixels.astype(int) - upright).mean() < 2

    def test_takes_damaged_notes_for_no_notes(self) -> None:
        exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12"
        content = file_of(portrait(LINA, width=150), exif=exif)

        assert images.decode(content).shape == (330, 300, 3)

    def test_reads_a_jpeg_with_an_auxiliary_picture(self) -> None:
        main, extra = (Image.fromarray(portrait(LINA, width=width)) for width in (150, 40))
        buffer = io.BytesIO()
        main.save(buffer, "MPO", save_all=True, append_images=[extra])

        assert images.decode(buffer.getvalue()).shape == (330, 300, 3)

    def test_reduces_a_very_large_photograph(self) -> None:
        pixels = images.decode(file_of(np.full((4000, 8000, 3), 128, dtype=np.uint8)))

        assert pixels.shape == (1500, 3000, 3)

    @pytest.mark.parametrize("mode", ["L", "CMYK"])
    def test_gives_three_colors_whatever_the_file_has(self, mode: str) -> None:
        buffer = io.BytesIO()
        Image.fromarray(portrait(LINA, width=150)).convert(mode).save(buffer, "JPEG")

        assert images.decode(buffer.getvalue()).shape == (330, 300, 3)

    def test_keeps_the_brightness_of_sixteen_bits(self) -> None:
        deep = np.full((200, 200), 200 << 8, dtype=np.uint16)

        assert images.decode(file_of(deep, "PNG")).mean() == 200  # type: ignore[arg-type]

    def test_lays_transparent_pictures_on_white(self) -> None:
        clear = np.zeros((200, 200, 4), dtype=np.uint8)

        assert images.decode(file_of(clear, "PNG")).mean() == 255

    def test_refuses_truncated_files_although_the_face_library_would_not(self) -> None:
        ImageFile.LOAD_TRUNCATED_IMAGES = True  # what importing face_recognition does

        with pytest.raises(images.PictureNotReadable):
            images.decode(JPEG[: len(JPEG) // 2])


class TestEncode:
    def test_leaves_out_everything_but_the_pixels(self) -> None:
        exif = Image.Exif()
        exif[0x010F] = "Telltale Cameras"
        exif[0x8825] = {1: "S", 2: (1.0, 17.0, 0.0)}
        upload = file_of(portrait(LINA, width=150), exif=exif) + b"<script>alert(1)</script>"

        kept = images.encode(images.decode(upload))

        assert b"Telltale" not in kept
        assert b"Exif" not in kept
        assert b"script" not in kept
        assert kept.endswith(b"\xff\xd9")
        assert np.abs(images.decode(kept).astype(int) - images.decode(upload)).mean() < 3


class TestShrunk:
    def test_keeps_a_small_picture_as_it_is(self) -> None:
        pixels = portrait(LINA, width=40)

        assert images.shrunk(pixels, 800) is pixels

    def test_keeps_at_least_one_pixel_of_the_shorter_side(self) -> None:
        assert images.shrunk(np.zeros((1, 5000, 3), dtype=np.uint8), 100).shape == (1, 100, 3)


def _as_camera_writes(upright: Image.Image, orientation: int) -> Image.Image:
    """The stored picture that a viewer must turn by `orientation` to see it upright."""
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return upright if orientation == 1 else upright.transpose(inverse[orientation])
