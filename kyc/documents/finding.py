"""Find the document in a photograph by its four corners, straighten it and turn it upright.

A scan that is the document itself has no outline: the whole picture is then the page, and a note
says so. A page that is cut off gives a worse reading than one with some table around it, so an
outline is taken only when its sides are seen and nothing is printed beyond them.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.documents import lines, upright
from kyc.images import Pixels

Quad: TypeAlias = NDArray[np.float32]
"""Four corners (x, y), clockwise from the top left."""

NO_OUTLINE = "whole_picture"
"""No outline was found: the page is the whole picture."""
SEVERAL = "several_documents"
TURNED = "turned"
UP_UNSURE = "up_unsure"
"""Neither a portrait nor a machine-readable zone says which way up the document is."""

LEAST_SHARE = 0.08
"""A smaller outline is a thing on the document or beside it."""
WHOLE_SHARE = 0.95
RIVAL_SHARE = 0.4
"""Another outline at least this large next to the best one is a second document."""
SEEN_SIDE = 0.5
"""The share of a side along which an edge must be seen."""
_LOOK = 640
_LONGEST_PAGE = 2000
_MARGIN = 0.008
_SIDE_POINTS = 48


@dataclass(frozen=True)
class Found:
    page: Pixels
    """The straightened document, upright; the whole picture when there is no outline."""
    corners: tuple[tuple[float, float], ...]
    """Top left, top right, bottom right, bottom left of the document in the picture."""
    share: float
    """Of the picture that the document takes up."""
    quarters: int
    """Quarter turns against the clock that turned it upright."""
    portrait_height: int | None
    """Of the printed portrait, in pixels of the picture; None without one."""
    zone_top: float | None
    """Where the machine-readable zone begins, as a share of the page's height."""
    text_rows: int
    """Rows of print in the page."""
    documents: int
    """How many there are: 0 when nothing is printed in what was found."""
    notes: tuple[str, ...]

    @property
    def has_outline(self) -> bool:
        return NO_OUTLINE not in self.notes


def find(pixels: Pixels) -> Found:
    """The document of an upright or turned picture. Never fails: see `notes` and `documents`."""
    quads = _quads(pixels)
    outline = quads[0] if len(quads) == 1 else None
    straight = pixels if outline is None else _straightened(pixels, outline)
    stand = upright.stand(straight)
    page: Pixels = np.ascontiguousarray(np.rot90(straight, stand.quarters))
    corners = _frame(pixels) if outline is None else outline
    rows = stand.text_rows
    return Found(
        page=page,
        corners=_named(np.roll(corners, -stand.quarters, axis=0)),
        share=round(_area(corners) / (pixels.shape[0] * pixels.shape[1]), 3),
        quarters=stand.quarters,
        portrait_height=stand.portrait_height,
        zone_top=stand.zone_top,
        text_rows=rows,
        documents=max(len(quads), 1) if rows >= lines.LEAST_ROWS else 0,
        notes=_notes(quads, stand),
    )


def _notes(quads: list[Quad], stand: upright.Stand) -> tuple[str, ...]:
    notes = {
        NO_OUTLINE: len(quads) != 1,
        SEVERAL: len(quads) > 1,
        TURNED: stand.quarters != 0,
        UP_UNSURE: not stand.sure,
    }
    return tuple(note for note, holds in notes.items() if holds)


def _quads(pixels: Pixels) -> list[Quad]:
    """Outlines of documents in pixels of the picture, the best first."""
    scale = min(1.0, _LOOK / max(pixels.shape[:2]))
    reduced = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = np.asarray(reduced, dtype=np.uint8)
    slope = _slope(small)
    seen = [(_worth(quad, slope), quad) for quad in _candidates(small)]
    good = [(worth, quad) for worth, quad in seen if worth > 0]
    if not good:
        return []
    good.sort(key=lambda item: -item[0])
    best = good[0][1]
    if _is_printed_beyond(small, best):
        return []
    others = _others(small, best, [quad for _, quad in good[1:]])
    return [quad / scale for quad in (best, *others)]


def _candidates(small: Pixels) -> list[Quad]:
    height, width = small.shape[:2]
    quads = []
    for mask in _masks(small):
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            hull = np.asarray(cv2.convexHull(contour), dtype=np.int32)
            if cv2.contourArea(hull) < LEAST_SHARE * height * width:
                continue
            quad = _four_corners(hull)
            if quad is not None:
                quads.append(quad)
    return quads


def _masks(small: Pixels) -> list[NDArray[np.uint8]]:
    """Edges, at several strengths and closed, and what differs from the picture's rim."""
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    smooth = np.asarray(cv2.bilateralFilter(lab, 7, 40, 7), dtype=np.uint8)
    masks: list[Any] = []
    joint = np.ones((5, 5), np.uint8)
    for low, high in ((20, 60), (50, 130)):
        edges = np.zeros(small.shape[:2], np.uint8)
        for channel in cv2.split(smooth):
            edges = np.maximum(edges, cv2.Canny(channel, low, high))
        masks.append(cv2.morphologyEx(edges, cv2.MORPH_CLOSE, joint))
    masks.append(_unlike_the_rim(smooth))
    return masks


