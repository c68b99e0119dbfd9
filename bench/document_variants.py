"""Specimens as they come from worse cameras and hands: seeded, so that readers can be compared.

Each variant changes one thing. What the untouched picture says is the truth for all of them.
"""

from collections.abc import Callable, Iterator, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.images import Pixels

Floats = NDArray[np.float32]
_WORST = 255.0


def of(pixels: Pixels, seed: int) -> Iterator[tuple[str, Pixels]]:
    """Every variant of one picture."""
    for place, (name, change) in enumerate(VARIANTS.items()):
        yield name, change(pixels, np.random.default_rng([seed, place]))


def _glare(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """A lamp's soft white spot, somewhere on the page."""
    high, wide = pixels.shape[:2]
    across, down = np.meshgrid(np.arange(wide), np.arange(high))
    x, y = chance.uniform(0.2, 0.8) * wide, chance.uniform(0.2, 0.95) * high
    size = 0.12 * wide
    spot = np.exp(-((across - x) ** 2 + (2 * (down - y)) ** 2) / (2 * size**2))
    return _clipped(pixels + 190 * spot[..., None])


def _dark(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """A fifth of the light, with the grain that comes with it."""
    return _clipped(pixels * 0.2 + chance.normal(0, 4, pixels.shape))


def _pale(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """A quarter of the contrast."""
    return _clipped(
        150 + (pixels.astype(np.float32) - 128) * 0.25 + chance.normal(0, 2, pixels.shape)
    )


def _shaded(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """The shadow of a hand over a part of the page."""
    high, wide = pixels.shape[:2]
    edge = (
        np.linspace(-1, 1, wide)[None, :]
        + chance.uniform(-0.5, 0.5) * np.linspace(-1, 1, high)[:, None]
    )
    light = 0.35 + 0.65 / (1 + np.exp(-12 * edge))
    return _clipped(pixels * light[..., None])


def _aslant(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """Seen from the side and a little turned, on a dark table."""
    high, wide = pixels.shape[:2]
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], dtype=np.float32)
    moved = corners * 0.86 + np.array([wide, high]) * 0.07
    moved += chance.uniform(-0.06, 0.06, (4, 2)) * wide
    way = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return np.asarray(
        cv2.warpPerspective(pixels, way, (wide, high), borderValue=(60, 48, 40)), dtype=np.uint8
    )


def _turned(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """By some degrees."""
    high, wide = pixels.shape[:2]
    angle = chance.choice([-1, 1]) * chance.uniform(4, 12)
    way = cv2.getRotationMatrix2D((wide / 2, high / 2), float(angle), 0.85)
    return np.asarray(
        cv2.warpAffine(pixels, way, (wide, high), borderValue=(60, 48, 40)), dtype=np.uint8
    )


def _soft(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """Not quite in focus, and packed hard."""
    soft = cv2.GaussianBlur(pixels, (0, 0), max(0.6, pixels.shape[1] / 900))
    _, packed = cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, 40])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)


def _quarters(times: int) -> Callable[[Pixels, np.random.Generator], Pixels]:
    return lambda pixels, _: np.ascontiguousarray(np.rot90(pixels, times))


def _clipped(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(values, 0, _WORST), dtype=np.uint8)


VARIANTS: Mapping[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "glare": _glare,
    "dark": _dark,
    "pale": _pale,
    "shaded": _shaded,
    "aslant": _aslant,
    "turned": _turned,
    "soft": _soft,
    "by a quarter": _quarters(1),
    "upside down": _quarters(2),
    "by three quarters": _quarters(3),
}
