"""Judge a clip: did a living person do what was asked, in one take, with the face of the selfie?

A clip that is not clearly live refuses nobody: it is asked for again, then a person looks.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from kyc import faces, images
from kyc.faces import DIFFERENT_FMR, SAME_FMR, FaceEngine, Template
from kyc.images import Pixels
from kyc.liveness import acts, continuity, landmarks, motion, passive
from kyc.liveness.acts import Answer, Answers
from kyc.liveness.challenge import TURNS, Act
from kyc.liveness.clips import Film
from kyc.liveness.continuity import Continuity
from kyc.liveness.landmarks import Sight, Watch
from kyc.liveness.motion import Motion
from kyc.quality import Face, Shot

NAME = "dlib-68-points"
SHORTEST_SECONDS = 2.0
FACE_HEIGHT = 40
"""Smaller faces in a frame of 640 pixels show no blink."""
GAP_SECONDS = 0.8
"""A head that turns far may be lost for a moment."""
CROWDED_LOOKS = 2
"""One second face may be a pattern on the wall."""
SHIFT, GROWTH, CHANGE = 0.8, 0.25, 0.6
"""More from one look to the next is no movement: measured on acting and on filmed people up to
0.38, 0.14 and 0.44."""
PULSE, PULSE_SIZE = 3.0, 0.2
"""A cut: measured without one up to 1.4, with one 5 to 30."""
FLAT_NARROWING, FLAT_DEGREES = 0.8, 12.0
"""A head that looks so narrow has turned by 30 degrees; paper shows next to none of them."""
FLAT_LOOKS = 2
FRAMES_COMPARED = 5
WITHIN_FMR = 1e-5


class Verdict(StrEnum):
    LIVE = "live"
    NOT_LIVE = "not_live"
    UNSURE = "unsure"
    """Live, but the face is not clearly that of the pictures."""


@dataclass(frozen=True)
class Likeness:
    """Distances of the engine's faces: None where there was nothing to compare."""

    engine: str
    frames: int
    within: float | None
    """The largest between two frames of the clip."""
    within_limit: float
    """One camera, one light, one minute: one stranger in 100,000 lies within it."""
    selfie: float | None
    """The median over the frames."""
    document: float | None
    same: float
    """Called the same up to here (false-match rate 1 in 1,000)."""
    different: float
    """Called different beyond (1 in 100)."""


@dataclass(frozen=True)
class LivenessReport:
    verdict: Verdict
    reasons: tuple[str, ...]
    """Codes of what was not as it should be, in the order of the checks."""
    answers: Answers
    continuity: Continuity | None
    """None without a face."""
    likeness: Likeness
    flatness: float
    """How narrow the face became without turning: 1 for not at all."""
    passive: float | None
    """A network's opinion, 0 to 1: for a person to see, never decisive."""
    frames: int
    missed: int
    crowded: int
    seconds: float
    cpu_ms_per_frame: float
    """For finding and following the face; comparing faces comes on top."""

    @property
    def is_live(self) -> bool:
        return self.verdict is Verdict.LIVE

    def to_json(self) -> dict[str, Any]:
        """Numbers and codes only: nothing by which a person is known."""
        return {
            "verdict": str(self.verdict),
            "acts": [_told(answer) for answer in self.answers.acts],
            "unexpected": [
                {"act": str(event.act), "at": round(event.at, 2)}
                for event in self.answers.unexpected
            ],
            "blinks": [round(closure.at, 2) for closure in self.answers.blinks],
            "continuity": asdict(self.continuity) if self.continuity else None,
            "faces": {
                **asdict(self.likeness),
                "frames_without_face": self.missed,
                "looks_with_several_faces": self.crowded,
            },
            "flatness": self.flatness,
            "passive": self.passive,
            "reasons": list(self.reasons),
            "frames": self.frames,
            "seconds": self.seconds,
            "cpu_ms_per_frame": self.cpu_ms_per_frame,
            "engine": NAME,
        }


def _told(answer: Answer) -> dict[str, Any]:
    event = answer.event
    return {
        "asked": str(answer.act),
        "found": event is not None,
        "at": None if event is None else round(event.at, 2),
        "measured": {} if event is None else event.measured,
    }


def judge_sent(clip: bytes, asked: Sequence[Act], selfie: bytes, document: bytes) -> LivenessReport:
    """`judge` beside pictures as they are stored: what a worker does."""
    pictures = images.decode(selfie), images.decode(document)
    return judge(clip, asked, selfie=pictures[0], document=pictures[1])


def judge(
    clip: bytes,
    asked: Sequence[Act],
    *,
    selfie: Pixels | None = None,
    document: Pixels | None = None,
) -> LivenessReport:
    """Raises a DomainError for a clip that cannot be read."""
    shots = {Shot.SELFIE: selfie, Shot.DOCUMENT: document}
    pictures = {shot: pixels for shot, pixels in shots.items() if pixels is not None}
    landmarks.load()
    film, watch = Film(clip), Watch()
    start = time.process_time()
    for frame in film.looks():
        watch.see(frame)
    spent = time.process_time() - start
    seconds = film.thumbnails[-1][0]
    engine = faces.default_engine()
    chosen = _chosen(watch.sights)
    shown = _shown(film, chosen)
    likeness = _likeness(engine, shown, pictures)
    moved = motion.measure(watch.sights) if watch.sights else motion.NONE
    answers = acts.match(asked, moved)
    jumps = continuity.measure(watch.sights, film.thumbnails) if watch.sights else None
    reasons = (
        *_presence(watch, seconds),
        *_flat(moved),
        *_unanswered(asked, answers, moved),
        *(_jumps(jumps) if jumps else ()),
        *_strangers(engine, likeness, pictures),
    )
    return LivenessReport(
        verdict=_verdict(reasons), reasons=reasons, answers=answers, continuity=jumps,
        likeness=likeness, flatness=_flatness(moved), passive=passive.score(shown),
        frames=watch.frames, missed=len(watch.missed), crowded=len(watch.crowded),
        seconds=round(seconds, 2),
        cpu_ms_per_frame=round(1000 * spent / max(watch.frames, 1), 1),
    )  # fmt: skip


