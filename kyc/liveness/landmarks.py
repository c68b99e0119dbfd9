"""Follow one face through a clip: where it looks, how far its eyes and its mouth are open."""

import math
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc import dlib_models
from kyc.images import Pixels
from kyc.liveness import head
from kyc.liveness.clips import Frame
from kyc.quality import Face

Points = NDArray[np.float64]
"""68 x 2: x and y in the frame's pixels."""

_SEARCH_SIDE = 320
_CLOSER_SIDE = 640
_AROUND_SIDE = 420
_FOLLOWED_HEIGHT = 95
"""The detector finds faces of 80 pixels and more; the neighborhood is brought to this scale."""
_NEIGHBORHOOD = 0.6
"""How far around the last box the next one is looked for, in heights of the box."""
_OTHERS_EVERY = 5
_OTHERS_SHARE = 0.4
"""A second face this large next to the first is a second person, not a bystander."""
_SURE = 0.3
_BOX_OF_HEIGHT = 1.25
"""Side of the detector's box over the face's height."""
_PATCH = 48
_LIDS = (24, 16)


@dataclass(frozen=True)
class Sight:
    """What one frame shows of the face."""

    index: int
    at: float
    box: Face
    points: Points
    yaw: float
    """Degrees; positive to the person's left."""
    pitch: float
    """Degrees; positive up."""
    roll: float
    eyes: float
    """Height of the open eyes over their width (eye aspect ratio)."""
    mouth: float
    """Gap between the lips over the mouth's width (mouth aspect ratio)."""
    height: float
    """Of the face in pixels, nose's root to chin, as if it looked straight ahead."""
    patch: NDArray[np.float32]
    """The face at one place and scale and with one brightness: for comparing frames."""
    lids: NDArray[np.float32]
    """Both eyes likewise."""


@dataclass
class Watch:
    """What was seen so far. Give it the frames one after another."""

    sights: list[Sight] = field(default_factory=list)
    missed: list[float] = field(default_factory=list)
    """When no face was found."""
    crowded: list[float] = field(default_factory=list)
    """When a second face was found."""
    frames: int = 0
    _last: Face | None = None

    def see(self, frame: Frame) -> None:
        if self.frames % _OTHERS_EVERY == 0:
            self._look_around(frame.gray, frame.at)
        self.frames += 1
        box = self._followed(frame.gray)
        if box is None:
            self.missed.append(frame.at)
        else:
            sight = _sight(box, frame)
            self.sights.append(sight)
            self._last = _settled(sight)

    def _followed(self, gray: Pixels) -> Face | None:
        if self._last is not None and (found := _near(gray, self._last)) is not None:
            return found
        return max(_everywhere(gray), key=lambda face: face.height, default=None)

    def _look_around(self, gray: Pixels, at: float) -> None:
        faces = [
            face
            for face in _faces(gray, min(max(gray.shape[:2]), _AROUND_SIDE))
            if face.score >= _SURE
        ]
        tallest = max((face.height for face in faces), default=0)
        if sum(face.height >= _OTHERS_SHARE * tallest for face in faces) > 1:
            self.crowded.append(at)


def load() -> None:
    """Read the models, once a process."""
    dlib_models.frontal_faces()
    dlib_models.all_points()


def _near(gray: Pixels, last: Face) -> Face | None:
    margin = round(last.height * _NEIGHBORHOOD)
    top, left = max(0, last.top - margin), max(0, last.left - margin)
    crop = gray[top : last.bottom + margin, left : last.right + margin]
    faces = _faces(crop, round(max(crop.shape[:2]) * _FOLLOWED_HEIGHT / last.height))
    if not faces:
        return None
    near = min(faces, key=lambda face: _apart(face, last, top, left))
    return Face(near.top + top, near.right + left, near.bottom + top, near.left + left, near.score)


def _apart(face: Face, last: Face, top: int, left: int) -> float:
    return math.hypot(
        face.top + face.bottom + 2 * top - last.top - last.bottom,
        face.left + face.right + 2 * left - last.left - last.right,
    )


def _everywhere(gray: Pixels) -> list[Face]:
    side = max(gray.shape[:2])
    return _faces(gray, min(side, _SEARCH_SIDE)) or _faces(gray, _CLOSER_SIDE)


def _faces(gray: Pixels, side: int) -> list[Face]:
    """The faces of the picture after its longer side was brought to `side`."""
    scale = side / max(gray.shape[:2])
    width, height = (max(1, round(length * scale)) for length in gray.shape[1::-1])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = np.ascontiguousarray(cv2.resize(gray, (width, height), interpolation=way))
    boxes, scores, _ = dlib_models.frontal_faces().run(scaled, 0, 0.0)
    return [
        Face(
            round(box.top() / scale), round(box.right() / scale),
            round(box.bottom() / scale), round(box.left() / scale), round(score, 2),
        )
        for box, score in zip(boxes, scores, strict=True)
    ]  # fmt: skip


