"""Find the document in a photograph by its four corners, straighten it and turn it upright.

A scan that is the document itself has no outline: the whole picture is then the page, and a note
says so. A page that is cut off gives a worse reading than one with some table around it, so an
outline is taken only when its sides are seen and nothing is printed beyond them.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.documents import lines, outlines, upright
from kyc.documents.lines import Row
from kyc.documents.outlines import Outline, Quad
from kyc.images import Pixels

NO_OUTLINE = "whole_picture"
"""No outline was found: the page is the whole picture."""
SEVERAL = "several_documents"
TURNED = "turned"
UP_UNSURE = "up_unsure"
"""Neither a portrait nor a machine-readable zone says which way up the document is."""

_THINNEST, _LONGEST_SHAPE = 24, 20
"""Pixels of the shorter side, and how many times as long the longer one may be."""
RIVAL_SHARE = 0.4
"""Another outline at least this large next to the best one is a second document."""
_LARGEST_PORTRAIT = 0.85
"""Of the page's height. Passports and cards print 0.4 to 0.7 of it."""
_LOOK = 640
_LONGEST_PAGE = 2000
_MARGIN = 0.008
_BESIDE = 0.03
"""Print so near to an edge, next to the document's size, is inside."""
_CUT_ROW = 6
"""A row of print so many times as long as high does not run over the edge of a document."""
_LONG_ROW = 0.6
"""A row so long, next to the outline's shorter side, is a row of the document's own zone."""
_PRINT_BEYOND = 0.35
"""More print than this outside, next to what is inside, belongs to the same document."""


@dataclass(frozen=True)
class Found:
    page: Pixels = field(repr=False)
    """The straightened document, upright; the whole picture when there is no outline."""
    corners: tuple[tuple[float, float], ...]
    """Top left, top right, bottom right, bottom left of the document in the picture."""
    share: float
    """Of the picture that the document takes up."""
    quarters: int
    """Quarter turns against the clock that turned it upright."""
    portrait: tuple[int, int, int, int] | None
    """Left, top, right and bottom of the printed portrait in the page."""
    zone_top: float | None
    """Where the machine-readable zone begins, as a share of the page's height."""
    rows: tuple[Row, ...] = field(repr=False)
    """Rows of print in the page."""
    documents: int
    """How many there are; 0 when what was found does not look printed."""
    rim_sides: int
    """Sides of the document that the picture's rim may have cut off."""
    notes: tuple[str, ...]

    @property
    def has_outline(self) -> bool:
        return NO_OUTLINE not in self.notes

    @property
    def portrait_height(self) -> int | None:
        """In pixels."""
        return None if self.portrait is None else self.portrait[3] - self.portrait[1]


def find(pixels: Pixels) -> Found:
    """The document of an upright or turned picture. Never fails: see `notes` and `documents`."""
    if is_too_thin(pixels):
        return _nothing(pixels)
    seen = _outlines(pixels)
    whole = [outline for outline in seen if outline.is_whole]
    outline = whole[0].corners if len(whole) == 1 else None
    straight = pixels if outline is None else _straightened(pixels, outline)
    stand = upright.stand(straight)
    corners = _frame(pixels) if outline is None else outline
    return Found(
        page=np.ascontiguousarray(np.rot90(straight, stand.quarters)),
        corners=_named(np.roll(corners, -stand.quarters, axis=0)),
        share=round(outlines.area(corners) / (pixels.shape[0] * pixels.shape[1]), 3),
        quarters=stand.quarters,
        portrait=stand.portrait,
        zone_top=stand.zone_top,
        rows=stand.rows,
        documents=max(len(whole), 1) if _is_printed(stand, straight) else 0,
        rim_sides=seen[0].rim_sides if seen else 0,
        notes=_notes(len(whole), stand),
    )


def is_too_thin(pixels: Pixels) -> bool:
    """No document is so thin, and no row of print would be left of it when it is reduced."""
    shorter, longer = sorted(pixels.shape[:2])
    return bool(shorter < _THINNEST or longer > _LONGEST_SHAPE * shorter)


def _nothing(pixels: Pixels) -> Found:
    return Found(
        page=pixels,
        corners=_named(_frame(pixels)),
        share=1.0,
        quarters=0,
        portrait=None,
        zone_top=None,
        rows=(),
        documents=0,
        rim_sides=0,
        notes=(NO_OUTLINE, UP_UNSURE),
    )


