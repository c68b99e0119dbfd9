"""Charts as shapes that a template draws: no script, and the numbers stand in a table below."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kit.money import Money

_WIDTH, _HEIGHT = 720.0, 240.0
_LINES = 4


@dataclass(frozen=True)
class Mark:
    at: float
    label: str


@dataclass(frozen=True)
class Band:
    """An expected course with what it may be above and below."""

    width: float
    height: float
    area: str
    line: str
    zero: float
    levels: Sequence[Mark]
    days: Sequence[Mark]


def band(start: int, points: Sequence[tuple[date, tuple[int, int, int]]], currency: str) -> Band:
    """Each point is (low, expected, high) in minor units; all begin at `start`."""
    bands = [(start, start, start), *(three for _, three in points)]
    low, high = min(0, *(each[0] for each in bands)), max(0, *(each[2] for each in bands))
    room = (high - low) or 1

    def x(n: int) -> float:
        return round(n * _WIDTH / max(1, len(bands) - 1), 1)

    def y(minor: int) -> float:
        return round((high - minor) * _HEIGHT / room, 1)

    def path(which: int) -> list[str]:
        return [f"{x(n)},{y(each[which])}" for n, each in enumerate(bands)]

    steps = [low + room * n // _LINES for n in range(_LINES + 1)]
    shown = max(1, len(points) // 6)
    return Band(
        width=_WIDTH,
        height=_HEIGHT,
        area=" ".join([*path(2), *reversed(path(0))]),
        line=" ".join(path(1)),
        zero=y(0),
        levels=[Mark(y(minor), _short(Money(minor, currency))) for minor in steps],
        days=[
            Mark(x(n), f"{day.day} {day:%b}")
            for n, (day, _) in enumerate(points, 1)
            if n % shown == 0
        ],
    )


def _short(amount: Money) -> str:
    """`1.2 M`: a scale needs no cents."""
    whole = float(amount.major)
    for size, letter in ((1_000_000, " M"), (1_000, " k")):
        if abs(whole) >= size:
            return f"{whole / size:,.1f}{letter}"
    return f"{whole:,.0f}"
