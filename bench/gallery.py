"""One face against everybody's: the exact search in memory at 100,000 and at a million."""

import time
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from bench.report import Goal, Line
from kyc.faces import Template
from kyc.gallery import Gallery

_NUMBERS = 512
_LIKENESS = 0.55
"""Of two pictures of one person that are as little alike as a search may still find."""
_GOAL = Goal("at most", 60)
_SEARCHES = 200
_AT_ONCE = 10_000


def lines(*, tiny: bool = False) -> list[Line]:
    return [line for people in ((2_000,) if tiny else (100_000, 1_000_000)) for line in _of(people)]


def _of(people: int) -> list[Line]:
    chance = np.random.default_rng(people)
    gallery = Gallery()
    probes: list[tuple[UUID, Template]] = []
    for start in range(0, people, _AT_ONCE):
        count = min(_AT_ONCE, people - start)
        templates = chance.standard_normal((count, _NUMBERS), dtype=np.float32)
        ids = [UUID(int=start + n) for n in range(count)]
        gallery.add([(number, number) for number in ids], templates)
        probes.append((ids[0], _alike(templates[0], chance)))
    times, found = [], 0
    for n in range(_SEARCHES):
        number, probe = probes[n % len(probes)]
        before = time.process_time()
        nearest = gallery.nearest(probe, 32)
        times.append(1000 * (time.process_time() - before))
        found += nearest[0] == number
    slow = float(np.percentile(times, 95))
    return [
        Line(f"gallery: one search of {people:,}, slowest of 20", "processor ms", slow, goal=_GOAL),
        Line(
            f"gallery: found among {people:,}",
            "%",
            100 * found / _SEARCHES,
            goal=Goal("at least", 100),
        ),
    ]


def _alike(template: NDArray[np.float32], chance: np.random.Generator) -> Template:
    unit = template / np.linalg.norm(template)
    aside = chance.standard_normal(_NUMBERS)
    aside -= (aside @ unit) * unit
    aside /= np.linalg.norm(aside)
    return np.asarray(_LIKENESS * unit + np.sqrt(1 - _LIKENESS**2) * aside, dtype=np.float32)