def _unlike_the_rim(lab: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rim = np.concatenate([lab[:4].reshape(-1, 3), lab[-4:].reshape(-1, 3),
                          lab[:, :4].reshape(-1, 3), lab[:, -4:].reshape(-1, 3)])  # fmt: skip
    far = np.linalg.norm(lab.astype(np.float32) - np.median(rim, axis=0), axis=2)
    gray = np.clip(far * 2, 0, 255).astype(np.uint8)
    _, mask = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    return np.asarray(opened, dtype=np.uint8)


def _four_corners(hull: NDArray[np.int32]) -> Quad | None:
    """The hull as a convex quadrangle, if it is nearly one (corners may be rounded)."""
    around = cv2.arcLength(hull, True)
    area = cv2.contourArea(hull)
    for tolerance in (0.02, 0.035, 0.05):
        quad = cv2.approxPolyDP(hull, tolerance * around, True)
        if len(quad) == 4 and 0.88 * area <= cv2.contourArea(quad) <= 1.12 * area:
            return _ordered(quad.reshape(4, 2).astype(np.float32))
    box = cv2.boxPoints(cv2.minAreaRect(hull))
    if area >= 0.93 * cv2.contourArea(box):
        return _ordered(box.astype(np.float32))
    return None


def _ordered(quad: Quad) -> Quad:
    """Clockwise from the corner nearest to the top left."""
    middle = quad.mean(axis=0)
    angles = np.arctan2(quad[:, 1] - middle[1], quad[:, 0] - middle[0])
    quad = quad[np.argsort(angles)]
    return np.roll(quad, -int(np.argmin(quad.sum(axis=1))), axis=0)


def _slope(small: Pixels) -> NDArray[np.float32]:
    """How steeply brightness or color change at each point, in the steepest channel."""
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (3, 3), 0).astype(np.float32)
    across, down = cv2.Sobel(lab, cv2.CV_32F, 1, 0), cv2.Sobel(lab, cv2.CV_32F, 0, 1)
    return np.asarray(np.hypot(across, down).max(axis=2), dtype=np.float32)


def _worth(quad: Quad, slope: NDArray[np.float32]) -> float:
    """0 for no document, else larger for a larger and clearer one."""
    height, width = slope.shape
    share = _area(quad) / (height * width)
    if not LEAST_SHARE <= share < WHOLE_SHARE or not _is_card_like(quad):
        return 0.0
    seen = [_seen(a, b, slope) for a, b in pairwise([*quad, quad[0]])]
    if min(seen) < SEEN_SIDE:
        return 0.0
    return float(np.mean(seen) ** 2 * share**0.5)


def _is_card_like(quad: Quad) -> bool:
    """Sides in the ratio of a card, a page or an open book, and no corner very pointed."""
    sides = _sides(quad)
    one, other = (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2
    if not 1.1 <= max(one, other) / max(min(one, other), 1) <= 2.1:
        return False
    return min(sides[0], sides[2]) > 0.55 * max(sides[0], sides[2]) and (
        min(sides[1], sides[3]) > 0.55 * max(sides[1], sides[3])
    )


def _seen(start: Quad, end: Quad, slope: NDArray[np.float32]) -> float:
    """Along how much of a side there is an edge. Along the picture's own rim, all of it."""
    height, width = slope.shape
    along = np.linspace(0.06, 0.94, _SIDE_POINTS)[:, None]
    points = start + (end - start) * along
    normal = np.array([end[1] - start[1], start[0] - end[0]])
    normal = normal / max(float(np.linalg.norm(normal)), 1e-6)
    steps = np.arange(-3, 4)[None, :, None]
    near = np.rint(points[:, None, :] + normal * steps).astype(int)
    at_rim = (
        (points[:, 0] < 4) | (points[:, 1] < 4)
        | (points[:, 0] > width - 5) | (points[:, 1] > height - 5)
    )  # fmt: skip
    x, y = near[..., 0].clip(0, width - 1), near[..., 1].clip(0, height - 1)
    steep = slope[y, x].max(axis=1)
    return float(np.mean((steep > _STEEP) | at_rim))


_STEEP = 25.0


def _is_printed_beyond(small: Pixels, quad: Quad) -> bool:
    """Whether rows of print go on outside: then the outline is only a part of the document."""
    inside = np.zeros(small.shape[:2], np.uint8)
    wider = _grown(quad, 0.03)
    cv2.fillConvexPoly(inside, np.rint(wider).astype(np.int32), 255)
    rows = lines.rows(_gray(small))
    outside = [row for row in rows if not inside[int(row.y), int(row.x)]]
    return len(outside) >= max(3, 0.5 * (len(rows) - len(outside)))


def _others(small: Pixels, best: Quad, rest: list[Quad]) -> list[Quad]:
    """Second documents: outlines beside the best one, nearly as large, with print in them."""
    taken = np.zeros(small.shape[:2], np.uint8)
    cv2.fillConvexPoly(taken, np.rint(best).astype(np.int32), 255)
    others = []
    for quad in rest:
        own = np.zeros_like(taken)
        cv2.fillConvexPoly(own, np.rint(quad).astype(np.int32), 255)
        overlap = int(np.count_nonzero(own & taken))
        if overlap > 0.1 * np.count_nonzero(own) or _area(quad) < RIVAL_SHARE * _area(best):
            continue
        if len(lines.rows(_gray(_straightened(small, quad)))) >= lines.LEAST_ROWS:
            others.append(quad)
            taken |= own
    return others


def _straightened(pixels: Pixels, quad: Quad) -> Pixels:
    wider = _grown(quad, _MARGIN)
    sides = _sides(wider)
    scale = min(1.0, _LONGEST_PAGE / max(sides))
    width = max(2, round(max(sides[0], sides[2]) * scale))
    height = max(2, round(max(sides[1], sides[3]) * scale))
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


def _sides(quad: Quad) -> list[float]:
    return [float(np.linalg.norm(b - a)) for a, b in pairwise([*quad, quad[0]])]


def _area(quad: Quad) -> float:
    return float(cv2.contourArea(quad))


def _frame(pixels: Pixels) -> Quad:
    height, width = pixels.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def _named(quad: Quad) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in quad)
