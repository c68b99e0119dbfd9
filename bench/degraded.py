"""Portraits as photographed documents show them: printed with a raster and lines, bleached, small,
blurred, tilted, with glare, and compressed. A model of printing, not prints."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.images import Pixels
from kyc.quality import Face

_FACE_SHARE = 0.42
"""Of a portrait's height, from the brows to the chin."""
_FINER = 2
"""Printing happens at this many times the pixels of the photograph."""

_PAPER = (205, 212, 205)


@dataclass(frozen=True)
class Condition:
    name: str
    height: int
    """Pixels of the portrait in the photograph."""
    raster: float
    contrast: float
    blur: float
    noise: float
    jpeg: int
    is_gray: bool = False


GOOD = Condition("320 px", 320, raster=0.10, contrast=0.80, blur=0.8, noise=4, jpeg=70)
MIDDLING = Condition("180 px", 180, raster=0.16, contrast=0.65, blur=1.0, noise=6, jpeg=55)
POOR = Condition("110 px", 110, raster=0.20, contrast=0.55, blur=1.1, noise=8, jpeg=45)
ENGRAVED = Condition("180 px, gray", 180, 0.40, 0.55, blur=0.9, noise=7, jpeg=55, is_gray=True)
CONDITIONS = (GOOD, MIDDLING, POOR, ENGRAVED)


def portrait(pixels: Pixels, face: Face) -> Pixels:
    """The head and shoulders around a face, as a document's photograph is cut."""
    height = face.height / _FACE_SHARE
    width = height * 0.8
    middle = (face.left + face.right) / 2
    top = face.top - 0.34 * height
    corners = np.array([[middle - width / 2, top], [middle + width / 2, top],
                        [middle - width / 2, top + height]], np.float32)  # fmt: skip
    size = (round(width), round(height))
    target = np.array([[0, 0], [size[0], 0], [0, size[1]]], np.float32)
    move = cv2.getAffineTransform(corners, target)
    cut = cv2.warpAffine(pixels, move, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, dtype=np.uint8)


def photographed(picture: Pixels, condition: Condition, seed: int) -> Pixels:
    """The portrait printed on a card and photographed under this condition."""
    chance = np.random.default_rng(seed)
    height = condition.height * _FINER
    size = (round(height * picture.shape[1] / picture.shape[0]), height)
    ink = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    if condition.is_gray:
        ink = np.repeat(ink.mean(axis=2, keepdims=True), 3, axis=2)
    ink = (ink - 128) * condition.contrast + 128 + chance.uniform(5, 30)
    ink += _raster(ink, condition, chance) + _lines(ink, chance)
    rim = height // 12
    card = cv2.copyMakeBorder(ink, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=_PAPER)
    seen = _tilted(np.asarray(card, np.float32), chance)
    seen = seen + _glare(seen, chance)
    width, tall = seen.shape[1] // _FINER, seen.shape[0] // _FINER
    small = cv2.resize(seen, (width, tall), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), condition.blur * chance.uniform(0.7, 1.3))
    small = np.asarray(soft) + chance.normal(0, condition.noise, soft.shape)
    return _compressed(np.clip(small, 0, 255).astype(np.uint8), condition.jpeg)


def _raster(
    ink: NDArray[np.float32], condition: Condition, chance: np.random.Generator
) -> NDArray[np.float32]:
    """Dots of a printing screen at an angle, deepest in the middle tones."""
    rows, columns = np.mgrid[: ink.shape[0], : ink.shape[1]].astype(np.float32)
    angle, period = chance.uniform(0.2, 1.2), chance.uniform(4.5, 7.0)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    across = rows * np.cos(angle) - columns * np.sin(angle)
    dots = np.cos(2 * np.pi * along / period) * np.cos(2 * np.pi * across / period)
    tone = 1 - np.abs(ink - 128) / 160
    return np.asarray(condition.raster * 255 * dots[..., np.newaxis] * tone, dtype=np.float32)


def _lines(ink: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """Fine waves of a security print across the portrait."""
    rows, columns = np.mgrid[: ink.shape[0], : ink.shape[1]].astype(np.float32)
    wave = rows + 12 * np.sin(columns / chance.uniform(25, 60) + chance.uniform(0, 6))
    lines = np.maximum(0, np.cos(2 * np.pi * wave / chance.uniform(18, 30)) - 0.8) * 5
    return np.asarray(-chance.uniform(5, 25) * lines[..., np.newaxis], dtype=np.float32)


def _tilted(card: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    height, width = card.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), chance.uniform(-8, 8), 0.95)
    turned = cv2.transform(corners[np.newaxis], turn)[0]
    pulled = (turned + chance.uniform(-0.03, 0.03, (4, 2)) * height).astype(np.float32)
    move = cv2.getPerspectiveTransform(corners, pulled)
    return np.asarray(
        cv2.warpPerspective(card, move, (width, height), borderValue=(120, 110, 100)), np.float32
    )


def _glare(seen: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """A soft spot of light, strong in one picture of four."""
    height, width = seen.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    away = (rows - chance.uniform(0, height)) ** 2 + (columns - chance.uniform(0, width)) ** 2
    strength = chance.uniform(60, 140) if chance.random() < 0.25 else chance.uniform(0, 30)
    spot = strength * np.exp(-away / (2 * (chance.uniform(0.08, 0.2) * height) ** 2))
    return np.asarray(spot[..., np.newaxis], dtype=np.float32)


def _compressed(pixels: Pixels, quality: int) -> Pixels:
    done, coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1], dtype=np.uint8)
