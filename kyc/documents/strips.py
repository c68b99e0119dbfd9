"""Find where a machine-readable zone may be, and cut it out level and in one size.

The zone is the widest block of dense print: letters close together, two or three rows of the same
length. Whether it is one is known only when it is read.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Gray: TypeAlias = NDArray[np.uint8]
Contour: TypeAlias = Any

_LOOK = 800
"""The width at which blocks are looked for."""
_MOST_ENLARGED = 4.0
_JOINING = (23, 11)
"""Letters this near to each other are one row: a page that fills the picture, and one that fills
half of it."""
_STRIP_WIDTH = 1200
"""A zone of 44 letters then has letters of some 30 pixels' height, as recognizers like them."""
_ROOM = 1.05
"""Cut out this much wider than what was found."""
_MOST = 3
_ROW_WIDTH = 0.3
"""Of the picture's width; and a row is this many times as long as high."""
_ROW_SHAPE = 8
_FAINTEST = 16.0
"""Of 255: fainter marks than this are grain, not print."""


@dataclass(frozen=True)
class Block:
    x: float
    y: float
    width: float
    height: float
    angle: float
    """Degrees, clockwise."""
    rows: tuple["Block", ...] = ()
    """What it is made of, from top to bottom."""


@dataclass(frozen=True)
class Strip:
    picture: Gray
    rows: tuple[Gray, ...]
    likeliness: tuple[bool, float]

    def upside_down(self) -> "Strip":
        rows = tuple(turned(row, 2) for row in reversed(self.rows))
        return Strip(turned(self.picture, 2), rows, self.likeliness)


def turned(picture: Gray, quarters: int) -> Gray:
    return np.ascontiguousarray(np.rot90(picture, quarters))


def find(gray: Gray) -> list[Strip]:
    """What may be a zone, the likeliest first."""
    scale = min(_MOST_ENLARGED, _LOOK / gray.shape[1])
    small = gray_of(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    blocks = [block for joining in _JOINING for block in _blocks(_rows(small, joining))]
    taken: list[Block] = []
    for block in sorted(blocks, key=_likeliness, reverse=True):
        if len(taken) < _MOST and not any(_is_same(block, other) for other in taken):
            taken.append(block)
    return [_strip(gray, block, scale) for block in taken]


def _rows(small: Gray, joining: int) -> list[Contour]:
    """Long thin areas where dark and light change from letter to letter."""
    soft = cv2.GaussianBlur(small, (3, 3), 0)
    dark = cv2.morphologyEx(soft, cv2.MORPH_BLACKHAT, np.ones((joining // 2, joining), np.uint8))
    edges = np.abs(cv2.Sobel(dark, cv2.CV_32F, 1, 0, ksize=3))
    edges = (255 * edges / max(1.0, float(edges.max()))).astype(np.uint8)
    joined = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((joining // 3, joining), np.uint8))
    _, ink = cv2.threshold(joined, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ink = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((3, joining), np.uint8))
    contours, _ = cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [row for row in contours if _is_row(_block([row]), small.shape[1])]


def _is_row(block: Block, page_width: int) -> bool:
    return block.width > _ROW_WIDTH * page_width and block.width > _ROW_SHAPE * block.height


def _blocks(rows: Sequence[Contour]) -> Iterator[Block]:
    """Each row with the rows of the same length above and below it."""
    single = [_block([row]) for row in rows]
    for one in single:
        near = [row for row, other in zip(rows, single, strict=True) if _are_together(one, other)]
        yield _block(near, rows=sorted((_block([row]) for row in near), key=lambda row: row.y))


def _are_together(one: Block, other: Block) -> bool:
    lengths = sorted((one.width, other.width))
    apart = abs(one.y - other.y - math.tan(math.radians(one.angle)) * (one.x - other.x))
    return (
        lengths[0] > 0.8 * lengths[1]
        and abs(one.x - other.x) < 0.15 * one.width
        and apart < 0.16 * one.width
        and abs(one.angle - other.angle) < 4
    )


def _block(contours: Sequence[Contour], rows: Sequence[Block] = ()) -> Block:
    (x, y), (width, height), angle = cv2.minAreaRect(np.concatenate(contours))
    if width < height:
        width, height, angle = height, width, angle - 90
    return Block(x, y, width, height, (angle + 90) % 180 - 90, tuple(rows))


def _likeliness(block: Block) -> tuple[bool, float]:
    return 2 <= len(block.rows) <= 3, block.width


def _is_same(one: Block, other: Block) -> bool:
    return abs(one.y - other.y) < (one.height + other.height) / 4


def _strip(gray: Gray, block: Block, scale: float) -> Strip:
    picture = _cut(gray, block, block.height * 1.15 + block.width * 0.03, scale)
    rows = [_cut(gray, row, row.height * 1.1 + row.width * 0.015, scale) for row in block.rows]
    return Strip(picture, tuple(rows), _likeliness(block))


def _cut(gray: Gray, block: Block, height: float, scale: float) -> Gray:
    """Level, a little larger than the block, with its letters in the usual size."""
    zoom = _STRIP_WIDTH / (block.width * _ROOM / scale)
    middle = block.x / scale, block.y / scale
    turn = cv2.getRotationMatrix2D(middle, block.angle, zoom)
    out = _STRIP_WIDTH, round(height / scale * zoom)
    turn[0, 2] += out[0] / 2 - middle[0]
    turn[1, 2] += out[1] / 2 - middle[1]
    how = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
    strip = cv2.warpAffine(gray, turn, out, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return gray_of(cv2.normalize(strip, strip, 0, 255, cv2.NORM_MINMAX))


def evened(gray: Gray) -> Gray:
    """As if shadow and shine were not: each letter as dark as the darkest print around it."""
    wide = gray.shape[1]
    letter, around = max(3, wide // 32) | 1, max(9, wide // 12) | 1
    ink = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, np.ones((letter, letter), np.uint8))
    darkest = cv2.dilate(ink, np.ones((around, around), np.uint8))
    limit = cv2.blur(darkest, (around, around)).astype(np.float32)
    return gray_of(255 - 255 * np.minimum(1, ink / np.maximum(limit, _FAINTEST)))


def gray_of(picture: Any) -> Gray:
    return np.asarray(picture, dtype=np.uint8)
