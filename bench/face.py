"""Our comparison of two faces, quality checks included, against bare face_recognition."""

import os
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import face_recognition
from PIL import Image

from bench.report import Goal, Line
from kyc import pictures

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "faces"
PHOTOGRAPHS = Path(os.environ.get("KOPA_BENCH_FACES", _SHARED))
"""A folder of photographs named img<n>.jpg, one clear face in each."""
GOAL = Goal("at most", 1.1)
_SMALL_SIDE = 800
_PAIRS = 8


def lines(*, tiny: bool = False) -> list[Line]:
    """Small pictures (nothing to gain by reducing them) and large ones."""
    if not PHOTOGRAPHS.is_dir():
        raise FileNotFoundError(f"no photographs in {PHOTOGRAPHS}: set KOPA_BENCH_FACES")
    files = [path for path in sorted(PHOTOGRAPHS.glob("img*.jpg")) if len(path.stem) <= 5]
    small = [path for path in files if _side(path) <= _SMALL_SIDE]
    large = [path for path in files if _SMALL_SIDE < _side(path) <= 2 * _SMALL_SIDE]
    if tiny:
        return [_line("small", small[:2])]
    return [_line("small", small), _line("large", large)]


def _line(size: str, files: Sequence[Path]) -> Line:
    pairs = list(pairwise(files))[:_PAIRS]
    _ours(*pairs[0])
    _bare(*pairs[0])
    # Turn by turn, so that a busy machine disturbs both alike.
    turns = [(_seconds(_ours, *pair), _seconds(_bare, *pair)) for pair in pairs]
    ratios = [ours / bare for ours, bare in turns]
    return Line(
        f"face: two {size} pictures compared",
        "processor s",
        sum(ours for ours, _ in turns) / len(turns),
        sum(bare for _, bare in turns) / len(turns),
        "face_recognition",
        GOAL,
        (min(ratios), max(ratios)),
    )


def _seconds(work: Callable[[Path, Path], object], a: Path, b: Path) -> float:
    start = time.process_time()
    work(a, b)
    return time.process_time() - start


def _ours(a: Path, b: Path) -> object:
    return pictures.compare_here(a.read_bytes(), b.read_bytes())


def _bare(a: Path, b: Path) -> object:
    encodings = []
    for path in (a, b):
        pixels = face_recognition.load_image_file(path)
        encodings.append(face_recognition.face_encodings(pixels))
    (first, *_), (second, *_) = encodings
    return face_recognition.face_distance([first], second)


def _side(path: Path) -> int:
    with Image.open(path) as image:
        return max(image.size)
