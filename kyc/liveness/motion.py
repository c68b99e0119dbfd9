"""What the face did, measured against itself: turns in depth, narrowing, eyes, mouth, distance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kyc.liveness import head
from kyc.liveness.landmarks import Points, Sight

Series = NDArray[np.float64]

_PLANE = (*head.OUTER_EYES, *head.INNER_EYES, *head.MOUTH_CORNERS)
"""Corners that lie nearly in one plane, with the nose standing out of it."""
_RELIEF = 0.35
"""How far the nose's tip stands out, in distances between the outer corners of the eyes. Heads
turned by 10, 20 and 30 degrees moved it by 0.06, 0.12 and 0.19 against the plane, photographs
swung by 28 and 40 degrees by 0.01 to 0.04."""
_STRAIGHT_DEGREES = 6.0
_ASIDE_DEGREES = 12.0
"""So far from the camera somebody may look all the time who holds the phone aside."""
_AROUND_SECONDS = 1.5


@dataclass(frozen=True)
class Motion:
    """One value a sight."""

    at: Series
    turn: Series
    """Degrees by which the head turned, to the person's left, by how far the nose moved in front
    of the eyes and the mouth: a flat picture does not turn, however it is swung."""
    narrowing: Series
    """Width over height against the straight look: below 1 when turned, or when swung."""
    open_share: Series
    """How far open the eyes are, of their own running level."""
    lids: Series
    """How much the eyes look as they mostly do: 1 for the same picture."""
    mouth: Series
    height: Series


NONE = Motion(*[np.zeros(0)] * 7)
"""Of a clip without a face."""


def measure(sights: Sequence[Sight]) -> Motion:
    """`sights` holds at least one."""
    at = np.array([sight.at for sight in sights])
    straight = _straight(sights)
    depths = [_depth(straight, sight.points) for sight in sights]
    return Motion(
        at=at,
        turn=np.degrees(np.arcsin(np.clip([moved / _RELIEF for moved, _ in depths], -1, 1))),
        narrowing=np.array([narrowing for _, narrowing in depths]),
        open_share=_open_share(at, np.array([sight.eyes for sight in sights])),
        lids=_lids(at, np.array([sight.lids for sight in sights])),
        mouth=np.array([sight.mouth for sight in sights]),
        height=np.array([sight.height for sight in sights]),
    )


def straight_looks(sights: Sequence[Sight]) -> list[int]:
    """Which sights show the face as it mostly looks, if that is nearly straight ahead."""
    yaws = np.array([sight.yaw for sight in sights])
    away = np.abs(yaws - np.clip(np.median(yaws), -_ASIDE_DEGREES, _ASIDE_DEGREES))
    return [int(index) for index in np.flatnonzero(away <= max(_STRAIGHT_DEGREES, away.min()))]


def _straight(sights: Sequence[Sight]) -> Points:
    """The mean of the straight looks, each brought to one place and size."""
    looks = [_normal(sights[index].points) for index in straight_looks(sights)]
    return np.asarray(np.mean(looks, axis=0))


def _normal(points: Points) -> Points:
    """Upright, the outer corners of the eyes at -0.5 and 0.5."""
    right, left = points[list(head.OUTER_EYES)]
    across, down = (left - right) / max(float(np.linalg.norm(left - right)) ** 2, 1e-6)
    return np.asarray((points - (right + left) / 2) @ np.array([[across, -down], [down, across]]))


def _depth(straight: Points, points: Points) -> tuple[float, float]:
    """How far the nose moved against the plane of eyes and mouth, and how narrow that became."""
    plane = np.column_stack([straight[list(_PLANE)], np.ones(len(_PLANE))])
    normal = _normal(points)
    fitted, *_ = np.linalg.lstsq(plane, normal[list(_PLANE)], rcond=None)
    turning = fitted[:2].T
    if abs(np.linalg.det(turning)) < 1e-3:
        return 0.0, 1.0
    nose = normal[list(head.NOSE_TIP)] - fitted[2]
    moved = np.linalg.solve(turning, nose.T).T - straight[list(head.NOSE_TIP)]
    width, height = np.linalg.norm(turning, axis=0)
    return float(moved[:, 0].mean()), float(width / max(height, 1e-6))


def _open_share(at: Series, eyes: Series) -> Series:
    levels = [np.percentile(eyes[np.abs(at - now) <= _AROUND_SECONDS], 75) for now in at]
    return np.asarray(eyes / np.maximum(levels, 1e-6))


def _lids(at: Series, lids: NDArray[np.float32]) -> Series:
    usual = [np.median(lids[np.abs(at - now) <= _AROUND_SECONDS], axis=0) for now in at]
    return np.array([likeness(now, often) for now, often in zip(lids, usual, strict=True)])


def likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The correlation of two patches."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def smooth(values: Series) -> Series:
    """The median of three: one wrong look does not count."""
    if len(values) < 3:
        return values
    edged = np.concatenate([values[:1], values, values[-1:]])
    return np.asarray(np.median([edged[:-2], edged[1:-1], edged[2:]], axis=0))
