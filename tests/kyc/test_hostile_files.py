"""Files meant to harm, through the worker: one clear refusal each, and no memory for the bombs."""

import io
import resource
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from kit.errors import DomainError
from kyc import images, pictures, workers
from kyc.documents.authenticity import Reason
from kyc.quality import Shot
from tests.kyc.drawn import LINA, portrait

PEAK_MB = 300


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_bomb(side: int) -> bytes:
    """Rows of zeros, so that a few hundred kilobytes unpack to gigabytes."""
    row = b"\0" * (side * 3 + 1)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(row) for _ in range(min(side, 4000))) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)


def jpeg_claiming(side: int) -> bytes:
    """A small JPEG whose header says that it is `side` by `side`."""
    jpeg = bytearray(SMALL)
    start = jpeg.index(b"\xff\xc0")
    jpeg[start + 5 : start + 9] = struct.pack(">HH", side, side)
    return bytes(jpeg)


def jpeg_without_steps() -> bytes:
    """Its table says that one wave is a multiple of nothing."""
    jpeg = bytearray(SMALL)
    jpeg[jpeg.index(b"\xff\xdb") + 6] = 0
    return bytes(jpeg)


def webp_claiming(side: int) -> bytes:
    canvas = struct.pack("<I", side - 1)[:3] * 2
    extended = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas
    body = b"WEBP" + extended + saved(FACE, "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (300, 300), color) for color in ("red", "blue", "green")]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def color_profile_bomb() -> bytes:
    """A color profile of 100 MB in a few kilobytes."""
    png = saved(FACE, "PNG")
    profile = b"bomb\0\0" + zlib.compress(b"\0" * 100_000_000, 9)
    return png[:33] + chunk(b"iCCP", profile) + png[33:]


FACE = Image.fromarray(portrait(LINA, width=60))
SMALL = saved(FACE, "JPEG")
SCRIPT = b"<script>alert(1)</script>"

REFUSED = {
    "png bomb": (png_bomb(30_000), "picture_too_many_pixels"),
    "jpeg of 65,000 by 65,000": (jpeg_claiming(65_000), "picture_too_many_pixels"),
    "webp of 16,000 by 16,000": (webp_claiming(16_000), "picture_too_many_pixels"),
    "color profile bomb": (color_profile_bomb(), "picture_not_readable"),
    "moving gif": (moving("GIF"), "picture_format_unsupported"),
    "moving webp": (moving("WEBP"), "picture_moves"),
    "moving png": (moving("PNG"), "picture_moves"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_format_unsupported"),
    "svg that names a file": (
        b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY f SYSTEM "file:///etc/passwd">]><svg>&f;</svg>',
        "picture_format_unsupported",
    ),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "picture_format_unsupported"),
    "pdf": (b"%PDF-1.7\n1 0 obj << >> endobj", "picture_format_unsupported"),
    "pdf with a jpeg in it": (b"%PDF-1.7\n" + SMALL, "picture_format_unsupported"),
    "archive called jpg": (b"PK\x03\x04" + SMALL, "picture_format_unsupported"),
    "program called jpg": (b"\x7fELF" + bytes(2000), "picture_format_unsupported"),
    "nothing": (b"", "picture_format_unsupported"),
    "a hundred zeros": (bytes(100), "picture_format_unsupported"),
    "half a jpeg": (SMALL[: len(SMALL) // 2], "picture_not_readable"),
    "half a webp": (saved(FACE, "WEBP")[:300], "picture_not_readable"),
    "100 MB": (SMALL + bytes(100 * 2**20), "picture_too_large"),
}

CLEANED = {
    "page behind the picture": SMALL + b"<html>" + SCRIPT,
    "archive behind the picture": SMALL + b"PK\x03\x04" + bytes(200),
    "script in a comment": saved(FACE, "JPEG", comment=SCRIPT),
    "notes that never end": saved(FACE, "JPEG", exif=b"Exif\0\0MM\0*" + b"\xff" * 60_000),
    "large color profile": saved(FACE, "JPEG", icc_profile=bytes(3_000_000)),
    "png called jpg": saved(FACE, "PNG"),
}

ODD = {
    "table of steps with a zero": jpeg_without_steps(),
    "thinner than a block": saved(Image.new("RGB", (640, 7)), "JPEG"),
}


@pytest.fixture(scope="module", autouse=True)
def _one_worker_at_the_end() -> None:
    workers.close()


class TestHostileFiles:
    @pytest.mark.parametrize("name", REFUSED)
    async def test_is_refused_with_one_cause(self, name: str) -> None:
        content, code = REFUSED[name]

        with pytest.raises(DomainError) as refusal:
            await pictures.inspect(content, Shot.DOCUMENT)

        assert refusal.value.code == code

    @pytest.mark.parametrize("name", CLEANED)
    async def test_is_taken_without_its_passengers(self, name: str) -> None:
        kept = await pictures.clean(CLEANED[name])

        assert images.decode(kept).shape == np.asarray(FACE).shape
        assert SCRIPT not in kept
        assert kept.endswith(b"\xff\xd9")

    @pytest.mark.parametrize("name", ODD)
    async def test_is_examined_as_a_document(self, name: str) -> None:
        front = await pictures.inspect(ODD[name], Shot.DOCUMENT)
        back = await pictures.inspect_back(ODD[name])

        for seen in (front, back):
            assert Reason.PART_PASTED not in [signal.reason for signal in seen.signals]

    async def test_all_of_them_together_take_less_than_300_mb(self) -> None:
        workers.close()
        for content, _ in REFUSED.values():
            with pytest.raises(DomainError):
                await pictures.clean(content)
        for content in CLEANED.values():
            await pictures.clean(content)

        assert await workers.run(_peak_mb) < PEAK_MB


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
