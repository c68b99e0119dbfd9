"""Where a document may lie in a picture: quadrangles with an edge along all four sides."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.images import Pixels

Quad: TypeAlias = NDArray[np.float32]
"""Four corners (x, y), clockwise from the top left."""

LEAST_SHARE = 0.08
"""A smaller outline is a thing on the document or beside it."""
WHOLE_SHARE = 0.95
SEEN_SIDE = 0.5
"""The share of a side along which an edge must be seen."""
RATIOS = (1.1, 2.1)
"""Longer by shorter side, seen askew: a card has 1.59, a page 1.42, an open book 1.41."""
_FORESHORTENED = 0.55
_RIM = 4
_SIDE_POINTS = 48
_EDGES = ((10, 30), (20, 60), (50, 130))
"""Thresholds of Canny's hysteresis: paper on paper, paper on a table, paper on patterned cloth."""
_STEEP, _ABOVE_NOISE = 8.0, 2.5
"""An edge changes by so much, of 255 on Sobel's scale, and by so many times what is usual here."""


@dataclass(frozen=True)
class Outline:
    corners: Quad
    worth: float
    """Larger for a larger and clearer one."""
    rim_sides: int
    """Sides that lie on the picture's own rim."""

    @property
    def is_whole(self) -> bool:
        """With two sides on the rim nothing is gained by cutting it out, and much may be lost."""
        return self.rim_sides <= 1


def search(small: Pixels) -> list[Outline]:
    """Outlines of a picture of some 640 pixels, the best first."""
    slope = _slope(small)
    steep = max(_STEEP, _ABOVE_NOISE * float(np.median(slope)))
    outlines = [_judged(quad, slope >= steep) for quad in _candidates(small)]
    good = [outline for outline in outlines if outline is not None]
    return sorted(good, key=lambda outline: -outline.worth)


def sides(quad: Quad) -> list[float]:
    """Lengths of top, right, bottom and left."""
    return [float(np.linalg.norm(b - a)) for a, b in pairwise([*quad, quad[0]])]


def area(quad: Quad) -> float:
    return float(cv2.contourArea(quad))


def _candidates(small: Pixels) -> list[Quad]:
    least = LEAST_SHARE * small.shape[0] * small.shape[1]
    quads = []
    for mask in _masks(small):
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            hull = np.asarray(cv2.convexHull(contour), dtype=np.int32)
            if cv2.contourArea(hull) >= least:
                quads += _four_corners(hull)
    return quads


def _masks(small: Pixels) -> list[NDArray[np.uint8]]:
    """Edges, at several strengths and closed, and what differs from the picture's rim."""
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    smooth = np.asarray(cv2.bilateralFilter(lab, 5, 40, 5), dtype=np.uint8)
    masks: list[Any] = []
    for low, high in _EDGES:
        edges = np.zeros(small.shape[:2], np.uint8)
        for channel in cv2.split(smooth):
            edges = np.maximum(edges, cv2.Canny(channel, low, high))
        masks.append(cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)))
    masks.append(_unlike_the_rim(smooth))
    return masks


def _unlike_the_rim(lab: NDArray[np.uint8]) -> NDArray[np.uint8]:
    strips = (lab[:4], lab[-4:], lab[:, :4], lab[:, -4:])
    rim = np.median(np.concatenate([strip.reshape(-1, 3) for strip in strips]), axis=0)
    far = np.linalg.norm(lab.astype(np.float32) - rim, axis=2)
    gray = np.clip(far * 2, 0, 255).astype(np.uint8)
    _, mask = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    block = np.ones((9, 9), np.uint8)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, block)
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, block), dtype=np.uint8)


def _four_corners(hull: NDArray[np.int32]) -> list[Quad]:
    """The hull as a convex quadrangle, if it is nearly one (corners may be rounded)."""
    around, size = cv2.arcLength(hull, True), cv2.contourArea(hull)
    for tolerance in (0.02, 0.035, 0.05):
        quad = cv2.approxPolyDP(hull, tolerance * around, True)
        if len(quad) == 4 and 0.88 * size <= cv2.contourArea(quad) <= 1.12 * size:
            return [_ordered(quad.reshape(4, 2).astype(np.float32))]
    box = cv2.boxPoints(cv2.minAreaRect(hull))
    if size >= 0.9 * cv2.contourArea(box):
        return [_ordered(box.astype(np.float32))]
    return []


def _ordered(quad: Quad) -> Quad:
    """Clockwise from the corner nearest to the top left."""
    middle = quad.mean(axis=0)
    angles = np.arctan2(quad[:, 1] - middle[1], quad[:, 0] - middle[0])
    quad = quad[np.argsort(angles)]
    return np.roll(quad, -int(np.argmin(quad.sum(axis=1))), axis=0)


def _slope(small: Pixels) -> NDArray[np.float32]:
    """How steeply brightness or color change at each point, in the steepest channel."""
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (5, 5), 0).astype(np.float32)
    across, down = cv2.Sobel(lab, cv2.CV_32F, 1, 0), cv2.Sobel(lab, cv2.CV_32F, 0, 1)
    return np.asarray(np.hypot(across, down).max(axis=2), dtype=np.float32)


def _judged(quad: Quad, edge: NDArray[np.bool_]) -> Outline | None:
    height, width = edge.shape
    share = area(quad) / (height * width)
    if not LEAST_SHARE <= share < WHOLE_SHARE or not _is_card_like(quad):
        return None
    pairs = list(pairwise([*quad, quad[0]]))
    at_rim = [_lies_at_rim(a, b, width, height) for a, b in pairs]
    seen = [1.0 if rim else _seen(*pair, edge) for pair, rim in zip(pairs, at_rim, strict=True)]
    if min(seen) < SEEN_SIDE:
        return None
    return Outline(quad, float(np.mean(seen) ** 2 * share), sum(at_rim))


def _is_card_like(quad: Quad) -> bool:
    top, right, bottom, left = sides(quad)
    wide, tall = max((top + bottom) / 2, 1), max((left + right) / 2, 1)
    shortened = min(min(top, bottom) / max(top, bottom), min(left, right) / max(left, right))
    ratio = max(wide, tall) / min(wide, tall)
    return RATIOS[0] <= ratio <= RATIOS[1] and shortened > _FORESHORTENED


def _lies_at_rim(start: Quad, end: Quad, width: int, height: int) -> bool:
    ends = np.array([start, end])
    beside = (ends[:, 0], ends[:, 1], width - 1 - ends[:, 0], height - 1 - ends[:, 1])
    return any(bool(np.all(distance <= _RIM)) for distance in beside)


def _seen(start: Quad, end: Quad, edge: NDArray[np.bool_]) -> float:
    """Along how much of a side there is an edge."""
    height, width = edge.shape
    points = start + (end - start) * np.linspace(0.06, 0.94, _SIDE_POINTS)[:, None]
    normal = np.array([end[1] - start[1], start[0] - end[0]])
    normal = normal / max(float(np.linalg.norm(normal)), 1e-6)
    near = points[:, None, :] + normal * np.arange(-3, 4)[None, :, None]
    x, y = np.rint(near[..., 0]).astype(int), np.rint(near[..., 1]).astype(int)
    return float(np.mean(edge[y.clip(0, height - 1), x.clip(0, width - 1)].any(axis=1)))
