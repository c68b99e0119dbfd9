"""Who is recognized, on labelled photographs and on portraits as documents show them, against bare
face_recognition; and what a face costs. `python -m bench.faces_accuracy FILE.png` draws it."""

import csv
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

import face_recognition
import numpy as np

from bench import degraded
from bench.degraded import GOOD, MIDDLING, Condition
from bench.face import PHOTOGRAPHS
from bench.report import Goal, Line
from kyc import faces, images
from kyc.faces import FaceEngine, Picture, detectors
from kyc.faces.engine import rarity
from kyc.images import Pixels
from kyc.quality import Shot

T = TypeVar("T")
Pair: TypeAlias = tuple[str, str, bool]
Rarity: TypeAlias = Callable[[str, str], float | None]
"""How rare the likeness of two pictures is among strangers; None when a face was not found."""

RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
_FMR = 1e-3
_PHOTOGRAPHS = "photographs"
_WORK = {
    "Kopa": "from kyc import pictures; pictures.compare_here(a, b)",
    "face_recognition": (
        "import face_recognition as f, io\n"
        "for c in (a, b): f.face_encodings(f.load_image_file(io.BytesIO(c)))"
    ),
}
"""What is done in a fresh process to see how much memory it takes."""


@dataclass(frozen=True)
class Errors:
    """What went wrong in one condition, as shares of the true pairs and of the strangers."""

    rejected: Mapping[float, float]
    """True pairs that are not the same, by false-match rate; undetected faces among them."""
    accepted: float
    undetected: float


def lines(*, tiny: bool = False) -> list[Line]:
    pairs = _labelled()
    pairs = pairs[:4] + pairs[-2:] if tiny else pairs
    engine = faces.default_engine()
    found = []
    for name, shown in _shown(pairs, (GOOD,) if tiny else (GOOD, MIDDLING)).items():
        ours = _errors(_ours(engine, shown), pairs)
        bare = _errors(_bare(shown), pairs)
        found += [
            _line(f"true pairs not recognized, {name}", ours.rejected[_FMR], bare.rejected[_FMR]),
            _line(f"strangers recognized, {name}", ours.accepted, bare.accepted),
            _line(f"faces not found, {name}", ours.undetected, bare.undetected),
        ]
    return [*found, _cost(pairs, engine), _memory(pairs)]


def _line(what: str, ours: float, theirs: float) -> Line:
    limit = {"180 px": 20.0, "320 px": 3.4}.get(what.split(", ")[1])
    goal = Goal("at most", limit) if limit and what.startswith("true") else None
    beside = f"{what} (face_recognition {100 * theirs:.1f})"
    return Line(f"face: {beside}", "% at FMR 1e-3", 100 * ours, goal=goal)


def _labelled() -> list[Pair]:
    if not PHOTOGRAPHS.is_dir():
        raise FileNotFoundError(f"no photographs in {PHOTOGRAPHS}: set KOPA_BENCH_FACES")
    with (PHOTOGRAPHS / "master.csv").open() as file:
        return [(r["file_x"], r["file_y"], r["Decision"] == "Yes") for r in csv.DictReader(file)]


def _shown(
    pairs: Sequence[Pair], conditions: Iterable[Condition]
) -> dict[str, dict[tuple[Shot, str], Pixels]]:
    """By condition: the document and the selfie of each photograph. Selfies stay as they are."""
    names = sorted({name for pair in pairs for name in pair[:2]})
    clean = {name: images.decode((PHOTOGRAPHS / name).read_bytes()) for name in names}
    selfies = {(Shot.SELFIE, name): pixels for name, pixels in clean.items()}
    shown = {_PHOTOGRAPHS: {**selfies, **{(Shot.DOCUMENT, n): p for n, p in clean.items()}}}
    for condition in conditions:
        shown[condition.name] = selfies | {
            (Shot.DOCUMENT, name): _printed(pixels, condition, seed)
            for seed, (name, pixels) in enumerate(clean.items())
        }
    return shown


def _printed(pixels: Pixels, condition: Condition, seed: int) -> Pixels:
    small = images.shrunk(pixels, 1200)
    portrait = degraded.portrait(small, detectors.detect(small)[0])
    return degraded.photographed(portrait, condition, seed)


def _ours(engine: FaceEngine, shown: Mapping[tuple[Shot, str], Pixels]) -> Rarity:
    pictures = _each_once(shown, lambda pixels: Picture(engine, pixels))

    def measure(document: str, selfie: str) -> float | None:
        comparison = faces.compare_pictures(
            pictures[Shot.DOCUMENT, document], pictures[Shot.SELFIE, selfie]
        )
        if comparison.distance is None:
            return None
        return engine.curve.rarity(comparison.distance)

    return measure


