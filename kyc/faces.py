"""Are the face on the document and the face on the selfie the same? With a stated error rate."""

import importlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from kyc import images, quality
from kyc.images import Pixels
from kyc.quality import Face, Finding, Problem, Shot

Template: TypeAlias = NDArray[np.float32]
"""What an engine remembers of a face: comparable only with templates of the same engine."""

SAME_FMR = 1e-3
"""Called the same when fewer than one stranger in a thousand looks this much alike."""
DIFFERENT_FMR = 1e-2
"""Called different when more than one stranger in a hundred does. Between the two: unsure."""


class Verdict(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


class FaceEngine(Protocol):
    """One way to find and compare faces. The threshold belongs to the engine."""

    @property
    def name(self) -> str:
        """Name and version: templates of different names are never compared."""

    @property
    def sure_score(self) -> float:
        """A detection with this score is a face; with half of it it may be a pattern."""

    def detect(self, pixels: Pixels) -> list[Face]:
        """The faces of an upright picture, largest first."""

    def embed(self, pixels: Pixels, face: Face, *, carefully: bool = False) -> Template:
        """The face's template. `carefully` takes several times longer and errs less often."""

    def distance(self, a: Template, b: Template) -> float:
        """0 for equal templates, larger for less alike faces."""

    def threshold(self, fmr: float, *, carefully: bool = False) -> float:
        """The distance within which this share of strangers lies (false-match rate)."""


@dataclass(frozen=True)
class Examined:
    """A picture turned so that its face is upright, the faces in it and what is wrong with it."""

    pixels: Pixels
    faces: tuple[Face, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class FaceComparison:
    verdict: Verdict
    distance: float | None
    """None when there was no pair of faces to compare."""
    threshold: float
    """The largest distance that is called the same, at the false-match rate `fmr`."""
    fmr: float
    engine: str
    faces_found: tuple[int, int]
    """In the document and in the selfie."""
    quality: Mapping[Shot, tuple[Finding, ...]]
    explanation: tuple[str, ...]
    """Codes, in the order in which they were found out."""
    template: Template | None = field(default=None, repr=False, compare=False)
    """Of the selfie's face, for the search whether it was seen before."""


_FMR_DISTANCES = ((1e-2, 0.618), (1e-3, 0.545), (1e-4, 0.477), (1e-5, 0.422), (1e-6, 0.378))
"""Measured on 29 million pairs of strangers of Labeled Faces in the Wild, one crop a face."""
_CAREFUL_SHIFT = 0.02
"""Averaging over jittered crops draws strangers closer too (0.018 measured at 0.6): the same
false-match rate lies at a smaller distance."""
_JITTERS = 10
_LOOK_SIDE, _CLOSER_SIDE = 800, 1600
_MARGIN = 0.6
_FACE_HEIGHT = 300


class DlibEngine:
    """`face_recognition` over dlib: HOG detector, five landmarks, 128 numbers a face."""

    name = "face_recognition-1.3.0"
    sure_score = 1.0
    """Nearly all upright photographs of faces score 1.3 to 3, upside down 0 to 0.8."""

    def detect(self, pixels: Pixels) -> list[Face]:
        faces = self._detect_at(pixels, _LOOK_SIDE)
        if not faces and max(pixels.shape[:2]) > _LOOK_SIDE:
            # A portrait on a card may fill only a twentieth of the picture.
            faces = self._detect_at(pixels, _CLOSER_SIDE)
        return sorted(faces, key=lambda face: face.height, reverse=True)

    def embed(self, pixels: Pixels, face: Face, *, carefully: bool = False) -> Template:
        crop, box = _crop(pixels, face)
        if carefully:
            return self._embed_jittered(crop, box)
        css = (box.top, box.right, box.bottom, box.left)
        (encoding,) = self._library.face_encodings(crop, [css], 1, "small")
        return np.asarray(encoding, dtype=np.float32)

    def distance(self, a: Template, b: Template) -> float:
        return float(np.linalg.norm(a - b))

    def threshold(self, fmr: float, *, carefully: bool = False) -> float:
        position = math.log10(fmr)
        rates = [math.log10(rate) for rate, _ in reversed(_FMR_DISTANCES)]
        if not rates[0] <= position <= rates[-1]:
            raise ValueError("thresholds were measured for rates from 1e-6 to 1e-2")
        distances = [distance for _, distance in reversed(_FMR_DISTANCES)]
        found = float(np.interp(position, rates, distances))
        return round(found - (_CAREFUL_SHIFT if carefully else 0), 4)

    @cached_property
    def _library(self) -> Any:
        library = importlib.import_module("face_recognition.api")
        # Importing it makes Pillow accept truncated files everywhere; we do not.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        return library

    def _detect_at(self, pixels: Pixels, side: int) -> list[Face]:
        small = np.ascontiguousarray(images.shrunk(pixels, side))
        scale = max(pixels.shape[:2]) / max(small.shape[:2])
        # What `face_locations` calls, which keeps the scores to itself.
        boxes, scores, _ = self._library.face_detector.run(small, 1, 0.0)
        return [_face(*found, scale, pixels) for found in zip(boxes, scores, strict=True)]

    def _embed_jittered(self, crop: Pixels, box: Face) -> Template:
        # A fresh encoder starts its random crops anew: the same pair always gets the same answer.
        dlib = importlib.import_module("dlib")
        models = importlib.import_module("face_recognition_models")
        encoder = dlib.face_recognition_model_v1(models.face_recognition_model_location())
        rectangle = dlib.rectangle(box.left, box.top, box.right, box.bottom)
        landmarks = self._library.pose_predictor_5_point(crop, rectangle)
        encoding = encoder.compute_face_descriptor(crop, landmarks, _JITTERS)
        return np.asarray(encoding, dtype=np.float32)


@cache
def default_engine() -> FaceEngine:
    """One engine a process: its models stay loaded."""
    return DlibEngine()


def examine(engine: FaceEngine, pixels: Pixels, shot: Shot) -> Examined:
    """Find the faces, turning the picture when none is upright, and check the quality."""
    turned: Pixels = pixels
    faces: list[Face] = []
    if min(pixels.shape[:2]) >= quality.SMALLEST_SIDE:
        turned, faces = _turned_upright(engine, pixels)
    if shot is Shot.DOCUMENT and _surest(faces) >= engine.sure_score:
        # Beside a sure portrait the others are coats of arms and guilloches.
        faces = [face for face in faces if face.score >= engine.sure_score / 2]
    return Examined(turned, tuple(faces), quality.check(turned, faces, shot))


def compare(engine: FaceEngine, document: Pixels, selfie: Pixels) -> FaceComparison:
    """The largest face of the document against the only face of the selfie."""
    shots = {
        Shot.DOCUMENT: examine(engine, document, Shot.DOCUMENT),
        Shot.SELFIE: examine(engine, selfie, Shot.SELFIE),
    }
    if obstacles := _obstacles(shots):
        return _comparison(engine, shots, Verdict.UNSURE, None, obstacles)
    templates = _templates(engine, shots)
    distance = engine.distance(*templates)
    verdict = _judge(engine, distance)
    if verdict is not Verdict.UNSURE:
        return _comparison(engine, shots, verdict, distance, [f"{verdict}_face"], templates[1])
    careful = engine.distance(*_templates(engine, shots, carefully=True))
    verdict = _judge(engine, careful, carefully=True)
    # Shown on the scale of the first look, so that distances of all comparisons can be compared.
    shift = engine.threshold(SAME_FMR) - engine.threshold(SAME_FMR, carefully=True)
    codes = [
        "grey_zone",
        "looked_again",
        "still_unsure" if verdict is Verdict.UNSURE else f"{verdict}_face",
    ]
    return _comparison(engine, shots, verdict, careful + shift, codes, templates[1])


def _turned_upright(engine: FaceEngine, pixels: Pixels) -> tuple[Pixels, list[Face]]:
    faces = engine.detect(pixels)
    if _surest(faces) >= engine.sure_score:
        return pixels, faces
    # Telling up from down needs no more than a reduced copy.
    small = images.shrunk(pixels, _LOOK_SIDE)
    scores = {quarters: _surest(engine.detect(np.rot90(small, quarters))) for quarters in (1, 2, 3)}
    quarters, score = max(scores.items(), key=lambda item: item[1])
    if score <= max(_surest(faces), engine.sure_score / 2):
        return pixels, faces
    turned = np.ascontiguousarray(np.rot90(pixels, quarters))
    return turned, engine.detect(turned)


def _surest(faces: Sequence[Face]) -> float:
    return max((face.score for face in faces), default=-math.inf)


def _obstacles(shots: Mapping[Shot, Examined]) -> list[str]:
    """Why there is no pair of faces to compare."""
    several = Problem.SEVERAL_FACES
    return [
        f"{shot}_{finding.problem}"
        for shot, examined in shots.items()
        for finding in examined.findings
        if not examined.faces or (shot is Shot.SELFIE and finding.problem is several)
    ]


def _templates(
    engine: FaceEngine, shots: Mapping[Shot, Examined], *, carefully: bool = False
) -> tuple[Template, Template]:
    document, selfie = (
        engine.embed(shot.pixels, shot.faces[0], carefully=carefully) for shot in shots.values()
    )
    return document, selfie


def _judge(engine: FaceEngine, distance: float, *, carefully: bool = False) -> Verdict:
    if distance <= engine.threshold(SAME_FMR, carefully=carefully):
        return Verdict.SAME
    if distance > engine.threshold(DIFFERENT_FMR, carefully=carefully):
        return Verdict.DIFFERENT
    return Verdict.UNSURE


def _comparison(
    engine: FaceEngine,
    shots: Mapping[Shot, Examined],
    verdict: Verdict,
    distance: float | None,
    explanation: Sequence[str],
    template: Template | None = None,
) -> FaceComparison:
    return FaceComparison(
        verdict=verdict,
        distance=None if distance is None else round(distance, 4),
        threshold=engine.threshold(SAME_FMR),
        fmr=SAME_FMR,
        engine=engine.name,
        faces_found=(len(shots[Shot.DOCUMENT].faces), len(shots[Shot.SELFIE].faces)),
        quality={shot: examined.findings for shot, examined in shots.items()},
        explanation=tuple(explanation),
        template=template,
    )


def _face(box: Any, score: float, scale: float, pixels: Pixels) -> Face:
    """A detection in the reduced picture as a box within the whole one."""
    height, width = pixels.shape[:2]
    return Face(
        top=max(0, round(box.top() * scale)),
        right=min(width, round(box.right() * scale)),
        bottom=min(height, round(box.bottom() * scale)),
        left=max(0, round(box.left() * scale)),
        score=round(score, 2),
    )


def _crop(pixels: Pixels, face: Face) -> tuple[Pixels, Face]:
    """The face with its surroundings, no larger than the encoder can use, and the box in it."""
    margin = round(face.height * _MARGIN)
    top, left = max(0, face.top - margin), max(0, face.left - margin)
    crop = pixels[top : face.bottom + margin, left : face.right + margin]
    scale = min(1.0, _FACE_HEIGHT / face.height)
    small = images.shrunk(crop, max(1, round(max(crop.shape[:2]) * scale)))
    edges = (face.top - top, face.right - left, face.bottom - top, face.left - left)
    top, right, bottom, left = (round(edge * scale) for edge in edges)
    return np.ascontiguousarray(small), Face(top, right, bottom, left, face.score)
