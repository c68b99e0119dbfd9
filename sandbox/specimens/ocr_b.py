"""The letters of machine-readable zones, as strokes: no font that may be shipped has them.

Drawn after the shapes of ISO 1073-2 (OCR-B), in a box of 10 x 14 with y downwards.
"""

import math
from collections.abc import Iterable
from typing import TypeAlias

from PIL import Image, ImageDraw

Color: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Stroke: TypeAlias = list[Point]

PITCH, HEIGHT = 14.2, 14.0
"""From one letter to the next, in the same measure: ten letters an inch."""
_THICK = 1.9
_INK: Color = (25, 25, 30)


def _arc(x: float, y: float, rx: float, ry: float, start: int, end: int) -> Stroke:
    """Points along an ellipse; 0 degrees is to the right, 90 downwards."""
    turns = [math.radians(start + (end - start) * step / 16) for step in range(17)]
    return [(x + rx * math.cos(turn), y + ry * math.sin(turn)) for turn in turns]


_GLYPHS: dict[str, list[Stroke]] = {
    "0": [_arc(5, 7, 3.6, 7, 0, 360)],
    "1": [[(2, 2.4), (5.2, 0), (5.2, 14)], [(2.2, 14), (8.2, 14)]],
    "2": [[*_arc(5, 3.6, 3.6, 3.6, -165, 40), (1.2, 14), (9, 14)]],
    "3": [[(1.5, 0), (8.5, 0), (4.6, 5.4), *_arc(4.8, 9.7, 3.9, 4.3, -90, 150)]],
    "4": [[(5.5, 0), (1, 10), (9.2, 10)], [(7, 6.2), (7, 14)]],
    "5": [[(8.3, 0), (2.2, 0), (1.9, 6), *_arc(4.7, 9.7, 4, 4.3, -100, 145)]],
    "6": [[(6.6, 0), (2.2, 6.8), *_arc(5, 9.7, 3.8, 4.3, -160, 200)]],
    "7": [[(1.2, 0), (8.8, 0), (5.2, 6.5), (4.2, 14)]],
    "8": [_arc(5, 3.5, 3.2, 3.5, 0, 360), _arc(5, 10.4, 3.9, 3.6, 0, 360)],
    "9": [[(3.4, 14), (7.8, 7.2), *_arc(5, 4.3, 3.8, 4.3, 20, 380)]],
    "A": [[(0.6, 14), (5, 0), (9.4, 14)], [(2.2, 9.4), (7.8, 9.4)]],
    "B": [
        [(1.3, 6.6), (1.3, 0), (5, 0), *_arc(5.2, 3.3, 3, 3.3, -90, 90), (1.3, 6.6)],
        [(1.3, 6.6), (1.3, 14), (5.2, 14), *_arc(5.2, 10.3, 3.6, 3.7, 90, -90)],
    ],
    "C": [_arc(5.8, 7, 4.6, 7, -45, -315)],
    "D": [[(1.3, 0), (1.3, 14), (4, 14), *_arc(4.2, 7, 4.6, 7, 90, -90), (1.3, 0)]],
    "E": [[(8.8, 0), (1.6, 0), (1.6, 14), (8.8, 14)], [(1.6, 6.7), (7.6, 6.7)]],
    "F": [[(8.8, 0), (1.6, 0), (1.6, 14)], [(1.6, 6.9), (7.6, 6.9)]],
    "G": [[*_arc(5.6, 7, 4.5, 7, -48, -330), (9.4, 7.6), (6, 7.6)]],
    "H": [[(1.2, 0), (1.2, 14)], [(8.8, 0), (8.8, 14)], [(1.2, 6.8), (8.8, 6.8)]],
    "I": [[(2, 0), (8, 0)], [(5, 0), (5, 14)], [(2, 14), (8, 14)]],
    "J": [[(3.4, 0), (7.8, 0), (7.8, 9.6), *_arc(4.6, 9.6, 3.2, 4.4, 0, 160)]],
    "K": [[(1.4, 0), (1.4, 14)], [(8.8, 0), (1.4, 8.2)], [(3.8, 5.8), (9.2, 14)]],
    "L": [[(1.8, 0), (1.8, 14), (8.8, 14)]],
    "M": [[(0.8, 14), (0.8, 0), (5, 8.4), (9.2, 0), (9.2, 14)]],
    "N": [[(1.2, 14), (1.2, 0), (8.8, 14), (8.8, 0)]],
    "O": [_arc(5, 7, 4.5, 7, 0, 360)],
    "P": [[(1.5, 14), (1.5, 0), (5, 0), *_arc(5.2, 3.9, 3.6, 3.9, -90, 90), (1.5, 7.8)]],
    "Q": [_arc(5, 7, 4.4, 7, 0, 360), [(5.6, 9.4), (9.2, 14.4)]],
    "R": [
        [(1.4, 14), (1.4, 0), (5, 0), *_arc(5.2, 3.6, 3.5, 3.6, -90, 90), (1.4, 7.2)],
        [(4.8, 7.2), (9, 14)],
    ],
    "S": [[*_arc(5, 3.6, 3.7, 3.6, -35, -200), *_arc(5, 10.3, 4.1, 3.7, -60, 150)]],
    "T": [[(0.8, 0), (9.2, 0)], [(5, 0), (5, 14)]],
    "U": [[(1.2, 0), (1.2, 9), *_arc(5, 9.4, 3.8, 4.6, 180, 0), (8.8, 0)]],
    "V": [[(0.8, 0), (5, 14), (9.2, 0)]],
    "W": [[(0.4, 0), (2.4, 14), (5, 5), (7.6, 14), (9.6, 0)]],
    "X": [[(0.9, 0), (9.1, 14)], [(9.1, 0), (0.9, 14)]],
    "Y": [[(0.9, 0), (5, 6.6), (9.1, 0)], [(5, 6.6), (5, 14)]],
    "Z": [[(1.2, 0), (8.8, 0), (1, 14), (9, 14)]],
    "<": [[(9, 2.4), (1.2, 7.4), (9, 12.4)]],
}


def write(image: Image.Image, at: Point, pitch: float, rows: Iterable[str]) -> None:
    """Write `rows` from `at` (top left), one letter every `pitch` pixels."""
    pen = ImageDraw.Draw(image)
    scale = pitch / PITCH
    for line, row in enumerate(rows):
        top = at[1] + line * HEIGHT * scale * 1.9
        for place, letter in enumerate(row):
            for stroke in _GLYPHS[letter]:
                left = at[0] + place * pitch
                points = [(left + x * scale, top + y * scale) for x, y in stroke]
                pen.line(points, fill=_INK, width=round(_THICK * scale), joint="curve")
                for x, y in (points[0], points[-1]):
                    half = _THICK * scale / 2
                    pen.ellipse((x - half, y - half, x + half, y + half), fill=_INK)
