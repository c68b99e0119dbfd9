"""Our comparison of two faces, quality checks included, against bare face_recognition.

`python -m bench.face [FOLDER]` prints processor seconds and their ratio (goal: at most 1.1).
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import face_recognition
from PIL import Image

from kyc import pictures

PHOTOGRAPHS = Path(__file__).resolve().parents[2] / "shared" / "data" / "faces"
GOAL = 1.1
_SMALL_SIDE = 800
_PAIRS = 8


def run(folder: Path = PHOTOGRAPHS) -> dict[str, Any]:
    """Seconds and ratios on small pictures (nothing to gain by reducing them) and on large ones."""
    files = [path for path in sorted(folder.glob("img*.jpg")) if len(path.stem) <= len("img00")]
    small = [path for path in files if _side(path) <= _SMALL_SIDE]
    large = [path for path in files if _SMALL_SIDE < _side(path) <= 2 * _SMALL_SIDE]
    results = {"small": _measure(small), "large": _measure(large)}
    return {**results, "goal": GOAL, "met": all(r["ratio"] <= GOAL for r in results.values())}


def _measure(files: Sequence[Path]) -> dict[str, float]:
    pairs = list(pairwise(files))[:_PAIRS]
    _ours(*pairs[0])
    _bare(*pairs[0])
    ours = bare = 0.0
    for pair in pairs:  # Turn by turn, so that a busy machine disturbs both alike.
        ours += _seconds(_ours, *pair)
        bare += _seconds(_bare, *pair)
    return {
        "pairs": len(pairs),
        "ours_seconds": round(ours / len(pairs), 3),
        "face_recognition_seconds": round(bare / len(pairs), 3),
        "ratio": round(ours / bare, 3),
    }


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


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PHOTOGRAPHS
    if not folder.is_dir():
        raise SystemExit(f"no photographs in {folder}: name a folder of img*.jpg files")
    print(json.dumps(run(folder), indent=2))
