"""`face_recognition` over dlib: 128 numbers a face. The engine that always works."""

import cv2
import numpy as np

from kyc import dlib_models, images
from kyc.faces import detectors
from kyc.faces.engine import Curve, FaceEngine, Template
from kyc.images import Pixels
from kyc.quality import Face

NAME = "face_recognition-1.3.0"
_SIDE = 150
_MARGIN = 0.6
_PADDING = 0.25
_FACE_HEIGHT = 300
_VIEWS = ((0.0, 1.0, 0, 0), (-3.0, 1.03, 2, -2))
"""Turned, enlarged and moved a little; each is looked at in the mirror too."""


class DlibEngine:
    """One look at each face, as `face_recognition` does it."""

    name = NAME
    curve = Curve({1e-2: 0.618, 1e-3: 0.545, 1e-4: 0.477, 1e-5: 0.422, 1e-6: 0.378})
    """Measured on 29 million pairs of strangers of Labeled Faces in the Wild."""

    @property
    def closer(self) -> FaceEngine | None:
        return CarefulDlibEngine()

    def detect(self, pixels: Pixels) -> list[Face]:
        return detectors.detect(pixels)

    def embed(self, pixels: Pixels, face: Face) -> Template:
        return _described([_aligned(pixels, face)])

    def distance(self, a: Template, b: Template) -> float:
        return float(np.linalg.norm(a - b))

    def threshold(self, fmr: float) -> float:
        return self.curve.threshold(fmr)


class CarefulDlibEngine(DlibEngine):
    """The mean of four looks: as it is and turned a little, and both in the mirror."""

    name = f"{NAME}-careful"
    curve = Curve({1e-2: 0.603, 1e-3: 0.530, 1e-4: 0.462, 1e-5: 0.407, 1e-6: 0.363})
    """Averaging draws strangers closer too, by 0.015 on the strangers of docs/kyc.md."""

    @property
    def closer(self) -> FaceEngine | None:
        return None

    def embed(self, pixels: Pixels, face: Face) -> Template:
        chip = _aligned(pixels, face)
        views = [_view(chip, *view) for view in _VIEWS]
        return _described([side for view in views for side in (view, view[:, ::-1])])


def _described(chips: list[Pixels]) -> Template:
    numbers = dlib_models.encoder().compute_face_descriptor(
        [np.ascontiguousarray(chip) for chip in chips]
    )
    return np.asarray(np.mean(numbers, axis=0), dtype=np.float32)


def _aligned(pixels: Pixels, face: Face) -> Pixels:
    crop, box = _crop(pixels, face)
    dlib = dlib_models.library()
    rectangle = dlib.rectangle(box.left, box.top, box.right, box.bottom)
    chip: Pixels = dlib.get_face_chip(
        crop, dlib_models.five_points()(crop, rectangle), _SIDE, _PADDING
    )
    return chip


def _view(chip: Pixels, degrees: float, scale: float, right: int, down: int) -> Pixels:
    move = cv2.getRotationMatrix2D((_SIDE / 2, _SIDE / 2), degrees, scale)
    move[:, 2] += (right, down)
    view = cv2.warpAffine(chip, move, (_SIDE, _SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(view, dtype=np.uint8)


def _crop(pixels: Pixels, face: Face) -> tuple[Pixels, Face]:
    """The face with its surroundings, no larger than the encoder can use, and the box in it."""
    margin = round(face.height * _MARGIN)
    top, left = max(0, face.top - margin), max(0, face.left - margin)
    crop = pixels[top : face.bottom + margin, left : face.right + margin]
    scale = min(1.0, _FACE_HEIGHT / face.height)
    small = images.shrunk(crop, max(1, round(max(crop.shape[:2]) * scale)))
    edges = (face.top - top, face.right - left, face.bottom - top, face.left - left)
    top, right, bottom, left = (round(edge * scale) for edge in edges)
    return np.ascontiguousarray(small), Face(top, right, bottom, left)
