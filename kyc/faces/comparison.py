"""Are the face on the document and the face on the selfie the same? With a stated error rate."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import cv2
import numpy as np

from kyc import quality
from kyc.documents import finding
from kyc.faces import detectors
from kyc.faces.detectors import SURE
from kyc.faces.engine import FaceEngine, Template, rarity
from kyc.images import Pixels
from kyc.quality import Face, Finding, Problem, Shot

SAME_FMR = 1e-3
"""Called the same when fewer than one stranger in a thousand looks this much alike."""
DIFFERENT_FMR = 1e-2
"""Called different when more than one stranger in a hundred does. Between the two: unsure."""

_SMALLEST_SIDE = 24
_MARGIN = 0.6
_AGAIN = (rarity(3e-2), rarity(1e-5))
"""Pairs this rare among strangers are looked at more closely: the grey zone with a wide border on
either side. Outside of it the closer look would change nothing."""


class Verdict(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Examined:
    """A picture turned so that its face is upright, the faces in it and what is wrong with it."""

    pixels: Pixels
    faces: tuple[Face, ...]
    """The main one first."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class FaceComparison:
    verdict: Verdict
    distance: float | None
    """On one scale for all pairs of an engine, after whichever look. None when there was no pair
    of faces to compare."""
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


@dataclass(frozen=True)
class Sighting:
    """One frame beside a template."""

    faces_found: int
    distance: float | None
    """Of the frame's main face; None without a face."""


class Picture:
    """A picture that is looked at once, for as many comparisons as wanted."""

    def __init__(self, engine: FaceEngine, pixels: Pixels) -> None:
        self.engine = engine
        upright, faces = _turned_upright(engine, pixels)
        seen = {shot: _examined(upright, faces, shot) for shot in Shot}
        self.findings = {shot: examined.findings for shot, examined in seen.items()}
        self.faces_found = {shot: len(examined.faces) for shot, examined in seen.items()}
        # Of a large picture only the faces stay in memory.
        self._main = {
            shot: _cut(each.pixels, each.faces[0]) for shot, each in seen.items() if each.faces
        }
        self._templates: dict[tuple[str, Face], Template] = {}

    def template(self, engine: FaceEngine, shot: Shot) -> Template:
        """Of the main face, by this engine."""
        around, face = self._main[shot]
        key = engine.name, face
        if key not in self._templates:
            self._templates[key] = engine.embed(around, face)
        return self._templates[key]


def examine(engine: FaceEngine, pixels: Pixels, shot: Shot) -> Examined:
    """Find the faces, turning the picture when none is upright, and check the quality."""
    return _examined(*_turned_upright(engine, pixels), shot)


def compare(
    engine: FaceEngine, document: Pixels, selfie: Pixels, *, fmr: float = SAME_FMR
) -> FaceComparison:
    """The main face of the document against the only face of the selfie."""
    return compare_pictures(Picture(engine, document), Picture(engine, selfie), fmr=fmr)


def compare_pictures(
    document: Picture, selfie: Picture, *, fmr: float = SAME_FMR
) -> FaceComparison:
    """`compare`, for pictures that were looked at already."""
    pair = {Shot.DOCUMENT: document, Shot.SELFIE: selfie}
    engine, obstacles = document.engine, _obstacles(pair)
    if not all(picture.faces_found[shot] for shot, picture in pair.items()):
        return _comparison(pair, fmr, Verdict.UNSURE, None, obstacles)
    distance, codes = _distance(engine, pair)
    if obstacles:
        return _comparison(pair, fmr, Verdict.UNSURE, distance, obstacles)
    verdict = _judge(engine, distance, fmr)
    codes.append("still_unsure" if verdict is Verdict.UNSURE else f"{verdict}_face")
    template = selfie.template(engine, Shot.SELFIE)
    return _comparison(pair, fmr, verdict, distance, codes, template)


def compare_many(
    engine: FaceEngine, template: Template, frames: Iterable[Pixels]
) -> list[Sighting]:
    """How far the main face of each frame is from the template, at the first look."""
    return [_sighting(engine, template, frame) for frame in frames]


