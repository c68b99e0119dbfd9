"""Three small networks in a row find faces, small printed ones too, and five points in each.

Zhang and others, "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional
Networks" (2016). The weights come from the column-major original: the networks see every picture
with its axes exchanged.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc import networks, weights
from kyc.images import Pixels

Floats: TypeAlias = NDArray[np.float32]
"""Boxes are rows of left, top, right, bottom and probability."""

WEIGHTS = (weights.MTCNN_PROPOSALS, weights.MTCNN_REFINEMENT, weights.MTCNN_OUTPUT)
_CELL, _STRIDE, _FACTOR = 12, 2, 0.709
_PROPOSED, _REFINED, _FOUND = 0.6, 0.7, 0.7
_OVERLAP_AT_ONE_SIZE, _OVERLAP = 0.5, 0.7
_MOST = 128
"""Proposals that go on to the next network, the likeliest: a crowd has fewer."""


@dataclass(frozen=True)
class Seen:
    boxes: Floats
    points: Floats
    """Of each face: eyes, nose, corners of the mouth, left ones first; x and y."""


class Cascade:
    def find(self, pixels: Pixels, reduced: Pixels, smallest: float) -> Seen:
        """Faces of at least `smallest` pixels in the reduced copy, measured in the picture."""
        proposals = self._refined(reduced, self._proposals(reduced, smallest))
        proposals[:, :4] *= max(pixels.shape[:2]) / max(reduced.shape[:2])
        return self._found(pixels, proposals)

    def points(self, pixels: Pixels, box: tuple[float, float, float, float]) -> Floats:
        """The five points in a box that another detector found."""
        boxes = np.array([[*box, 1.0]], dtype=np.float32)
        _, _, points = self._look(pixels, _squared(boxes))
        found: Floats = points[0]
        return found

    def _proposals(self, reduced: Pixels, smallest: float) -> Floats:
        height, width = reduced.shape[:2]
        scale = _CELL / smallest
        found = [np.empty((0, 5), dtype=np.float32)]
        while min(height, width) * scale >= _CELL:
            size = (math.ceil(width * scale), math.ceil(height * scale))
            small = np.asarray(cv2.resize(reduced, size, interpolation=cv2.INTER_AREA), np.uint8)
            moves, odds = _answers(self._proposing, small[np.newaxis])
            found.append(_cells(_upright(odds)[0, ..., 1], _upright(moves)[0], scale))
            scale *= _FACTOR
        boxes = np.concatenate(found)
        return boxes[_distinct(boxes, _OVERLAP)[:_MOST]]

    def _refined(self, reduced: Pixels, boxes: Floats) -> Floats:
        if not len(boxes):
            return boxes
        boxes = _squared(boxes)
        moves, odds = _answers(self._refining, _crops(reduced, boxes, 24))
        kept = odds[:, 1] > _REFINED
        boxes = _moved(boxes[kept], moves[kept], odds[kept, 1])
        return boxes[_distinct(boxes, _OVERLAP)]

    def _found(self, pixels: Pixels, boxes: Floats) -> Seen:
        if not len(boxes):
            return Seen(boxes, np.empty((0, 5, 2), dtype=np.float32))
        boxes = _squared(boxes)
        moves, odds, points = self._look(pixels, boxes)
        kept = odds > _FOUND
        boxes, points = _moved(boxes[kept], moves[kept], odds[kept]), points[kept]
        chosen = _distinct(boxes, _OVERLAP, of_smaller=True)
        return Seen(boxes[chosen], points[chosen])

    def _look(self, pixels: Pixels, boxes: Floats) -> tuple[Floats, Floats, Floats]:
        moves, points, odds = _answers(self._telling, _crops(pixels, boxes, 48))
        sides = (boxes[:, 2:4] - boxes[:, :2])[:, np.newaxis]
        shares = points.reshape(-1, 2, 5).transpose(0, 2, 1)
        return moves, odds[:, 1], boxes[:, np.newaxis, :2] + shares * sides

    @cached_property
    def _proposing(self) -> Any:
        return networks.session(weights.MTCNN_PROPOSALS)

    @cached_property
    def _refining(self) -> Any:
        return networks.session(weights.MTCNN_REFINEMENT)

    @cached_property
    def _telling(self) -> Any:
        return networks.session(weights.MTCNN_OUTPUT)


def _answers(network: Any, pictures: NDArray[np.uint8]) -> list[Floats]:
    exchanged = pictures.transpose(0, 2, 1, 3).astype(np.float32)
    answers: list[Floats] = network.run(
        None, {network.get_inputs()[0].name: (exchanged - 127.5) / 128}
    )
    return answers


def _upright(answer: Floats) -> Floats:
    return answer.transpose(0, 2, 1, 3)


def _cells(odds: Floats, moves: Floats, scale: float) -> Floats:
    """The likely cells of one size as boxes."""
    rows, columns = np.nonzero(odds > _PROPOSED)
    corners = np.stack([columns, rows], axis=1) * _STRIDE
    boxes = np.concatenate([corners + 1, corners + _CELL], axis=1).astype(np.float32) / scale
    found = _moved(boxes, moves[rows, columns], odds[rows, columns])
    return found[_distinct(found, _OVERLAP_AT_ONE_SIZE)]


def _moved(boxes: Floats, moves: Floats, odds: Floats) -> Floats:
    sides = np.tile(boxes[:, 2:4] - boxes[:, :2], 2)
    return np.concatenate([boxes[:, :4] + moves * sides, odds[:, np.newaxis]], axis=1)


def _squared(boxes: Floats) -> Floats:
    middles = (boxes[:, :2] + boxes[:, 2:4]) / 2
    halves = (boxes[:, 2:4] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([middles - halves, middles + halves, boxes[:, 4:]], axis=1)


def _crops(pixels: Pixels, boxes: Floats, side: int) -> NDArray[np.uint8]:
    """Each box at one size, black where it leaves the picture."""
    crops = np.zeros((len(boxes), side, side, 3), dtype=np.uint8)
    height, width = pixels.shape[:2]
    edges = np.rint(boxes[:, :4]).astype(int)
    for crop, (left, top, right, bottom) in zip(crops, edges, strict=True):
        size = max(1, right - left, bottom - top)
        rows = slice(max(0, top), max(0, min(height, top + size)))
        columns = slice(max(0, left), max(0, min(width, left + size)))
        seen = pixels[rows, columns]
        if seen.size:
            whole = np.zeros((size, size, 3), dtype=np.uint8)
            down, along = rows.start - top, columns.start - left
            whole[down : down + seen.shape[0], along : along + seen.shape[1]] = seen
            crop[:] = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
    return crops


def _distinct(boxes: Floats, most: float, *, of_smaller: bool = False) -> NDArray[np.intp]:
    """Which boxes stay, likeliest first: none covers more than this share of a likelier one."""
    waiting = np.argsort(-boxes[:, 4], kind="stable")
    areas = np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    chosen: list[np.intp] = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        chosen.append(best)
        low = np.maximum(boxes[best, :2], boxes[waiting, :2])
        high = np.minimum(boxes[best, 2:4], boxes[waiting, 2:4])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        both = areas[best] + areas[waiting] - shared
        whole = np.minimum(areas[best], areas[waiting]) if of_smaller else both
        waiting = waiting[shared <= most * whole]
    return np.array(chosen, dtype=np.intp)
