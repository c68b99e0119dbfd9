"""The two recognizers of print: tesseract for machine-readable zones, RapidOCR for everything.

Tesseract is a program of the system that may be missing; RapidOCR's networks lie in its wheel and
nothing is ever downloaded. Both work with one thread: the worker processes are the parallelism.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2

from kyc import weights
from kyc.documents.strips import Gray
from kyc.images import Pixels
from kyc.weights import WeightsAltered, WeightsMissing

TESSERACT_MISSING = "tesseract_missing"
"""Note: no program, or not its letters of machine-readable zones; RapidOCR works alone."""
LONGEST_SIDE = 1280
"""A larger picture is reduced: a card across it still has 15 pixels a millimetre."""
_SHORTER_SIDE = 480
"""A smaller one is enlarged to look for rows. 736, as the library has it, finds no more of them and
takes a third longer."""
_SECONDS = 20
_NARROWER = 0.7
"""The letters of a zone stand far apart. Reading takes as long as a row is wide: this reads as many
rows in two thirds of the time, half the width reads few."""


@dataclass(frozen=True)
class TextLine:
    """A row of print and the box around it, in pixels."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def has_tesseract() -> bool:
    return _letters() is not None


def zone_lines(gray: Gray) -> list[str]:
    """What tesseract reads with the letters of machine-readable zones; nothing without it."""
    letters = _letters()
    if letters is None:
        return []
    _, picture = cv2.imencode(".pgm", gray)
    command = ["tesseract", "stdin", "stdout", "--tessdata-dir", str(letters.parent)]
    try:
        done = subprocess.run(  # noqa: S603 (a fixed command)
            [*command, "-l", letters.stem, "--psm", "6", "--dpi", "300"],
            input=picture.tobytes(),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={"PATH": os.environ.get("PATH", ""), "OMP_THREAD_LIMIT": "1"},
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.decode("utf-8", "replace").splitlines()


def page_lines(pixels: Pixels) -> list[TextLine]:
    """Every row of print that RapidOCR finds, from top to bottom."""
    found = _rapid()(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), use_det=True, use_rec=True)
    if found.txts is None:
        return []
    lines = [
        TextLine(text, float(score), *box.min(axis=0).tolist(), *box.max(axis=0).tolist())
        for text, score, box in zip(found.txts, found.scores, found.boxes, strict=True)
    ]
    return sorted(lines, key=lambda line: line.middle)


def row_text(gray: Gray) -> str:
    """One row of a machine-readable zone that is cut out already."""
    narrow = cv2.resize(gray, None, fx=_NARROWER, fy=1, interpolation=cv2.INTER_AREA)
    found = _rapid()(cv2.cvtColor(narrow, cv2.COLOR_GRAY2BGR), use_det=False, use_rec=True)
    return "" if found.txts is None else str(found.txts[0])


@cache
def _letters() -> Path | None:
    if shutil.which("tesseract") is None:
        return None
    try:
        return weights.path(weights.MRZ_LETTERS)
    except (WeightsMissing, WeightsAltered):
        return None


@cache
def _rapid() -> Any:
    # Not before it is needed: importing it takes as long as reading a page.
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.max_side_len": LONGEST_SIDE,
            "Det.limit_side_len": _SHORTER_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # By path, the library looks for no other place.
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
        }
    )