def _bare(shown: Mapping[tuple[Shot, str], Pixels]) -> Rarity:
    """As people use it, with the threshold of the same rate: the first face of each picture."""
    encodings = _each_once(shown, _encoded)
    curve = faces.engine("face_recognition").curve

    def measure(document: str, selfie: str) -> float | None:
        a, b = encodings[Shot.DOCUMENT, document], encodings[Shot.SELFIE, selfie]
        return None if a is None or b is None else curve.rarity(float(np.linalg.norm(a - b)))

    return measure


def _each_once(
    shown: Mapping[tuple[Shot, str], Pixels], work: Callable[[Pixels], T]
) -> dict[tuple[Shot, str], T]:
    """A photograph that stands on both sides is looked at once."""
    done: dict[int, T] = {}
    for pixels in shown.values():
        if id(pixels) not in done:
            done[id(pixels)] = work(pixels)
    return {place: done[id(pixels)] for place, pixels in shown.items()}


def _encoded(pixels: Pixels) -> Pixels | None:
    found = face_recognition.face_encodings(np.ascontiguousarray(images.shrunk(pixels, 800)))
    return found[0] if found else None


def _errors(measure: Rarity, pairs: Sequence[Pair]) -> Errors:
    seen = [(measure(*order), same) for x, y, same in pairs for order in ((x, y), (y, x))]
    true = [seldom for seldom, same in seen if same]
    strangers = [seldom for seldom, same in seen if not same]
    return Errors(
        {rate: _share(s is None or s < rarity(rate) for s in true) for rate in RATES},
        _share(s is not None and s >= rarity(_FMR) for s in strangers),
        _share(s is None for s, _ in seen),
    )


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return sum(found) / len(found) if found else 0.0


def _cost(pairs: Sequence[Pair], engine: FaceEngine) -> Line:
    """Finding and describing one face in a picture of 250 pixels, as in the usual test sets."""
    names = sorted({name for pair in pairs for name in pair[:2]})[:12]
    small = [images.shrunk(images.decode((PHOTOGRAPHS / n).read_bytes()), 250) for n in names]
    small = [np.ascontiguousarray(pixels) for pixels in small]
    ratio_goal = Goal("at most", 0.25) if "fr_feature" in faces.here() else None

    def ours(pixels: Pixels) -> object:
        return engine.embed(pixels, engine.detect(pixels)[0])

    return Line(
        "face: finding and describing one face",
        "processor ms",
        _milliseconds(ours, small),
        _milliseconds(face_recognition.face_encodings, small),
        "face_recognition",
        ratio_goal,
    )


def _milliseconds(work: Callable[[Pixels], object], pictures: Sequence[Pixels]) -> float:
    work(pictures[0])
    start = time.process_time()
    for pixels in pictures:
        work(pixels)
    return 1000 * (time.process_time() - start) / len(pictures)


def _memory(pairs: Sequence[Pair]) -> Line:
    files = [str(PHOTOGRAPHS / name) for name in pairs[0][:2]]
    ours, theirs = (_peak(work, files) for work in _WORK.values())
    return Line("face: memory for one comparison", "MB", ours, theirs, "face_recognition")


def _peak(work: str, files: Sequence[str]) -> float:
    """Of a fresh process, in megabytes."""
    program = (
        "import sys; a, b = (open(n, 'rb').read() for n in sys.argv[1:])\n"
        f"{work}\nprint(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    command = [sys.executable, "-W", "ignore", "-c", program, *files]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


def draw(target: Path) -> None:
    """Which share of true pairs is lost at which false-match rate."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    pairs = _labelled()
    shown = _shown(pairs, degraded.CONDITIONS)
    figure, axes = pyplot.subplots(1, len(shown) - 1, figsize=(14, 3.8), sharey=True)
    conditions = [name for name in shown if name != _PHOTOGRAPHS]
    for axis, name in zip(axes, conditions, strict=True):
        ways = {f"Kopa, {short}": _ours(faces.engine(short), shown[name]) for short in faces.here()}
        for label, measure in {**ways, "bare face_recognition": _bare(shown[name])}.items():
            rejected = _errors(measure, pairs).rejected
            axis.plot(RATES, [100 * rejected[rate] for rate in RATES], "o-", label=label)
        axis.set(xscale="log", title=f"portrait of {name}", xlabel="false-match rate")
        axis.invert_xaxis()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("true pairs not recognized, %")
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(target, dpi=80)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
