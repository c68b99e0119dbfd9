"""Where are the faces? Three small networks first, the detector of dlib for what they miss."""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from kyc import dlib_models, images, weights
from kyc.faces.mtcnn import WEIGHTS, Cascade, Floats
from kyc.images import Pixels
from kyc.quality import Face, Points

SURE = 1.0
"""A detection with this score is a face; with half of it it may be a pattern."""

_LOOKS = ((320, 30.0), (800, 24.0), (1600, 32.0))
"""Longest side of the copy and smallest face in it. A portrait on a card may fill only a
twentieth of the picture."""
_TURN_SIDE = 400
_HOG_SIDES = (800, 1600)
_EDGE = 0.4
"""What a face in the corner loses beside one in the middle. A ghost portrait, three quarters of the
true one at most, stays behind it wherever the two are."""
_HOG_SHARE = 0.94
"""The side of dlib's square beside the root of the networks' box, on 64 photographs."""
_FULL_BOX = 1.25
"""The networks' box, brows to chin and forehead, beside dlib's square."""


@cache
def has_networks() -> bool:
    return all(weights.is_here(file) for file in WEIGHTS)


def detect(pixels: Pixels) -> list[Face]:
    """The faces of an upright picture, the main one first: large and not at the edge."""
    faces: list[Face] = []
    if has_networks():
        faces = _by_networks(pixels)
    if not faces:
        faces = _by_hog(pixels)
    return sorted(faces, key=lambda face: _prominence(face, pixels), reverse=True)


def quarters_to_upright(pixels: Pixels) -> int:
    """By how many quarter turns against the clock a face comes to stand upright.

    The networks find many faces that lie; dlib's detector hardly any. Pictures mostly come upright.
    """
    small = images.shrunk(pixels, _TURN_SIDE)
    scores = [_uprightness(np.ascontiguousarray(np.rot90(small, turn))) for turn in range(4)]
    best = max(range(4), key=scores.__getitem__)
    return best if scores[best] > scores[0] + SURE / 2 else 0


def points(pixels: Pixels, face: Face) -> Floats:
    """Eyes, nose and corners of the mouth of a face, whoever found it."""
    if face.points is not None:
        return np.array(face.points, dtype=np.float32)
    half = face.height * _FULL_BOX / 2
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2 - 0.1 * face.height
    return _cascade().points(pixels, (x - half, y - half, x + half, y + half))


def _prominence(face: Face, pixels: Pixels) -> float:
    """Of two faces of nearly one size the one nearer to the middle is meant."""
    height, width = pixels.shape[:2]
    x, y = face.middle
    away = math.hypot(2 * x - width, 2 * y - height) / math.hypot(width, height)
    return face.height * (1 - _EDGE * away)


def _by_networks(pixels: Pixels) -> list[Face]:
    best: list[Face] = []
    longest = max(pixels.shape[:2])
    for side, smallest in _LOOKS:
        found = _look(pixels, side, smallest)
        if surest(found) > surest(best):
            best = found
        if surest(best) >= SURE or longest <= side:
            break
    return best


def _look(pixels: Pixels, side: int, smallest: float) -> list[Face]:
    seen = _cascade().find(pixels, images.shrunk(pixels, side), smallest)
    return [_squared(pixels, *face) for face in zip(seen.boxes, seen.points, strict=True)]


def _squared(pixels: Pixels, box: Floats, five: Floats) -> Face:
    """The square that dlib's detector would give, so that limits of size mean the same."""
    left, top, right, bottom, odds = box.tolist()
    half = _HOG_SHARE * math.sqrt((right - left) * (bottom - top)) / 2
    x, y = five.mean(axis=0).tolist()
    score = -math.log10(max(1e-9, 1 - odds)) / 2
    points = tuple((x, y) for x, y in five.tolist())
    return _face(pixels, (x - half, y - half, x + half, y + half), score, points)


def _face(pixels: Pixels, box: Sequence[float], score: float, points: Points | None = None) -> Face:
    height, width = pixels.shape[:2]
    left, top, right, bottom = (round(edge) for edge in box)
    return Face(
        max(0, top), min(width, right), min(height, bottom), max(0, left), round(score, 2), points
    )


def _by_hog(pixels: Pixels) -> list[Face]:
    faces: list[Face] = []
    for side in _HOG_SIDES:
        if not faces and (side == _HOG_SIDES[0] or max(pixels.shape[:2]) > _HOG_SIDES[0]):
            faces = _hog_at(pixels, side)
    return faces


def _hog_at(pixels: Pixels, side: int) -> list[Face]:
    small = np.ascontiguousarray(images.shrunk(pixels, side))
    scale = max(pixels.shape[:2]) / max(small.shape[:2])
    boxes, scores, _ = dlib_models.frontal_faces().run(small, 1, 0.0)
    edges = [
        [edge * scale for edge in (box.left(), box.top(), box.right(), box.bottom())]
        for box in boxes
    ]
    return [_face(pixels, box, score) for box, score in zip(edges, scores, strict=True)]


def _uprightness(pixels: Pixels) -> float:
    found = [_hog_at(pixels, _TURN_SIDE)]
    if has_networks():
        found.append(_look(pixels, *_LOOKS[0]))
    return sum(max(0.0, surest(faces)) for faces in found)


def surest(faces: Sequence[Face]) -> float:
    return max((face.score for face in faces), default=-math.inf)


@cache
def _cascade() -> Cascade:
    return Cascade()
