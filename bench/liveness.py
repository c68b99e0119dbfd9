"""Video notes: what following a face costs, who passes and who is refused, kind by kind.

The films are rendered from photographs: acting people, and impostors. They show that the rules
hold; they are no test of presentation attacks by any standard.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from bench import impostors
from bench.report import Goal, Line
from kyc import faces, images, workers
from kyc.images import Pixels
from kyc.liveness import challenge, judging
from kyc.liveness.challenge import ACTS_ASKED, Act
from sandbox.specimens import films

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "faces"
PHOTOGRAPHS = Path(os.environ.get("KOPA_BENCH_FACES", _SHARED))
"""A folder of photographs named img<n>.jpg, one clear face in each."""
FRAME_GOAL = Goal("at most", 20)
FILM_GOAL = Goal("under", 3)
_FILM_SECONDS = 8
PASS_GOAL, REFUSE_GOAL = Goal("at least", 0.9), Goal("at least", 1)
_PEOPLE, _VICTIMS = 16, 4


def lines(*, tiny: bool = False) -> list[Line]:
    people = _people(_PEOPLE)
    genuine = [
        judging.judge(films.record(person, _asked(n), n), _asked(n))
        for n, person in enumerate(people[: 1 if tiny else None])
    ]
    passed = sum(report.is_live for report in genuine) / len(genuine)
    frame = sum(report.cpu_ms_per_frame for report in genuine) / len(genuine)
    return [
        Line("liveness: a frame is decoded and its face followed", "CPU ms", frame,
             goal=FRAME_GOAL),
        Line(f"liveness: a film of {_FILM_SECONDS} s with both pictures, in a fresh worker",
             "CPU s", asyncio.run(_fresh(people[0])), goal=FILM_GOAL),
        Line(f"liveness: {len(genuine)} acting people pass", "share", passed, goal=PASS_GOAL),
        *_refusals(people, 1 if tiny else _VICTIMS),
    ]  # fmt: skip


async def _fresh(person: Pixels) -> float:
    """From the worker's start, models and all."""
    asked, picture = _asked(0), images.encode(person)
    poses = films.perform(asked)
    poses += poses[-1:] * (_FILM_SECONDS * films.FRAMES_PER_SECOND - len(poses))
    actor = films.Actor(person)
    clip = films.film(actor.show(pose) for pose in poses)
    workers.close()
    await workers.run(judging.judge_sent, clip, asked, picture, picture)
    spent = await workers.run(time.process_time)
    workers.close()
    return spent


def _refusals(people: Sequence[Pixels], victims: int) -> Iterator[Line]:
    others = [_stranger(person, people) for person in people[:victims]]
    pairs = list(zip(people, others, strict=False))
    for name, make in impostors.OF_ONE.items():
        yield _refused(name, [make(one, _asked(n), n) for n, (one, _) in enumerate(pairs)])
    for name, swap in impostors.OF_TWO.items():
        yield _refused(name, [swap(*pair, _asked(n), n) for n, pair in enumerate(pairs)])


def _stranger(person: Pixels, people: Sequence[Pixels]) -> Pixels:
    """Several photographs may show one person."""
    engine = faces.default_engine()
    different = faces.Verdict.DIFFERENT
    return next(
        other for other in people if faces.compare(engine, person, other).verdict is different
    )


def _refused(name: str, clips: Sequence[bytes]) -> Line:
    refused = sum(not judging.judge(clip, _asked(n)).is_live for n, clip in enumerate(clips))
    what = f"liveness: {len(clips)} times {name}, refused"
    return Line(what, "share", refused / len(clips), goal=REFUSE_GOAL)


def _asked(n: int) -> tuple[Act, ...]:
    """What the n-th person is asked: the same in every run."""
    acts = tuple(Random(n).sample(list(Act), ACTS_ASKED))
    return acts if set(acts) & challenge.TURNS else (Act.TURN_LEFT, *acts[1:])


def _people(count: int) -> list[Pixels]:
    if not PHOTOGRAPHS.is_dir():
        raise FileNotFoundError(f"no photographs in {PHOTOGRAPHS}: set KOPA_BENCH_FACES")
    named = [path for path in PHOTOGRAPHS.glob("img*.jpg") if len(path.stem) <= len("img99")]
    ordered = sorted(named, key=lambda path: (len(path.stem), path.stem))
    # Neighbors often show the same person.
    spread = ordered[:: max(1, len(ordered) // count)][:count]
    return [images.decode(path.read_bytes()) for path in spread]
