"""Which way up is a straightened page? By its portrait, its machine-readable zone and its rows."""

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from kyc.documents import lines
from kyc.documents.lines import Row
from kyc.images import Pixels

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom."""

PORTRAIT_TO_FACE = 2.4
"""A printed portrait is this many times as high as the detector's box from brows to chin."""
_SURE_FACE = 0.6
_LOOK = 720
_ZONE_WIDTH = 0.55
"""Rows of a machine-readable zone run over more of the page than any other row."""


@dataclass(frozen=True)
class Stand:
    quarters: int
    """Quarter turns against the clock."""
    sure: bool
    portrait: Box | None
    zone_top: float | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class _View:
    """The page after so many quarter turns."""

    quarters: int
    rows: list[Row]
    height: int
    width: int
    face: float
    """The surest face's score."""
    face_box: Box

    @property
    def zone(self) -> list[Row]:
        """Two or three long rows of one height, close together, below the middle."""
        long = [row for row in self.rows if row.width >= _ZONE_WIDTH * self.width]
        low = [row for row in long if row.y > self.height / 2]
        return [row for row in low if any(_is_neighbor(row, other) for other in low)]


def stand(page: Pixels) -> Stand:
    gray = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    views = [_view(gray, quarters) for quarters in _likely_turns(gray)]
    best = max(views, key=lambda view: (view.face >= _SURE_FACE, bool(view.zone), view.face))
    sure = best.face >= _SURE_FACE or bool(best.zone)
    best = best if sure else views[0]
    return Stand(best.quarters, sure, _portrait(best), _zone_top(best), tuple(best.rows))


def _likely_turns(gray: NDArray[np.uint8]) -> tuple[int, ...]:
    """Along the rows first: 0 and 2 when they run from side to side, else 1 and 3."""
    lying = sum(row.width for row in lines.rows(gray))
    standing = sum(row.width for row in lines.rows(_turned(gray, 1)))
    if lying >= standing:
        return (0, 2) if lying > 1.5 * standing else (0, 2, 1, 3)
    return (1, 3) if standing > 1.5 * lying else (1, 3, 0, 2)


def _view(gray: NDArray[np.uint8], quarters: int) -> _View:
    turned = _turned(gray, quarters)
    height, width = turned.shape
    return _View(quarters, lines.rows(turned), height, width, *_surest_face(turned))


def _turned(gray: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.rot90(gray, quarters))


def _surest_face(gray: NDArray[np.uint8]) -> tuple[float, Box]:
    scale = min(2.0, _LOOK / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    boxes, scores, _ = _detector().run(small, 0, 0.0)
    if not len(boxes):
        return 0.0, (0, 0, 0, 0)
    best = int(np.argmax(scores))
    box = boxes[best]
    edges = (box.left(), box.top(), box.right(), box.bottom())
    left, top, right, bottom = (round(edge / scale) for edge in edges)
    return float(scores[best]), (left, top, right, bottom)


@cache
def _detector() -> Any:
    return dlib.get_frontal_face_detector()


def _is_neighbor(row: Row, other: Row) -> bool:
    apart = abs(row.y - other.y)
    alike = 0.6 < row.height / other.height < 1.7
    return row is not other and alike and apart < 4 * max(row.height, other.height)


def _portrait(view: _View) -> Box | None:
    """The photograph around the face, by the proportions in which portraits are printed."""
    if view.face < _SURE_FACE:
        return None
    left, top, right, bottom = view.face_box
    height = (bottom - top) * PORTRAIT_TO_FACE
    width = height * 0.78
    across, down = (left + right) / 2, (top + bottom) / 2 - 0.02 * height
    return (
        max(0, round(across - width / 2)),
        round(down - height / 2),
        min(view.width, round(across + width / 2)),
        round(down + height / 2),
    )


def _zone_top(view: _View) -> float | None:
    if not view.zone:
        return None
    return round(min(row.y - row.height for row in view.zone) / view.height, 3)
