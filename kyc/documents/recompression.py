"""Was a part of the picture pasted in? A picture that was saved twice as JPEG still keeps the steps
of its first saving; what came in between has none of them.

Only of a picture that was saved more finely the second time, at its own size: any other way of
saving, Telegram's reduction above all, leaves nothing to see.
"""

import io
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

Floats = NDArray[np.float32]
Counts = NDArray[np.int64]

_SIDE = 8
_WAVES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (0, 3), (3, 0), (2, 2))
_PLACES = np.arange(_SIDE)
_ALONG = [
    np.cos((2 * _PLACES + 1) * k * np.pi / 16) * np.sqrt((1 + (k > 0)) / _SIDE)
    for k in range(_SIDE)
]
_FORMS = np.array([np.outer(_ALONG[i], _ALONG[j]) for i, j in _WAVES], dtype=np.float32)
_LEAST_WAVES = 3
"""In so many of them the steps of a first saving have to show."""
_MOST_PIXELS = 13_000_000
_STRIP = 64 * _SIDE
_DARKEST, _BRIGHTEST = (2, 2, 2), (253, 253, 253)
"""Of red, green and blue. At their ends more light, or less, leaves the same."""
_NOISE = 1.0
"""How far rounding to whole pixels and back moves a wave's strength."""
_STRAY = 0.04
_CLEAR, _MISSING = 0.15, -0.25
"""What a strength says on average, as a logarithm of odds: over the picture, and where the steps
are missing."""
_AROUND, _TELLING = 7, 25
"""Blocks along a neighborhood, and how many strengths in it must say something."""
_COARSEST = 60


def missing_steps(upload: bytes) -> int:
    """Blocks in the largest patch without the steps that the rest of the picture shows."""
    image = _opened(upload)
    if image is None:
        return 0
    steps = np.array(image.quantization[0]).reshape(_SIDE, _SIDE)
    strips = [_strengths(strip) for strip in _strips(image)]
    return _largest_patch(np.concatenate(strips), steps) if strips else 0


def _opened(upload: bytes) -> JpegImageFile | None:
    """None for what cannot be examined: no JPEG, a damaged one, too large, without steps."""
    try:
        image = Image.open(io.BytesIO(upload), formats=("JPEG",))
        if not isinstance(image, JpegImageFile) or image.mode not in ("RGB", "L"):
            return None
        if image.width * image.height > _MOST_PIXELS or not all(image.quantization.get(0, [0])):
            return None
        image.draft("YCbCr", image.size)
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return image


def _strips(image: Image.Image) -> Iterator[Image.Image]:
    """Whole blocks, some rows at a time: as numbers the whole would fill the memory."""
    across, down = (length - length % _SIDE for length in image.size)
    for top in range(0, down if across else 0, _STRIP):
        yield image.crop((0, top, across, min(down, top + _STRIP)))


def _strengths(strip: Image.Image) -> Floats:
    """Blocks down x blocks across x waves; nothing where light was cut off, and steps with it."""
    down, across = strip.height // _SIDE, strip.width // _SIDE
    gray = np.asarray(strip.convert("YCbCr").getchannel("Y"), dtype=np.float32) - 128
    blocks = gray.reshape(down, _SIDE, across, _SIDE)
    strengths = np.einsum("aibj,wij->abw", blocks, _FORMS, optimize=True)
    lit = cv2.inRange(np.asarray(strip.convert("RGB")), _DARKEST, _BRIGHTEST)
    strengths[cv2.resize(lit, (across, down), interpolation=cv2.INTER_AREA) < 255] = 0
    return np.asarray(strengths, dtype=np.float32)


def _largest_patch(strengths: Floats, steps: NDArray[np.int64]) -> int:
    odds = np.zeros(strengths.shape[:2], np.float32)
    telling = np.zeros(strengths.shape[:2], np.float32)
    shown = 0
    for wave, (row, column) in enumerate(_WAVES):
        step = int(steps[row, column])
        levels = np.abs(np.rint(strengths[..., wave] / step)).astype(np.int64)
        said = _said(np.bincount(levels.ravel(), minlength=1), step)
        if said is not None:
            odds += said[levels]
            telling += levels > 0
            shown += 1
    if shown < _LEAST_WAVES:
        return 0
    around = (_AROUND, _AROUND)
    near, told = (cv2.boxFilter(each, -1, around, normalize=False) for each in (odds, telling))
    bare = (told >= _TELLING) & (near < _MISSING * told)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(bare.astype(np.uint8))
    return int(boxes[1:, cv2.CC_STAT_AREA].max(initial=0))


def _said(counts: Counts, step: int) -> Floats | None:
    """For each level the odds that it was saved before by the likeliest coarser step."""
    seen = counts.copy()
    seen[0] = 0
    if len(seen) < 2 or seen.sum() < 300:
        return None
    coarser = range(step + 1, min(_COARSEST, 4 * step + 20))
    tables = [_odds(len(seen), step, first) for first in coarser]
    best = max(tables, key=lambda table: float(table @ seen), default=None)
    return best if best is not None and best @ seen > _CLEAR * seen.sum() else None


def _odds(levels: int, step: int, first: int) -> Floats:
    strengths = np.arange(max(levels, 40 * first)) * step
    fits = np.abs(strengths - np.rint(strengths / first) * first) <= step / 2 + _NOISE
    share = float(fits[1:].mean())
    if share > 0.85:
        return np.zeros(levels, np.float32)
    kept, strayed = np.log((1 - _STRAY) / share), np.log(_STRAY / (1 - share))
    odds = np.asarray(np.where(fits[:levels], kept, strayed), dtype=np.float32)
    odds[0] = 0
    return odds
