"""Find the acts in what a face did, and hold them against the order that was asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kyc.liveness.challenge import Act
from kyc.liveness.motion import Motion, smooth

TURN_DEGREES = 18.0
"""A photograph swung by 50 degrees measures up to 12."""
TURNED_BACK_DEGREES = 10.0
TURN_LOOKS = 3
BLINK_SHARE = 0.72
"""Of the person's own open eyes, in the three seconds around."""
LIDS_SHARE, LIDS_LIKENESS = 0.88, 0.85
"""Of slit eyes the points say little: then the picture of the eyes has to change as well."""
BLINK_SECONDS = (0.06, 0.6)
BLINKS_APART_SECONDS = 3.0
MOUTH_FACTOR, MOUTH_MARGIN = 1.5, 0.15
"""Above one's own level: factor and margin, whichever asks for more."""
MOUTH_LOOKS = 3
CLOSER_FACTOR = 1.25
CLOSER_SECONDS = 4.0
CLOSER_LOOKS = 3

_EYES_VISIBLE_DEGREES = 20.0
"""Turned further, the far eye is hidden and the points of its lids are guesses."""
_FACING_DEGREES = 14.0


@dataclass(frozen=True)
class Event:
    """An act that was found, whoever asked for it."""

    act: Act
    at: float
    until: float
    measured: dict[str, float]


@dataclass(frozen=True)
class Closure:
    """Both eyes shut."""

    at: float
    seconds: float
    share: float
    """How far open they still were, of their own level."""

    @property
    def is_blink(self) -> bool:
        return BLINK_SECONDS[0] <= self.seconds <= BLINK_SECONDS[1]


@dataclass(frozen=True)
class Answer:
    """One act that was asked for."""

    act: Act
    event: Event | None


@dataclass(frozen=True)
class Answers:
    acts: tuple[Answer, ...]
    unexpected: tuple[Event, ...]
    """Before the last act that was asked for, and not asked for. Blinks are never unexpected."""
    closures: tuple[Closure, ...] = field(default=())

    @property
    def blinks(self) -> list[Closure]:
        return [closure for closure in self.closures if closure.is_blink]

    @property
    def is_complete(self) -> bool:
        return all(answer.event for answer in self.acts)


def find(motion: Motion) -> tuple[list[Event], list[Closure]]:
    """All acts but blinks, in the order in which they began, and every closing of the eyes."""
    events = [*_turns(motion), *_openings(motion), *_approaches(motion)]
    return sorted(events, key=lambda event: event.at), list(_closures(motion))


def match(asked: Sequence[Act], motion: Motion) -> Answers:
    """Each act must begin after the one before it was over; no other may stand between them."""
    events, closures = find(motion)
    answers: list[Answer] = []
    unexpected: list[Event] = []
    now = -1.0
    for index, act in enumerate(asked):
        if act is Act.BLINK_TWICE:
            before = _first(events, asked[index + 1 :], after=now)
            event = _two_blinks(closures, now, before)
        else:
            event = next((found for found in events if found.act is act and found.at > now), None)
        answers.append(Answer(act, event))
        if event is None:
            # What follows cannot be in order any more, but is told all the same.
            continue
        unexpected += [
            found for found in events if now < found.at < event.at and found.act is not act
        ]
        now = event.until
    return Answers(tuple(answers), tuple(unexpected), tuple(closures))


def _first(events: Sequence[Event], acts: Sequence[Act], *, after: float) -> float:
    """When the next act begins that is asked for later."""
    return min(
        (found.at for found in events if found.act in acts and found.at > after), default=1e9
    )


def _two_blinks(closures: Sequence[Closure], after: float, before: float) -> Event | None:
    blinks = [closure for closure in closures if closure.is_blink and after < closure.at < before]
    for first, second in pairwise(blinks):
        if second.at - first.at <= BLINKS_APART_SECONDS:
            measured = {
                "open_share": round(max(first.share, second.share), 3),
                "seconds_apart": round(second.at - first.at, 2),
            }
            return Event(Act.BLINK_TWICE, first.at, second.at + second.seconds, measured)
    return None


def _turns(motion: Motion) -> Iterator[Event]:
    for act, sign in ((Act.TURN_LEFT, 1), (Act.TURN_RIGHT, -1)):
        turn = motion.turn * sign
        for start, end in _runs(turn >= TURN_DEGREES, TURN_LOOKS):
            back = np.flatnonzero(turn[end:] < TURNED_BACK_DEGREES)
            if len(back):
                measured = {
                    "degrees": round(float(turn[start:end].max()), 1),
                    "looks": float(end - start),
                }
                until = float(motion.at[end + back[0]])
                yield Event(act, float(motion.at[start]), until, measured)


def _openings(motion: Motion) -> Iterator[Event]:
    level = float(np.percentile(motion.mouth, 30)) if len(motion.mouth) else 0.0
    wide = motion.mouth >= max(level * MOUTH_FACTOR, level + MOUTH_MARGIN)
    for start, end in _runs(wide, MOUTH_LOOKS):
        most = float(motion.mouth[start:end].max())
        measured = {"ratio": round(most, 3), "own_level": round(level, 3)}
        yield Event(Act.OPEN_MOUTH, float(motion.at[start]), float(motion.at[end - 1]), measured)


def _approaches(motion: Motion) -> Iterator[Event]:
    facing = np.abs(motion.turn) <= _FACING_DEGREES
    at, height = motion.at[facing], smooth(motion.height[facing])
    growth = np.ones(len(at))
    for index in range(len(at)):
        recent = (at[: index + 1] >= at[index] - CLOSER_SECONDS).nonzero()[0]
        growth[index] = height[index] / height[recent].min()
    for start, end in _runs(growth >= CLOSER_FACTOR, CLOSER_LOOKS):
        measured = {"growth": round(float(growth[start:end].max()), 2)}
        yield Event(
            Act.COME_CLOSER, float(at[start]), float(at[start + CLOSER_LOOKS - 1]), measured
        )


def _closures(motion: Motion) -> Iterator[Closure]:
    visible = np.abs(motion.turn) <= _EYES_VISIBLE_DEGREES
    at, share, lids = motion.at[visible], motion.open_share[visible], motion.lids[visible]
    step = float(np.median(np.diff(at))) if len(at) > 1 else 0.0
    shut = (share < BLINK_SHARE) | ((share < LIDS_SHARE) & (lids < LIDS_LIKENESS))
    for start, end in _runs(shut, 1):
        if start > 0 and end < len(at):
            seconds = float(at[end - 1] - at[start]) + step
            yield Closure(float(at[start]), seconds, float(share[start:end].min()))


def _runs(holds: NDArray[np.bool_], least: int) -> Iterator[tuple[int, int]]:
    """Stretches of at least so many in a row: first, and one past the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], holds, [False]]).astype(int)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= least:
            yield int(start), int(end)