def _presence(watch: Watch, seconds: float) -> list[str]:
    if not watch.sights:
        return ["no_face"]
    times = [0.0, *(sight.at for sight in watch.sights), seconds]
    found = []
    if seconds < SHORTEST_SECONDS:
        found.append("too_short")
    if max(np.diff(times)) > GAP_SECONDS:
        found.append("face_lost")
    if len(watch.crowded) >= CROWDED_LOOKS:
        found.append("several_faces")
    if np.median([sight.height for sight in watch.sights]) < FACE_HEIGHT:
        found.append("face_too_small")
    return found


def _flat(moved: Motion) -> list[str]:
    return ["flat_picture"] if _flatness(moved) < FLAT_NARROWING else []


def _flatness(moved: Motion) -> float:
    """The narrowing that several looks without a turn in depth reach."""
    seen = np.abs(moved.turn) < FLAT_DEGREES
    for event in acts.find(moved)[0]:
        if event.act in TURNS:
            # In the middle of a far turn the points may be anywhere.
            seen &= (moved.at < event.at) | (moved.at > event.until)
    unturned = np.sort(moved.narrowing[seen])
    return round(float(unturned[FLAT_LOOKS - 1]), 3) if len(unturned) >= FLAT_LOOKS else 1.0


def _unanswered(asked: Sequence[Act], answers: Answers, moved: Motion) -> list[str]:
    codes = [f"{answer.act}_not_found" for answer in answers.acts if answer.event is None]
    done = {event.act for event in acts.find(moved)[0]}
    missing = {answer.act for answer in answers.acts if answer.event is None}
    if answers.unexpected or done & missing:
        codes.append("acts_out_of_order")
    return codes


def _jumps(jumps: Continuity) -> list[str]:
    found = []
    if jumps.pulse > PULSE and jumps.pulse_size > PULSE_SIZE:
        found.append("cut")
    if jumps.shift > SHIFT or jumps.growth > GROWTH or jumps.change > CHANGE:
        found.append("face_jumps")
    return found


def _strangers(engine: FaceEngine, likeness: Likeness, pictures: dict[Shot, Pixels]) -> list[str]:
    found = []
    if likeness.within is not None and likeness.within > likeness.within_limit:
        found.append("face_changes")
    for shot in pictures:
        distance = likeness.selfie if shot is Shot.SELFIE else likeness.document
        if distance is None:
            found.append(f"{shot}_not_compared")
        elif distance > likeness.different:
            found.append(f"{shot}_different_face")
        elif distance > likeness.same:
            found.append(f"{shot}_unsure")
    return found


def _verdict(reasons: Sequence[str]) -> Verdict:
    if not reasons:
        return Verdict.LIVE
    open_questions = tuple(f"{shot}_{end}" for shot in Shot for end in ("unsure", "not_compared"))
    return Verdict.UNSURE if set(reasons) <= set(open_questions) else Verdict.NOT_LIVE


def _chosen(sights: Sequence[Sight]) -> list[Sight]:
    """Straight looks spread over the whole clip."""
    if not sights:
        return []
    straight = [sights[index] for index in motion.straight_looks(sights)]
    times = np.linspace(sights[0].at, sights[-1].at, FRAMES_COMPARED)
    nearest = {min(straight, key=lambda sight: abs(sight.at - at)).index for at in times}
    return [sight for sight in straight if sight.index in nearest]


def _shown(film: Film, chosen: Sequence[Sight]) -> list[tuple[Pixels, Face]]:
    stills = film.stills({sight.index for sight in chosen})
    return [(still, sight.box) for still, sight in zip(stills, chosen, strict=True)]


def _likeness(
    engine: FaceEngine, shown: Sequence[tuple[Pixels, Face]], pictures: dict[Shot, Pixels]
) -> Likeness:
    templates = [engine.embed(pixels, face) for pixels, face in shown]
    apart = [engine.distance(a, b) for index, a in enumerate(templates) for b in templates[:index]]
    beside = {shot: _beside(engine, templates, pixels, shot) for shot, pixels in pictures.items()}
    return Likeness(
        engine=engine.name,
        frames=len(templates),
        within=round(max(apart), 4) if apart else None,
        within_limit=engine.threshold(WITHIN_FMR),
        selfie=beside.get(Shot.SELFIE),
        document=beside.get(Shot.DOCUMENT),
        same=engine.threshold(SAME_FMR),
        different=engine.threshold(DIFFERENT_FMR),
    )


def _beside(
    engine: FaceEngine, templates: Sequence[Template], pixels: Pixels, shot: Shot
) -> float | None:
    examined = faces.examine(engine, pixels, shot)
    if not examined.faces or not templates:
        return None
    template = engine.embed(examined.pixels, examined.faces[0])
    distances = [engine.distance(template, other) for other in templates]
    return round(float(np.median(distances)), 4)
