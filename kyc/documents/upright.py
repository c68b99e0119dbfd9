"""Which way up is a straightened page? By its portrait, its machine-readable zone and its rows."""

from dataclasses import astuple, dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc import dlib_models
from kyc.documents import lines
from kyc.documents.lines import Row
from kyc.images import Pixels

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom."""

PORTRAIT_TO_FACE = 2.4
"""A printed portrait is this many times as high as the detector's box from brows to chin."""
_SURE_FACE, _CLEAR_FACE = 0.6, 1.2
"""Scores of a detection that is a face, and of one that needs no comparison with other turns."""
_LOOK = 720
_CLEARLY_LONGER = 1.3
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
    def is_sure(self) -> bool:
        return self.face >= _SURE_FACE or bool(self.zone)

    @property
    def zone(self) -> list[Row]:
        """Two or three long rows of one height, close together, below the middle."""
        long = [row for row in self.rows if row.width >= _ZONE_WIDTH * self.width]
        low = [row for row in long if row.y > self.height / 2]
        return [row for row in low if any(_is_neighbor(row, other) for other in low)]


def stand(page: Pixels) -> Stand:
    scale = min(2.0, _LOOK / max(page.shape[:2]))
    small = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    best = _best_view(gray)
    rows = (Row(*(length / scale for length in astuple(row))) for row in best.rows)
    portrait = _portrait(best, scale)
    return Stand(best.quarters, best.is_sure, portrait, _zone_top(best), tuple(rows))


def _best_view(gray: NDArray[np.uint8]) -> _View:
    views = []
    for quarters, rows in _likely_turns(gray):
        turned = _turned(gray, quarters)
        height, width = turned.shape
        views.append(_View(quarters, rows, height, width, *_surest_face(turned)))
        if views[-1].face >= _CLEAR_FACE:
            return views[-1]
    best = max(views, key=lambda view: (view.face >= _SURE_FACE, bool(view.zone), view.face))
    return best if best.is_sure else views[0]


def _likely_turns(gray: NDArray[np.uint8]) -> list[tuple[int, list[Row]]]:
    """Quarter turns after which the rows of print run from side to side, the likeliest first."""
    rows = [lines.rows(_turned(gray, quarters)) for quarters in range(4)]
    lying, standing = (sum(row.width**2 for row in rows[quarters]) for quarters in (0, 1))
    turns = (0, 2, 1, 3) if lying >= standing else (1, 3, 0, 2)
    clear = max(lying, standing) > _CLEARLY_LONGER * min(lying, standing)
    return [(quarters, rows[quarters]) for quarters in turns[: 2 if clear else 4]]


def _turned(gray: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.rot90(gray, quarters))


def _surest_face(gray: NDArray[np.uint8]) -> tuple[float, Box]:
    boxes, scores, _ = dlib_models.frontal_faces().run(gray, 0, 0.0)
    if not len(boxes):
        return 0.0, (0, 0, 0, 0)
    best = int(np.argmax(scores))
    box = boxes[best]
    return float(scores[best]), (box.left(), box.top(), box.right(), box.bottom())


def _is_neighbor(row: Row, other: Row) -> bool:
    apart = abs(row.y - other.y)
    alike = 0.6 < row.height / other.height < 1.7
    return row is not other and alike and apart < 4 * max(row.height, other.height)


def _portrait(view: _View, scale: float) -> Box | None:
    """The photograph around the face, by the proportions in which portraits are printed."""
    if view.face < _SURE_FACE:
        return None
    left, top, right, bottom = view.face_box
    height = (bottom - top) * PORTRAIT_TO_FACE
    width = height * 0.78
    across, down = (left + right) / 2, (top + bottom) / 2 - 0.02 * height
    edges = (
        max(0, across - width / 2),
        down - height / 2,
        min(view.width, across + width / 2),
        down + height / 2,
    )
    left, top, right, bottom = (round(edge / scale) for edge in edges)
    return left, top, right, bottom


def _zone_top(view: _View) -> float | None:
    if not view.zone:
        return None
    return round(float(min(row.y - row.height for row in view.zone)) / view.height, 3)
