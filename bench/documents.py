"""Zones of real specimens and of drawn shots, accepted and wrong, beside PassportEye and tesseract.

Whether a specimen was read right, nobody wrote down; of a drawn shot it is known.
"""

import os
import resource
import subprocess
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from bench import document_shots, document_variants
from bench.document_shots import BAD, CONDITIONS, Condition
from bench.report import Goal, Line
from kyc import images
from kyc.documents import recognizers, voices, zones
from kyc.images import Pixels

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "documents"
SPECIMENS = Path(os.environ.get("KOPA_BENCH_DOCUMENTS", _SHARED))
"""A folder of pictures of documents with machine-readable zones."""
ON = date(2026, 11, 22)
_ACCEPTED_SHARE = 27 / 34
_DRAWN_SHARE = 53 / 60
_SECONDS = 0.5
_DRAWN = 20
_TINY = 2
_VARIED_EVERY = 3
"""Ten variants of every third picture take as long as all that comes before."""
_PICTURE = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Measured:
    accepted: int
    seconds: float
    """Processor time of the middle picture, programs that were called included."""
    megabytes: float


def lines(*, tiny: bool = False) -> list[Line]:
    if not SPECIMENS.is_dir():
        raise FileNotFoundError(f"no specimens in {SPECIMENS}: set KOPA_BENCH_DOCUMENTS")
    conditions, count = (CONDITIONS[:1], 1) if tiny else (CONDITIONS, _DRAWN)
    drawn = [_drawn_line(condition, count) for condition in conditions]
    files = [path for path in sorted(SPECIMENS.iterdir()) if path.suffix in _PICTURE]
    files = files[: _TINY if tiny else None]
    # Each reader in a process of its own, so that its peak of memory is its own.
    ours = _apart(_ours, files)
    assert ours is not None
    least, most = Goal("at least", int(_ACCEPTED_SHARE * len(files))), Goal("at most", _SECONDS)
    found = [
        Line(f"documents: zones accepted of {len(files)}", "pictures", ours.accepted,
             goal=None if tiny else least),
        Line("documents: an easy page", "processor s", ours.seconds, goal=None if tiny else most),
    ]  # fmt: skip
    for against, reader in (("PassportEye", _passporteye), ("tesseract eng", _plain)):
        found += _beside(against, ours, _apart(reader, files))
    return [*found, *drawn, *_varied_lines(files[:: 1 if tiny else _VARIED_EVERY], tiny=tiny)]


def _beside(against: str, ours: Measured, other: Measured | None) -> list[Line]:
    missing = "" if other else f" ({against} is not installed)"
    return [
        Line(
            f"documents: {what}{missing}", unit, getattr(ours, name),
            getattr(other, name) if other else None, against,
        )
        for what, unit, name in (
            ("zones accepted", "pictures", "accepted"),
            ("time", "processor s", "seconds"),
            ("peak memory", "MB", "megabytes"),
        )
    ]  # fmt: skip


def _varied_lines(files: Sequence[Path], *, tiny: bool) -> list[Line]:
    """What becomes of pictures whose zone is read: another reading is a wrong one."""
    accepted, wrong = Counter[str](), Counter[str]()
    read = 0
    for path in files:
        pixels = images.decode(path.read_bytes())
        if (truth := read_zone(pixels)) is None:
            continue
        read += 1
        varied = document_variants.of(pixels, zlib.crc32(path.name.encode()))
        for name, variant in islice(varied, 1 if tiny else None):
            zone = read_zone(variant)
            accepted[name] += zone is not None
            wrong[name] += zone not in (None, truth)
    return [
        Line(
            f"documents: {name}: accepted of {read}, {wrong[name]} otherwise than untouched",
            "pictures", accepted[name],
        )
        for name in list(document_variants.VARIANTS)[: 1 if tiny else None]
    ]  # fmt: skip


def _drawn_line(condition: Condition, count: int) -> Line:
    """Accepted and right; a wrong one counts as ten that were not accepted."""
    accepted = wrong = 0
    for shot in document_shots.shots(condition, count):
        if (zone := read_zone(shot.pixels)) is not None:
            accepted += 1
            wrong += zone != shot.zone
    goal = Goal("at least", int(_DRAWN_SHARE * count)) if condition is not BAD else None
    what = f"documents: drawn, {condition.name}: accepted of {count}, {wrong} of them wrong"
    return Line(what, "pictures", accepted - 10 * wrong, goal=goal)


def read_zone(pixels: Pixels) -> tuple[str, ...] | None:
    """From strips, and from the whole page where they are not enough."""
    zone = zones.read(pixels, on=ON)
    if not zone.is_accepted:
        page = zones.upright(pixels, zone)
        zone = zones.read_again(zone, page, recognizers.page_lines(page), on=ON)
    return zone.mrz.lines if zone.is_accepted and zone.mrz is not None else None


def _apart(reader: Callable[[Path], bool], files: Sequence[Path]) -> Measured | None:
    """None where the reader is not installed."""
    apart = ProcessPoolExecutor(1, mp_context=get_context("forkserver"))
    with apart as pool, suppress(ModuleNotFoundError, FileNotFoundError):
        return pool.submit(_measure, reader, files).result()
    return None


def _measure(reader: Callable[[Path], bool], files: Sequence[Path]) -> Measured:
    reader(files[0])
    accepted, times = 0, []
    for path in files:
        start = _processor_seconds()
        accepted += reader(path)
        times.append(_processor_seconds() - start)
    peak = max(resource.getrusage(who).ru_maxrss for who in _WHO) / 1024
    return Measured(accepted, sorted(times)[len(times) // 2], peak)


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _processor_seconds() -> float:
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, _WHO))


def _ours(path: Path) -> bool:
    return read_zone(images.decode(path.read_bytes())) is not None


def _passporteye(path: Path) -> bool:
    import passporteye

    found = passporteye.read_mrz(str(path))
    return found is not None and found.valid_score == 100


def _plain(path: Path) -> bool:
    """The whole page with tesseract's English, and our parser."""
    command = ["tesseract", str(path), "stdout", "-l", "eng", "--psm", "6"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = voices.best(done.stdout.splitlines(), on=ON)
    return found is not None and found.is_accepted
