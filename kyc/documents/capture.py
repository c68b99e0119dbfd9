"""Is the photograph of a document good enough to be read? Each answer is a number against a limit.

Measured on 34 specimens and on drawn documents that were photographed badly (docs/kyc.md).
"""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.documents import finding, recapture
from kyc.documents.finding import Found
from kyc.images import Pixels
from kyc.quality import BRIGHTEST, Finding, Problem

LONGER_SIDE = 480
"""Pixels along the document: ten a letter of a passport's zone."""
SHARPNESS = 40.0
"""Sharp specimens measure over 100, blurred by 3 pixels at 1,000 across under 20."""
GRID = 20.0
"""A lone peak in the spectrum, in multiples of what is around it. Half of this is a signal for a
person (`authenticity`): some printed documents measure as much."""
GLARE_SHARE, GLARE_ON_FIELD = 0.01, 0.05
"""Of the page, and of the portrait or the machine-readable zone."""
FORESHORTENED = 0.75
"""A side next to the one opposite: steeper than this, the far letters are too small."""
ROWS_AT_RIM = 1
_LOOK, _TILE = 1000, 50
_SATURATED, _WHITE_PAPER, _HALO = 250, 238, 205
_RIM_SHARE = 0.012


def check(pixels: Pixels, found: Found) -> tuple[Finding, ...]:
    """What is wrong, the most telling first. Empty when the document can be read."""
    if finding.is_too_thin(found.page):
        return tuple(_not_one(found))
    scale = min(1.0, _LOOK / max(found.page.shape[:2]))
    small = cv2.resize(found.page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    page = np.asarray(small, dtype=np.uint8)
    gray = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    if missing := [*_too_dark(gray), *_not_one(found)]:
        return tuple(missing)
    return (
        *_screen(pixels),
        *_cropped(found),
        *_too_small(found),
        *_askew(found),
        *_blurred(gray),
        *_glare(page, found, scale),
    )


def sharpness(gray: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian in the sharper tiles: blank paper is not blurred print."""
    change = cv2.Laplacian(gray, cv2.CV_32F)
    tiles = [
        float(np.var(change[top : top + _TILE, left : left + _TILE]))
        for top in range(0, max(1, gray.shape[0] - _TILE + 1), _TILE)
        for left in range(0, max(1, gray.shape[1] - _TILE + 1), _TILE)
    ]
    return round(float(np.percentile(tiles, 80)), 1)


def glare(page: Pixels) -> NDArray[np.bool_]:
    """Where light has burnt the print away: spots without drawing that fade out softly."""
    darkest = page.min(axis=2)
    nothing = np.zeros(darkest.shape, dtype=np.bool_)
    if np.median(darkest) >= _WHITE_PAPER:
        return nothing  # White paper: its brightness says nothing.
    burnt = (darkest >= _SATURATED).astype(np.uint8)
    burnt = np.asarray(cv2.morphologyEx(burnt, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)))
    count, label, boxes, _ = cv2.connectedComponentsWithStats(burnt)
    for spot in range(1, count):
        if boxes[spot][cv2.CC_STAT_AREA] < 0.0005 * burnt.size:
            continue
        own = (label == spot).astype(np.uint8)
        ring = cv2.dilate(own, np.ones((9, 9), np.uint8)) > cv2.dilate(own, np.ones((3, 3)))
        if np.percentile(darkest[ring], 20) >= _HALO:
            nothing |= own > 0
    return nothing


def _too_dark(gray: NDArray[np.uint8]) -> list[Finding]:
    brightest = float(np.percentile(gray, 95))
    return [Finding(Problem.TOO_DARK, brightest, BRIGHTEST)] if brightest < BRIGHTEST else []


def _not_one(found: Found) -> list[Finding]:
    if found.documents == 0:
        return [Finding(Problem.NO_DOCUMENT, 0, 1)]
    if found.documents > 1:
        return [Finding(Problem.SEVERAL_DOCUMENTS, found.documents, 1)]
    return []


def _screen(pixels: Pixels) -> list[Finding]:
    measured = recapture.grid(pixels)
    return [Finding(Problem.FROM_SCREEN, measured, GRID)] if measured > GRID else []


def _cropped(found: Found) -> list[Finding]:
    """Rows of print that run into the rim of the picture go on beyond it."""
    if found.has_outline and not found.rim_sides:
        return []
    width = found.page.shape[1]
    rim = _RIM_SHARE * width
    reach = [(row.x - row.width / 2, row.x + row.width / 2) for row in found.rows]
    cut = sum(bool(left <= rim or right >= width - rim) for left, right in reach)
    return [Finding(Problem.CROPPED, cut, ROWS_AT_RIM)] if cut > ROWS_AT_RIM else []


def _too_small(found: Found) -> list[Finding]:
    longer = max(found.page.shape[:2])
    if longer >= LONGER_SIDE:
        return []
    return [Finding(Problem.DOCUMENT_TOO_SMALL, longer, LONGER_SIDE)]


def _askew(found: Found) -> list[Finding]:
    corners = np.array([*found.corners, found.corners[0]])
    top, right, bottom, left = (float(np.linalg.norm(b - a)) for a, b in pairwise(corners))
    across, down = min(top, bottom) / max(top, bottom), min(left, right) / max(left, right)
    measured = round(min(across, down), 2)
    return [Finding(Problem.ASKEW, measured, FORESHORTENED)] if measured < FORESHORTENED else []


def _blurred(gray: NDArray[np.uint8]) -> list[Finding]:
    measured = sharpness(gray)
    return [Finding(Problem.BLURRED, measured, SHARPNESS)] if measured < SHARPNESS else []


def _glare(page: Pixels, found: Found, scale: float) -> list[Finding]:
    spots = glare(page)
    shares = [(float(np.mean(spots)), GLARE_SHARE)]
    if found.portrait is not None:
        left, top, right, bottom = (max(0, round(edge * scale)) for edge in found.portrait)
        shares.append((_share(spots[top:bottom, left:right]), GLARE_ON_FIELD))
    if found.zone_top is not None:
        shares.append((_share(spots[round(found.zone_top * len(spots)) :]), GLARE_ON_FIELD))
    worst = max(shares, key=lambda share: share[0] / share[1])
    return [Finding(Problem.GLARE, round(worst[0], 3), worst[1])] if worst[0] > worst[1] else []


def _share(spots: NDArray[np.bool_]) -> float:
    return float(np.mean(spots)) if spots.size else 0.0