def _sighting(engine: FaceEngine, template: Template, frame: Pixels) -> Sighting:
    faces = engine.detect(frame)
    if not faces:
        return Sighting(0, None)
    distance = engine.distance(template, engine.embed(frame, faces[0]))
    return Sighting(len(faces), round(distance, 4))


def _examined(upright: Pixels, faces: Sequence[Face], shot: Shot) -> Examined:
    if shot is Shot.DOCUMENT:
        faces = _printed(upright, faces)
    return Examined(upright, tuple(faces), quality.check(upright, faces, shot))


def _printed(pixels: Pixels, faces: Sequence[Face]) -> Sequence[Face]:
    """The faces of the document: not coats of arms and guilloches, and not its holder's hand."""
    if detectors.surest(faces) >= SURE:
        # Beside a sure portrait these are patterns.
        faces = [face for face in faces if face.score >= SURE / 2]
    if len(faces) < 2:
        return faces
    corners = np.array(finding.find(pixels).corners, dtype=np.float32)
    inside = [face for face in faces if cv2.pointPolygonTest(corners, face.middle, False) >= 0]
    return inside or faces


def _cut(pixels: Pixels, face: Face) -> tuple[Pixels, Face]:
    """The face with its surroundings, and where it lies in them."""
    margin = round(face.height * _MARGIN)
    top, left = max(0, face.top - margin), max(0, face.left - margin)
    around = pixels[top : face.bottom + margin, left : face.right + margin].copy()
    points = face.points and tuple((x - left, y - top) for x, y in face.points)
    edges = (face.top - top, face.right - left, face.bottom - top, face.left - left)
    return around, Face(*edges, face.score, points)


def _turned_upright(engine: FaceEngine, pixels: Pixels) -> tuple[Pixels, list[Face]]:
    if min(pixels.shape[:2]) < _SMALLEST_SIDE:
        return pixels, []
    faces = engine.detect(pixels)
    if detectors.surest(faces) >= SURE:
        return pixels, faces
    quarters = detectors.quarters_to_upright(pixels)
    if quarters == 0:
        return pixels, faces
    turned = np.ascontiguousarray(np.rot90(pixels, quarters))
    return turned, engine.detect(turned)


def _obstacles(pair: Mapping[Shot, Picture]) -> list[str]:
    """Why there is no verdict by rule."""
    several = Problem.SEVERAL_FACES
    return [
        f"{shot}_{found.problem}"
        for shot, picture in pair.items()
        for found in picture.findings[shot]
        if not picture.faces_found[shot] or (shot is Shot.SELFIE and found.problem is several)
    ]


def _distance(engine: FaceEngine, pair: Mapping[Shot, Picture]) -> tuple[float, list[str]]:
    """On the engine's own scale, and how it was found out."""
    first = _apart(engine, pair)
    seldom = engine.curve.rarity(first)
    if engine.closer is None or not _AGAIN[0] <= seldom <= _AGAIN[1]:
        return first, []
    closer = engine.closer.curve.rarity(_apart(engine.closer, pair))
    return engine.curve.distance(closer), ["grey_zone", "looked_again"]


def _apart(engine: FaceEngine, pair: Mapping[Shot, Picture]) -> float:
    return engine.distance(*(picture.template(engine, shot) for shot, picture in pair.items()))


def _judge(engine: FaceEngine, distance: float, fmr: float) -> Verdict:
    if distance <= engine.threshold(fmr):
        return Verdict.SAME
    if distance > engine.threshold(max(fmr, DIFFERENT_FMR)):
        return Verdict.DIFFERENT
    return Verdict.UNSURE


def _comparison(
    pair: Mapping[Shot, Picture],
    fmr: float,
    verdict: Verdict,
    distance: float | None,
    explanation: Sequence[str],
    template: Template | None = None,
) -> FaceComparison:
    document, selfie = pair[Shot.DOCUMENT], pair[Shot.SELFIE]
    engine = document.engine
    return FaceComparison(
        verdict=verdict,
        distance=None if distance is None else round(distance, 4),
        threshold=engine.threshold(fmr),
        fmr=fmr,
        engine=engine.name,
        faces_found=(document.faces_found[Shot.DOCUMENT], selfie.faces_found[Shot.SELFIE]),
        quality={shot: picture.findings[shot] for shot, picture in pair.items()},
        explanation=tuple(explanation),
        template=template,
    )
