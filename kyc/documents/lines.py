"""Rows of print in a picture: where letters stand side by side, without reading them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_ROWS = 6
"""A document has more rows of print than a face, a wall or a table has things that look like it."""
SIDE = 800
"""The longer side at which rows are looked for."""
_LOWEST, _HIGHEST = 5, 46
_CONTRAST = 18.0
_LONGER = 3.0
"""A row is this many times as long as it is high."""
_STROKES = 0.45
"""Strokes crossed along the row, for each height of it: letters have one or two."""


@dataclass(frozen=True)
class Row:
    """Middle and size, in pixels of the picture that was given."""

    x: float
    y: float
    width: float
    height: float


def rows(gray: NDArray[np.uint8]) -> list[Row]:
    """Rows of dark print that run from side to side."""
    scale = min(1.0, SIDE / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = _ink(np.asarray(small, dtype=np.uint8))
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, 21), np.uint8))
    joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, _, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=4)
    found = []
    for left, top, width, height, area in boxes[1:count].tolist():
        long_enough = width >= _LONGER * height and area >= 0.45 * width * height
        if not (_LOWEST <= height <= _HIGHEST and long_enough):
            continue
        if _strokes(ink[top : top + height, left : left + width]) >= _STROKES * width / height:
            middle = (left + width / 2) / scale, (top + height / 2) / scale
            found.append(Row(*middle, width / scale, height / scale))
    return found


def _ink(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """255 where something darker than its surroundings is as thin as a stroke."""
    dark = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, np.ones((11, 11), np.uint8))
    level, _ = cv2.threshold(dark, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return np.where(dark >= max(level, _CONTRAST), 255, 0).astype(np.uint8)


def _strokes(ink: NDArray[np.uint8]) -> float:
    """How many strokes a line through the row crosses, in the middle half of its height."""
    height = ink.shape[0]
    middle = ink[height // 4 : max(height // 4 + 1, height - height // 4)] > 0
    return float(np.median(np.count_nonzero(middle[:, 1:] & ~middle[:, :-1], axis=1)))
