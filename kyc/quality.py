"""Is a picture good enough to be judged? Each answer is a number against a limit.

The limits were set on 64 photographs of faces and on copies of them that were blurred, darkened
and burnt out (see docs/kyc.md); tests/kyc measures them again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kyc.images import Pixels


class Shot(StrEnum):
    """Which of the two pictures it is: the rules differ."""

    DOCUMENT = "document"
    SELFIE = "selfie"


class Problem(StrEnum):
    PICTURE_TOO_SMALL = "picture_too_small"
    TOO_DARK = "too_dark"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    BLURRED = "blurred"
    TOO_BRIGHT = "too_bright"
    GLARE = "glare"
    NO_DOCUMENT = "no_document"
    SEVERAL_DOCUMENTS = "several_documents"
    FROM_SCREEN = "from_screen"
    CROPPED = "cropped"
    DOCUMENT_TOO_SMALL = "document_too_small"
    ASKEW = "askew"


Points: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Face:
    """A box around a face, from the brows to the chin."""

    top: int
    right: int
    bottom: int
    left: int
    score: float = 1.0
    """How sure the detector is: 1 is a face, half of it may be a pattern."""
    points: Points | None = None
    """Eyes, nose and corners of the mouth, left ones first, where the detector tells them."""

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Finding:
    problem: Problem
    measured: float
    limit: float


SMALLEST_SIDE = 160
"""Shorter pictures hold no face of a usable size."""
FACE_HEIGHT = {Shot.DOCUMENT: 84, Shot.SELFIE: 100}
"""A box of 84 px is a printed portrait of about 200 px: with 180 px a fifth of the true pairs fail,
with 110 px nearly all."""
RIVAL_SHARE = {Shot.DOCUMENT: 0.75, Shot.SELFIE: 0.4}
"""A second face this large next to the first is a second person. Smaller ones are ghost portraits
on a document and bystanders on a selfie."""
SHARPNESS = 20.0
"""Sharp photographs measure 146 to 2,400, blurred by an eightieth of the face's height 5 to 17."""
BRIGHTEST = 80.0
"""Brightness that the lightest twentieth of the face reaches. Photographs: 165 to 255. Not the
mean, which is low for dark skin in good light."""
BURNT_SHARE = 0.25
"""Share of the face without any drawing left. Photographs: 0 to 0.15."""

_SCALE = 160
_BURNT_LEVEL = 250


def check(pixels: Pixels, faces: Sequence[Face], shot: Shot) -> tuple[Finding, ...]:
    """What is wrong, the most telling first. Empty when the picture can be judged."""
    shortest = min(pixels.shape[:2])
    if shortest < SMALLEST_SIDE:
        return (Finding(Problem.PICTURE_TOO_SMALL, shortest, SMALLEST_SIDE),)
    ordered = sorted(faces, key=lambda face: face.height, reverse=True)
    region = _gray(pixels, ordered[0] if ordered else None)
    light = _too_dark(region)
    if not ordered:
        return (*light, Finding(Problem.NO_FACE, 0, 1))
    return (
        *light,
        *_several(ordered, shot),
        *_small(ordered[0], shot),
        *_blurred(region),
        *_burnt(region, shot),
    )


def sharpness(gray: NDArray[np.float32]) -> float:
    """Variance of the Laplacian: how much the brightness changes from one pixel to the next."""
    middle = gray[1:-1, 1:-1]
    around = gray[:-2, 1:-1] + gray[2:, 1:-1] + gray[1:-1, :-2] + gray[1:-1, 2:]
    return float(np.var(4 * middle - around))


def _gray(pixels: Pixels, face: Face | None) -> NDArray[np.float32]:
    """Brightness of the face (or of everything) at one size, so that limits mean the same."""
    if face is not None:
        pixels = pixels[face.top : face.bottom, face.left : face.right]
    image = Image.fromarray(pixels).convert("L")
    if image.height > _SCALE:
        width = max(3, round(image.width * _SCALE / image.height))
        image = image.resize((width, _SCALE), Image.Resampling.LANCZOS)
    return np.asarray(image, dtype=np.float32)


def _too_dark(gray: NDArray[np.float32]) -> list[Finding]:
    brightest = float(np.percentile(gray, 95))
    return [Finding(Problem.TOO_DARK, brightest, BRIGHTEST)] if brightest < BRIGHTEST else []


def _several(ordered: Sequence[Face], shot: Shot) -> list[Finding]:
    rivals = sum(face.height >= RIVAL_SHARE[shot] * ordered[0].height for face in ordered)
    return [Finding(Problem.SEVERAL_FACES, rivals, 1)] if rivals > 1 else []


def _small(face: Face, shot: Shot) -> list[Finding]:
    limit = FACE_HEIGHT[shot]
    return [Finding(Problem.FACE_TOO_SMALL, face.height, limit)] if face.height < limit else []


def _blurred(gray: NDArray[np.float32]) -> list[Finding]:
    measured = round(sharpness(gray), 1)
    return [Finding(Problem.BLURRED, measured, SHARPNESS)] if measured < SHARPNESS else []


def _burnt(gray: NDArray[np.float32], shot: Shot) -> list[Finding]:
    share = round(float(np.mean(gray >= _BURNT_LEVEL)), 3)
    if share <= BURNT_SHARE:
        return []
    problem = Problem.GLARE if shot is Shot.DOCUMENT else Problem.TOO_BRIGHT
    return [Finding(problem, share, BURNT_SHARE)]
