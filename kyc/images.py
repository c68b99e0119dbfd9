"""Turn an uploaded file into pixels that are safe to look at and a clean JPEG that is safe to keep.

Runs in a worker process (`kyc.workers`): whatever a hostile file does, it does there.
"""

import io
import warnings
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from kit.errors import DomainError

Pixels: TypeAlias = NDArray[np.uint8]
"""Height x width x 3, red green blue, upright."""

MAX_BYTES = 10 * 1024 * 1024
KEPT_SIDE = 3000
"""Longer pictures are reduced to this: a card across the frame still has 30 pixels a millimetre."""

_FORMATS = ("JPEG", "PNG", "WEBP")
_MAX_PIXELS = {"JPEG": 50_000_000, "MPO": 50_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}
"""JPEG is reduced while it is decoded, so that a phone's 48 megapixels fit; the others are not."""
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_JPEG_QUALITY = 92
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PictureTooLarge(DomainError):
    """More bytes than we accept."""

    code = "picture_too_large"


class PictureFormatUnsupported(DomainError):
    """Not a JPEG, PNG or WebP file, whatever its name says."""

    code = "picture_format_unsupported"


class PictureNotReadable(DomainError):
    """Starts like a picture, but is cut off or damaged."""

    code = "picture_not_readable"


class PictureTooManyPixels(DomainError):
    """Would fill the memory when unpacked."""

    code = "picture_too_many_pixels"


class PictureMoves(DomainError):
    """An animation: which of its frames was meant is not ours to guess."""

    code = "picture_moves"


BLANK: Pixels = np.zeros((64, 64, 3), dtype=np.uint8)


def decode(content: bytes) -> Pixels:
    """The upright pixels of an uploaded file, or the one reason why it is refused."""
    if len(content) > MAX_BYTES:
        raise PictureTooLarge(limit_mb=MAX_BYTES // 2**20)
    # face_recognition switches this on for the whole process when it is imported.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decode(content)
    except DomainError:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise PictureTooManyPixels() from None
    except Exception:
        # Pillow's plugins raise whatever they stumble over; it all means the same to the sender.
        raise PictureNotReadable() from None


def encode(pixels: Pixels) -> bytes:
    """A new JPEG of the pixels and nothing else: no place, no device, no thumbnail."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def shrunk(pixels: Pixels, side: int) -> Pixels:
    """The same picture with its longer side at most `side`."""
    longest = max(pixels.shape[:2])
    if longest <= side:
        return pixels
    height, width = (max(1, round(length * side / longest)) for length in pixels.shape[:2])
    small = Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(small)


def _decode(content: bytes) -> Pixels:
    image = _opened(content)
    width, height = image.size
    if width * height > _MAX_PIXELS[image.format or ""]:
        raise PictureTooManyPixels()
    # MPO is what phones call a JPEG that carries a second, auxiliary picture behind it.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise PictureMoves()
    orientation = _orientation(image)
    image.draft(None, (KEPT_SIDE, KEPT_SIDE))
    image.load()
    if max(image.size) > KEPT_SIDE:
        image.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    colored = _colored(image)
    if orientation in _UPRIGHT:
        colored = colored.transpose(_UPRIGHT[orientation])
    return np.asarray(colored)


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError:
        if content.startswith(_SIGNATURES):
            raise PictureNotReadable() from None
        raise PictureFormatUnsupported() from None


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:
        # Damaged notes beside a sound picture are no reason to refuse the picture.
        return 1


def _colored(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        deep = np.asarray(image).astype(np.uint32)
        return Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")