def _sight(box: Face, frame: Frame) -> Sight:
    gray = frame.gray
    points = _points(gray, box)
    yaw, pitch, roll, height = _pose(points, gray.shape[1])
    return Sight(
        index=frame.index, at=frame.at, box=box, points=points, yaw=yaw, pitch=pitch, roll=roll,
        eyes=(_eye(points, head.RIGHT_EYE) + _eye(points, head.LEFT_EYE)) / 2,
        mouth=_mouth(points), height=height, patch=_patch(gray, points), lids=_lids(gray, points),
    )  # fmt: skip


def _points(gray: Pixels, box: Face) -> Points:
    rectangle = dlib_models.library().rectangle(box.left, box.top, box.right, box.bottom)
    parts = dlib_models.all_points()(gray, rectangle).parts()
    return np.array([(part.x, part.y) for part in parts], dtype=np.float64)


def _settled(sight: Sight) -> Face:
    """Where the face is by its points: the detector's boxes come in steps of a fifth."""
    half = sight.height * _BOX_OF_HEIGHT / 2
    across, down = sight.points[17:].mean(axis=0)
    top, left = max(0, round(down - half)), max(0, round(across - half))
    return Face(top, round(across + half), round(down + half), left)


def _pose(points: Points, width: int) -> tuple[float, float, float, float]:
    """Yaw, pitch and roll in degrees, and the face's height in pixels."""
    camera = np.array([[width, 0, width / 2], [0, width, width / 2], [0, 0, 1]], dtype=np.float64)
    seen = points[list(head.RIGID)]
    _, turned, moved = cv2.solvePnP(head.RIGID_MM, seen, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    rotation, _ = cv2.Rodrigues(turned)
    ahead = rotation @ np.array([0.0, 0.0, -1.0])
    yaw = math.degrees(math.atan2(ahead[0], -ahead[2]))
    pitch = math.degrees(math.atan2(-ahead[1], math.hypot(ahead[0], ahead[2])))
    roll = math.degrees(math.atan2(rotation[1, 0], rotation[0, 0]))
    height = head.FACE_HEIGHT_MM * width / max(float(moved[2, 0]), 1.0)
    return yaw, pitch, roll, height


def _eye(points: Points, eye: range) -> float:
    outer, up1, up2, inner, down2, down1 = (points[index] for index in eye)
    opened = np.linalg.norm(up1 - down1) + np.linalg.norm(up2 - down2)
    return float(opened / (2 * max(float(np.linalg.norm(outer - inner)), 1e-6)))


def _mouth(points: Points) -> float:
    gap = np.mean([np.linalg.norm(points[61 + k] - points[67 - k]) for k in range(3)])
    return float(gap / max(float(np.linalg.norm(points[60] - points[64])), 1e-6))


def _patch(gray: Pixels, points: Points) -> NDArray[np.float32]:
    eyes = [points[list(eye)].mean(axis=0) for eye in (head.RIGHT_EYE, head.LEFT_EYE)]
    seen = np.array([*eyes, points[head.NOSE_BASE]], dtype=np.float32)
    places = np.array([(0.28, 0.3), (0.72, 0.3), (0.5, 0.66)], dtype=np.float32) * _PATCH
    patch = cv2.warpAffine(gray, cv2.getAffineTransform(seen, places), (_PATCH, _PATCH))
    return _evened(patch)


def _lids(gray: Pixels, points: Points) -> NDArray[np.float32]:
    across, down = _LIDS
    strips = []
    for eye in (head.RIGHT_EYE, head.LEFT_EYE):
        corners = points[[eye[0], eye[3]]]
        along = (corners[1] - corners[0]) / max(float(np.sum((corners[1] - corners[0]) ** 2)), 1e-6)
        turned = np.array([along, (-along[1], along[0])]) * across / 1.3
        shift = np.array([across / 2, down / 2]) - turned @ points[list(eye)].mean(axis=0)
        placed = np.column_stack([turned, shift])
        strips.append(_evened(cv2.warpAffine(gray, placed, _LIDS, flags=cv2.INTER_AREA)))
    return np.concatenate(strips)


def _evened(patch: NDArray[Any]) -> NDArray[np.float32]:
    values = patch.astype(np.float32)
    return np.asarray((values - values.mean()) / (values.std() + 1e-3), dtype=np.float32)
