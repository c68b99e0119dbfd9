"""Charts as shapes that a template draws: no script, and the numbers stand in a table below."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kit.money import Money
from scoring.watching.chances import Share
from scoring.watching.pictures import Row

_WIDTH, _HEIGHT = 720.0, 240.0
_LINES = 4
_LETTERS = 20.0
"""How much room a name needs, on a phone too."""


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
    floor: float | None
    """What has to stay, where two people said so."""
    floor_name: float
    """Where its name stands: below the line where the course ends just above it."""
    levels: Sequence[Mark]
    days: Sequence[Mark]


def band(
    start: int,
    points: Sequence[tuple[date, tuple[int, int, int]]],
    currency: str,
    *,
    floor: int | None = None,
) -> Band:
    """Each point is (low, expected, high) in minor units; all begin at `start`."""
    bands = [(start, start, start), *(three for _, three in points)]
    low, high = min(0, *(each[0] for each in bands)), max(0, *(each[2] for each in bands))
    high = max(high, floor or 0)
    room = (high - low) or 1

    def x(n: int) -> float:
        return round(n * _WIDTH / max(1, len(bands) - 1), 1)

    def y(minor: int) -> float:
        return round((high - minor) * _HEIGHT / room, 1)

    def path(which: int) -> list[str]:
        return [f"{x(n)},{y(each[which])}" for n, each in enumerate(bands)]

    steps = [low + room * n // _LINES for n in range(_LINES + 1)]
    shown = max(1, -(-len(points) // 6))
    return Band(
        width=_WIDTH,
        height=_HEIGHT,
        area=" ".join([*path(2), *reversed(path(0))]),
        line=" ".join(path(1)),
        zero=y(0),
        floor=y(floor) if floor is not None else None,
        floor_name=_beside(y(floor or 0), y(bands[-1][1])),
        levels=[Mark(y(minor), _short(Money(minor, currency))) for minor in steps],
        days=[
            Mark(x(n), f"{day.day} {day:%b}")
            for n, (day, _) in enumerate(points, 1)
            if n % shown == 0
        ],
    )


def _beside(floor: float, course: float) -> float:
    is_below = 0 <= floor - course < 2 * _LETTERS and floor + _LETTERS < _HEIGHT
    return floor + _LETTERS if is_below else floor - 6


@dataclass(frozen=True)
class Flow:
    """One period: what comes stands above the zero line, what leaves hangs below it."""

    x: float
    width: float
    top: float
    coming: float
    """Height of the bar upwards, of what is expected."""
    low: float
    high: float
    """Where the whisker begins and ends: low to high."""
    leaving: float


@dataclass(frozen=True)
class Flows:
    width: float
    height: float
    zero: float
    flows: Sequence[Flow]
    levels: Sequence[Mark]
    days: Sequence[Mark]


_FLOWS_HEIGHT, _BAR_SHARE = 160.0, 0.6


def flows(points: Sequence[tuple[date, tuple[int, int, int], int]], currency: str) -> Flows | None:
    """Each point is the last day of a period, (low, expected, high) that comes, and what leaves, in
    minor units. None where nothing moves."""
    most = max((coming[2] for _, coming, _ in points), default=0)
    least = max((leaving for _, _, leaving in points), default=0)
    if not most + least:
        return None

    def y(minor: int) -> float:
        return round((most - minor) * _FLOWS_HEIGHT / (most + least), 1)

    room = _WIDTH / len(points)
    drawn = [
        Flow(
            x=round((n + (1 - _BAR_SHARE) / 2) * room, 1), width=round(_BAR_SHARE * room, 1),
            top=y(coming[1]), coming=round(y(0) - y(coming[1]), 1),
            low=y(coming[0]), high=y(coming[2]), leaving=round(y(-leaving) - y(0), 1),
        )
        for n, (_, coming, leaving) in enumerate(points)
    ]  # fmt: skip
    shown = max(1, -(-len(points) // 6))
    return Flows(
        width=_WIDTH,
        height=_FLOWS_HEIGHT,
        zero=y(0),
        flows=drawn,
        levels=[
            Mark(y(each), _short(Money(each, currency)))
            for each in sorted({most, 0, -least})
            if not each or abs(y(each) - y(0)) >= _LETTERS
        ],
        days=[
            Mark(round((n + 0.5) * room, 1), f"{day.day} {day:%b}")
            for n, (day, _, _) in enumerate(points)
            if n % shown == shown - 1
        ],
    )


def _short(amount: Money) -> str:
    """`1.2 M`: a scale needs no cents."""
    whole = float(amount.major)
    for size, letter in ((1_000_000, " M"), (1_000, " k")):
        if abs(whole) >= size:
            return f"{whole / size:,.1f}{letter}"
    return f"{whole:,.0f}"


@dataclass(frozen=True)
class Bar:
    name: str
    said: str
    y: float
    width: float
    limit: float | None
    low: float | None
    high: float | None
    tone: str


@dataclass(frozen=True)
class Bars:
    height: float
    bars: Sequence[Bar]


_BAR_ROW, _BAR_WIDTH = 30.0, 430.0


def bars(rows: Sequence[Row]) -> Bars:
    """One below the other, on one scale from zero."""
    most = max((max(r.value, r.high or 0.0, r.limit or 0.0) for r in rows), default=1.0) or 1.0

    def x(value: float | None) -> float | None:
        return None if value is None else round(value / most * _BAR_WIDTH, 1)

    drawn = [
        Bar(
            row.name, row.said, n * _BAR_ROW, max(x(row.value) or 0.0, 1.0), x(row.limit),
            x(row.low), x(row.high), "bad" if row.is_alarming else "plain",
        )
        for n, row in enumerate(rows)
    ]  # fmt: skip
    return Bars(height=max(len(drawn), 1) * _BAR_ROW, bars=drawn)


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Diagonal:
    """Stated against found: what is on the diagonal is right."""

    size: float
    points: Sequence[Point]
    marks: Sequence[Mark]


_SQUARE = 240.0


def diagonal(bands: Sequence[Sequence[float]]) -> Diagonal:
    """Each band is (stated, found, how many loans)."""
    shares = [(told, Share(found * n, n)) for told, found, n in bands]
    most = max([told for told, _ in shares] + [came.interval[1] for _, came in shares]) or 1.0

    def at(value: float) -> float:
        return round(value / most * _SQUARE, 1)

    points = [
        Point(at(told), _SQUARE - at(came.value or 0.0),
              _SQUARE - at(came.interval[0]), _SQUARE - at(came.interval[1]))
        for told, came in shares
    ]  # fmt: skip
    marks = [Mark(_SQUARE * n / _LINES, f"{most * n / _LINES:.0%}") for n in range(_LINES + 1)]
    return Diagonal(_SQUARE, points, marks)


@dataclass(frozen=True)
class Line:
    width: float
    height: float
    course: str
    limit: str
    levels: Sequence[Mark]
    days: Sequence[Mark]


def line(points: Sequence[tuple[date, float, float | None]]) -> Line:
    """A value from day to day and, above it, what it is held against."""
    most = max(max(value, limit or 0.0) for _, value, limit in points) or 1.0

    def x(n: int) -> float:
        return round(n * _WIDTH / max(1, len(points) - 1), 1)

    def y(value: float) -> float:
        return round((1 - value / most) * _HEIGHT, 1)

    shown = max(1, len(points) // 6)
    return Line(
        width=_WIDTH,
        height=_HEIGHT,
        course=" ".join(f"{x(n)},{y(value)}" for n, (_, value, _) in enumerate(points)),
        limit=" ".join(f"{x(n)},{y(limit or 0)}" for n, (_, _, limit) in enumerate(points)),
        levels=[Mark(y(most * n / _LINES), f"{most * n / _LINES:.2f}") for n in range(_LINES + 1)],
        days=[
            Mark(x(n), f"{day.day} {day:%b}")
            for n, (day, _, _) in enumerate(points)
            if n % shown == 0
        ],
    )