def _is_printed(stand: upright.Stand, page: Pixels) -> bool:
    """Whether it is a document at all: with rows of print, and no face that fills it."""
    tall = page.shape[stand.quarters % 2]
    portrait = stand.portrait
    fills = portrait is not None and portrait[3] - portrait[1] > _LARGEST_PORTRAIT * tall
    return len(stand.rows) >= lines.LEAST_ROWS and not fills


def _notes(outlines_found: int, stand: upright.Stand) -> tuple[str, ...]:
    notes = {
        NO_OUTLINE: outlines_found != 1,
        SEVERAL: outlines_found > 1,
        TURNED: stand.quarters != 0,
        UP_UNSURE: not stand.sure,
    }
    return tuple(note for note, holds in notes.items() if holds)


def _outlines(pixels: Pixels) -> list[Outline]:
    """The documents, the best first, in pixels of the picture."""
    scale = min(1.0, _LOOK / max(pixels.shape[:2]))
    reduced = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = np.asarray(reduced, dtype=np.uint8)
    rows = lines.rows(_gray(small))
    uncut = [one for one in outlines.search(small) if not _cuts_a_row(one.corners, rows)]
    uncut.sort(key=lambda outline: not outline.is_whole)
    for best in uncut:
        own = [best, *_others(small, best, uncut)]
        if not _is_printed_beyond([one.corners for one in own], rows):
            return [Outline(one.corners / scale, one.worth, one.rim_sides) for one in own]
    return []


def _cuts_a_row(quad: Quad, rows: list[Row]) -> bool:
    """A line that runs through a row of print is no edge of a document."""
    wider = _grown(quad, _BESIDE)
    for row in rows:
        ends = [_holds(wider, row, step) for step in (-0.45, 0.0, 0.45)]
        if any(ends) and not all(ends) and row.width > _CUT_ROW * row.height:
            return True
    return False


def _is_printed_beyond(quads: list[Quad], rows: list[Row]) -> bool:
    """Whether print goes on outside: then the outline is only a part of the document."""
    wider = [_grown(quad, _BESIDE) for quad in quads]
    beyond = [row.width for row in rows if not any(_holds(quad, row, 0) for quad in wider)]
    inside = sum(row.width for row in rows) - sum(beyond)
    longest = _LONG_ROW * min(min(outlines.sides(quad)) for quad in quads)
    return max(beyond, default=0) > longest or sum(beyond) > _PRINT_BEYOND * inside


def _holds(quad: Quad, row: Row, step: float) -> bool:
    return bool(cv2.pointPolygonTest(quad, (row.x + row.width * step, row.y), False) >= 0)


def _others(small: Pixels, best: Outline, rest: list[Outline]) -> list[Outline]:
    """Second documents: outlines beside the best one, nearly as large, with print in them."""
    taken = _filled(small, best.corners)
    others = []
    for outline in rest:
        own = _filled(small, outline.corners)
        overlap = int(np.count_nonzero(own & taken))
        if overlap > 0.1 * np.count_nonzero(own):
            continue
        if outlines.area(outline.corners) < RIVAL_SHARE * outlines.area(best.corners):
            continue
        if len(lines.rows(_gray(_straightened(small, outline.corners)))) >= lines.LEAST_ROWS:
            others.append(outline)
            taken |= own
    return others


def _filled(small: Pixels, quad: Quad) -> NDArray[np.uint8]:
    mask = np.zeros(small.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.rint(quad).astype(np.int32), 255)
    return mask


def _straightened(pixels: Pixels, quad: Quad) -> Pixels:
    wider = _grown(quad, _MARGIN)
    top, right, bottom, left = outlines.sides(wider)
    scale = min(1.0, _LONGEST_PAGE / max(top, right, bottom, left))
    width = max(2, round(max(top, bottom) * scale))
    height = max(2, round(max(left, right) * scale))
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getPerspectiveTransform(wider, flat)
    page = cv2.warpPerspective(
        pixels, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(page, dtype=np.uint8)


def _gray(pixels: Pixels) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _grown(quad: Quad, share: float) -> Quad:
    middle = quad.mean(axis=0)
    return np.asarray(middle + (quad - middle) * (1 + 2 * share), dtype=np.float32)


def _frame(pixels: Pixels) -> Quad:
    height, width = pixels.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def _named(quad: Quad) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in quad)
