"""Is the clip one take of one face? Nothing may jump from one picture to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kyc.liveness.landmarks import Sight
from kyc.liveness.motion import likeness, smooth

_NEXT_SECONDS = 0.25
"""Sights further apart have looks between them in which no face was found."""
_STAYS = 5
"""Looks: longer than a blink."""
_UNTURNED_DEGREES = 6
_FRAMES_AROUND = 4
_STILL = 0.02
"""Noise of the film itself, in shares of its contrast."""


@dataclass(frozen=True)
class Continuity:
    """The largest jumps. All are 0 for a film that stands still."""

    shift: float
    """Of the face between two looks, in its heights."""
    growth: float
    """Of the face between two looks, if it stays: 0.2 for a fifth taller or smaller."""
    change: float
    """1 minus the likeness of the face before and after, if it stays: a blink passes."""
    pulse: float
    """Of the whole picture between two frames, against the frames around them."""
    pulse_size: float
    """The same in shares of the picture's contrast: a pulse of next to nothing is no cut."""
    gap_seconds: float
    """The longest time without the face."""


def measure(
    sights: Sequence[Sight], thumbnails: Sequence[tuple[float, NDArray[np.float32]]]
) -> Continuity:
    near = [(a, b) for a, b in pairwise(sights) if b.at - a.at <= _NEXT_SECONDS]
    heights = smooth(np.array([sight.height for sight in sights]))
    pulse, size = _pulse(thumbnails)
    return Continuity(
        shift=_most(float(np.linalg.norm(_moved(a, b))) / a.height for a, b in near),
        growth=_most(max(a / b, b / a) - 1 for a, b in pairwise(heights)),
        change=_change(sights),
        pulse=pulse,
        pulse_size=size,
        gap_seconds=_most(b.at - a.at for a, b in pairwise(sights)),
    )


def _change(sights: Sequence[Sight]) -> float:
    around = zip(sights, sights[1:], sights[2:], sights[_STAYS:], strict=False)
    return _most(
        1 - max(likeness(a.patch, b.patch), likeness(before.patch, after.patch))
        for before, a, b, after in around
        # A head that turns fast looks different in every look.
        if abs(a.yaw - b.yaw) <= _UNTURNED_DEGREES
    )


def _moved(a: Sight, b: Sight) -> NDArray[np.float64]:
    return np.asarray(b.points[17:].mean(axis=0) - a.points[17:].mean(axis=0))


def _most(values: Iterable[float]) -> float:
    return round(float(max(values, default=0.0)), 3)


def _pulse(thumbnails: Sequence[tuple[float, NDArray[np.float32]]]) -> tuple[float, float]:
    """The largest single change of the picture that its neighbors do not share."""
    changes = np.array([_changed(a, b) for (_, a), (_, b) in pairwise(thumbnails)])
    best = (0.0, 0.0)
    for index, change in enumerate(changes):
        around = np.delete(
            changes[max(0, index - _FRAMES_AROUND) : index + _FRAMES_AROUND + 1],
            min(index, _FRAMES_AROUND),
        )
        pulse = change / (_STILL + (float(around.max()) if len(around) else 0.0))
        best = max(best, (round(float(pulse), 2), round(float(change), 3)))
    return best


def _changed(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(np.abs(a - b).mean() / max(float(a.std()), float(b.std()), 4.0))
