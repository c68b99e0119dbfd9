"""The bot behind its webhook, everything stored, against a bare echo bot of aiogram.

Both are processes of their own behind uvicorn, get the same updates over HTTP from the same
borrowers, and send their answers to the same stand-in for Telegram. They are asked in turns.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import uvloop

from bench import borrowers, load, programs
from bench.load import Webhook
from bench.report import Goal, Line
from bench.telegram import Telegram

GOAL_RATIO = Goal("at least", 0.25)
GOAL_P95_MS = Goal("under", 100.0)


@dataclass(frozen=True)
class Size:
    turns: int
    borrowers: int
    """How many fill in the form in one turn."""
    at_once: int
    writers: int
    """How many write at a rate, together `per_second`."""
    per_second: float


FULL = Size(turns=5, borrowers=48, at_once=16, writers=50, per_second=50.0)
TINY = Size(turns=1, borrowers=2, at_once=2, writers=2, per_second=50.0)
_WARM_UP = 8
_ECHO_REPEATS = 4
"""The echo bot is asked more, so that its turns are long enough to be measured."""


def lines(*, tiny: bool = False) -> list[Line]:
    size = TINY if tiny else FULL
    found = []
    with tempfile.TemporaryDirectory(prefix="kopa-bench-") as name:
        folder = Path(name)
        with programs.databases(folder) as urls:
            # Four programs start for both databases: too slow for a size that shows nothing.
            for engine, url in list(urls.items())[: 1 if tiny else None]:
                found.extend(uvloop.run(_measure(engine, url, folder, size)))
    return found


async def _measure(engine: str, url: str, folder: Path, size: Size) -> list[Line]:
    people = _People(url)
    async with Telegram() as telegram:
        async with (
            programs.echo(telegram.url, folder) as theirs,
            programs.kopa(url, telegram.url, folder) as ours,
        ):
            await load.at_full_speed(theirs, people.strangers(_WARM_UP), at_once=size.at_once)
            await load.at_full_speed(ours, await people.seeded(_WARM_UP), at_once=size.at_once)
            pairs = [await _turn(ours, theirs, people, size) for _ in range(size.turns)]
            processor = ours.processor_ms_per_update, theirs.processor_ms_per_update
            writers = await people.seeded(size.writers)
            taken = await load.at_a_rate(ours, writers, per_second=size.per_second)
        await people.check(telegram.sent)
    return [*_lines(engine, pairs, taken, size), _processor(engine, *processor)]


async def _turn(
    ours: Webhook, theirs: Webhook, people: "_People", size: Size
) -> tuple[float, float]:
    """Updates per second of both, one after the other."""
    known = await people.seeded(size.borrowers)
    strangers = people.strangers(size.borrowers * _ECHO_REPEATS)
    return (
        await load.at_full_speed(ours, known, at_once=size.at_once),
        await load.at_full_speed(theirs, strangers, at_once=size.at_once),
    )


def _lines(
    engine: str, pairs: list[tuple[float, float]], taken: list[float], size: Size
) -> list[Line]:
    ratios = [ours / theirs for ours, theirs in pairs]
    p50, p95 = np.percentile(np.array(taken) * 1_000, [50, 95])
    rate = f"{size.per_second:g} updates/s, {engine}"
    return [
        Line(
            f"bot: updates per second, {engine}",
            "per second",
            median(ours for ours, _ in pairs),
            median(theirs for _, theirs in pairs),
            "bare echo bot",
            GOAL_RATIO,
            (min(ratios), max(ratios)),
        ),
        Line(f"bot: p95 answer at {rate}", "ms", float(p95), goal=GOAL_P95_MS),
        Line(f"bot: p50 answer at {rate}", "ms", float(p50)),
    ]


def _processor(engine: str, ours: float, theirs: float) -> Line:
    """Less disturbed by other programs than the rates above; without the database's server."""
    return Line(f"bot: processor time of an update, {engine}", "ms", ours, theirs, "bare echo bot")


class _People:
    """Hands out borrowers, nobody twice, and knows what they must have left behind."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._last = 0
        self._known = 0

    def strangers(self, count: int) -> list[list[bytes]]:
        """For the bot that remembers nobody."""
        return [
            borrowers.updates(number, number * len(borrowers.ANSWERS))
            for number in self._numbers(count)
        ]

    async def seeded(self, count: int) -> list[list[bytes]]:
        numbers = self._numbers(count)
        self._known += count
        await borrowers.seed(self._url, programs.vault(), numbers)
        return [borrowers.updates(number, number * len(borrowers.ANSWERS)) for number in numbers]

    async def check(self, sent: int) -> None:
        """A bot that is fast because it drops updates would win this otherwise."""
        each = len(borrowers.ANSWERS)
        given, stored = self._known * each, await borrowers.count_answers(self._url)
        if stored != given or sent != self._last * each:
            raise RuntimeError(
                f"stored {stored} of {given} answers, sent {sent} of {self._last * each} messages"
            )

    def _numbers(self, count: int) -> range:
        self._last += count
        return range(self._last - count + 1, self._last + 1)
