"""512 numbers a face by a better network that comes with npm, and its fusion with dlib's."""

import math
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc import networks, weights
from kyc.faces import detectors
from kyc.faces.dlib_engine import CarefulDlibEngine
from kyc.faces.engine import Curve, FaceEngine, Template
from kyc.images import Pixels
from kyc.quality import Face

NAME = "fr_feature-0.0.1"
_SIDE = 112
_PLACES = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]]
)  # fmt: skip
"""Where eyes, nose and corners of the mouth lie in the 112 x 112 crop of ArcFace."""
_SECOND_WEIGHT = 0.5
_LIKENESS = 0.6
"""How far the two networks agree about strangers (correlation): 0.52 measured, rounded up because
too small a number would promise too low a rate."""
_COARSE = 0.5
_LONG = 512


def is_here() -> bool:
    return weights.is_here(weights.FACE_FEATURE) and detectors.has_networks()


class FeatureEngine:
    name = NAME
    curve = Curve(
        {1e-2: 1 - 0.249, 1e-3: 1 - 0.339, 1e-4: 1 - 0.414, 1e-5: 1 - 0.477, 1e-6: 1 - 0.545}
    )
    """Measured on 29 million pairs of strangers of Labeled Faces in the Wild."""

    @cached_property
    def closer(self) -> FaceEngine | None:
        return FusedEngine(self)

    def detect(self, pixels: Pixels) -> list[Face]:
        return detectors.detect(pixels)

    def embed(self, pixels: Pixels, face: Face) -> Template:
        return self.described(aligned(pixels, detectors.points(pixels, face)))

    def distance(self, a: Template, b: Template) -> float:
        return 1 - float(a @ b)

    def threshold(self, fmr: float) -> float:
        return self.curve.threshold(fmr)

    def described(self, crop: Pixels) -> Template:
        # The network was trained with blue first.
        picture = (crop[..., ::-1].astype(np.float32) - 127.5) / 128
        (numbers,) = self._network.run(None, {"input": picture.transpose(2, 0, 1)[np.newaxis]})
        return np.asarray(numbers[0] / np.linalg.norm(numbers[0]), dtype=np.float32)

    @cached_property
    def _network(self) -> Any:
        return networks.session(weights.FACE_FEATURE)


class FusedEngine:
    """Both networks look; what each says is weighed by how rare it is among strangers."""

    closer = None

    def __init__(self, first: FeatureEngine) -> None:
        self._first, self._second = first, CarefulDlibEngine()
        self.name = f"{first.name}+{self._second.name}"
        self.curve = first.curve

    def detect(self, pixels: Pixels) -> list[Face]:
        return detectors.detect(pixels)

    def embed(self, pixels: Pixels, face: Face) -> Template:
        crop = aligned(pixels, detectors.points(pixels, face))
        both = self._first.described(crop) + self._first.described(crop[:, ::-1])
        both /= np.linalg.norm(both)
        return np.concatenate([both, self._second.embed(pixels, face)])

    def distance(self, a: Template, b: Template) -> float:
        """What the first network alone would measure for a pair as rare as this one."""
        first = self._first.curve.rarity(self._first.distance(a[:_LONG], b[:_LONG]))
        second = self._second.curve.rarity(self._second.distance(a[_LONG:], b[_LONG:]))
        return self.curve.distance(_fused(first, second))

    def threshold(self, fmr: float) -> float:
        return self.curve.threshold(fmr)


def _fused(first: float, second: float) -> float:
    """How rare both together are: a weighted sum, divided by how far it spreads for strangers."""
    spread = math.sqrt(1 + _SECOND_WEIGHT**2 + 2 * _LIKENESS * _SECOND_WEIGHT)
    return (first + _SECOND_WEIGHT * second) / spread


def aligned(pixels: Pixels, points: NDArray[np.float32]) -> Pixels:
    """The face turned, moved and scaled so that its five points lie in their places."""
    move = _similarity(points)
    scale = math.hypot(move[0, 0], move[1, 0])
    if scale < _COARSE:
        # Reduced first: single pixels picked out of a large picture are noise.
        pixels, points = _reduced(pixels, points, scale / _COARSE)
        move = _similarity(points)
    return np.asarray(cv2.warpAffine(pixels, move, (_SIDE, _SIDE)), dtype=np.uint8)


def _similarity(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """The turn, scale and move that bring the points nearest to their places: least squares, with
    points as complex numbers, which turn and scale when multiplied."""
    here, there = (_complex(places) for places in (points.astype(np.float64), _PLACES))
    around = here - here.mean()
    turn = np.vdot(around, there) / np.vdot(around, around)
    move = there.mean() - turn * here.mean()
    return np.array([[turn.real, -turn.imag, move.real], [turn.imag, turn.real, move.imag]])


def _complex(points: NDArray[np.float64]) -> NDArray[np.complex128]:
    return points[:, 0] + 1j * points[:, 1]


def _reduced(
    pixels: Pixels, points: NDArray[np.float32], scale: float
) -> tuple[Pixels, NDArray[np.float32]]:
    """The surroundings of a face, smaller, and where its points are in them."""
    middle, reach = points.mean(axis=0), _SIDE / (scale * _COARSE)
    left, top = np.maximum(0, middle - reach).astype(int)
    right, bottom = (middle + reach).astype(int)
    around = pixels[top:bottom, left:right]
    small = cv2.resize(around, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    placed = (points - (left, top) + 0.5) * scale - 0.5
    return np.asarray(small, dtype=np.uint8), placed.astype(np.float32)
