"""How far apart days are in unit periods (Regulation Z, Appendix J (b)) and in Europe's years."""

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from servicing import calendars


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    SEMIMONTH = "semimonth"
    MONTH = "month"
    YEAR = "year"


_PER_YEAR = {Unit.DAY: 365, Unit.WEEK: 52, Unit.SEMIMONTH: 24, Unit.MONTH: 12, Unit.YEAR: 1}
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.SEMIMONTH: 15, Unit.MONTH: 30, Unit.YEAR: 365}
_HALF = range(13, 17)
"""Days that half a month can have."""


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """The regular distance between payments: `every` days, weeks, half months, months or years."""

    unit: Unit
    every: int = 1

    @property
    def per_year(self) -> Fraction:
        return Fraction(_PER_YEAR[self.unit], self.every)

    @property
    def days(self) -> int:
        """Its length for odd days: a month counts 30, whatever its name."""
        return _DAYS[self.unit] * self.every

    @property
    def months(self) -> int:
        """Its whole months; 0 when it is counted in something shorter."""
        return self.every * {Unit.MONTH: 1, Unit.YEAR: 12}.get(self.unit, 0)


YEAR = UnitPeriod(Unit.YEAR)


def at_most_a_year(unit: UnitPeriod) -> UnitPeriod:
    """(b)(4)(i): no unit period is longer than a year, and twelve months are one."""
    return YEAR if unit.months >= 12 or unit.days > 365 else unit


def of_term(start: date, end: date) -> UnitPeriod:
    """(b)(4)(ii), (5)(vi)-(vii): one advance, one payment: the term itself, at most a year."""
    if calendars.add_months(start, 12) <= end:
        return YEAR
    months = whole_months(start, end)
    if months:
        return UnitPeriod(Unit.MONTH, months)
    return UnitPeriod(Unit.DAY, max((end - start).days, 1))


def of_days(advances: Sequence[date], payments: Sequence[date]) -> UnitPeriod:
    """(b)(4): the period that occurs most often; the shorter of two; else near the average."""
    start = min(advances)
    if len(advances) == len(payments) == 1:
        return of_term(start, payments[0])
    if (found := most_common(advances, payments)) is not None:
        return found
    gaps = [(b - a).days for a, b in _periods(advances, payments)]
    return nearest(Fraction(sum(gaps), len(gaps)))


def nearest(days: Fraction) -> UnitPeriod:
    """(b)(4)(i)(B): the standard interval of time nearest to so many days, the shorter of two."""
    return min(_STANDARD, key=lambda unit: (abs(unit.days - days), unit.days))


def most_common(advances: Sequence[date], payments: Sequence[date]) -> UnitPeriod | None:
    """The common period, of at most a year, that occurs most often."""
    times: Counter[UnitPeriod] = Counter()
    for start, end in _periods(advances, payments):
        times.update(_readings(start, end))
    times[UnitPeriod(Unit.SEMIMONTH)] = _half_months(payments)
    common = [unit for unit, count in times.items() if count > 1 and unit.days <= 365]
    return min(common, key=lambda unit: (-times[unit], unit.days), default=None)


def whole_months(start: date, end: date) -> int:
    """How many months it is from `start` to `end`, 0 when it is no whole number of them."""
    shorter, longer = (start, end) if start.day < end.day else (end, start)
    exact = shorter.day == longer.day or (longer.day > 27 and _is_month_end(shorter))
    return (end.year - start.year) * 12 + end.month - start.month if exact else 0


def anchor(start: date, days: Sequence[date]) -> int:
    """The late day of the month on which most of a row of payments falls; 0 when it has none.

    (b)(3)(iv): a row on last days is measured between last days, and a row on the 29th or 30th
    uses the last day of February.
    """
    row = [day for day in days if day != start]
    top = max((day.day for day in row), default=0)
    if len(row) < 2 or top < 28:
        return 0
    if top < 31 and start.day != top and all(map(_is_month_end, row)):
        return 31
    return top if 2 * sum(_falls_on(day, top) for day in row) > len(row) else 0


def between(start: date, end: date, unit: UnitPeriod, day: int = 0) -> tuple[int, Fraction]:
    """(b)(5): whole unit periods counted back from `end`, and the odd days before them.

    `day` is the anchor of the row to which `end` belongs. In a unit of several months an odd
    month counts 30 days: 23 May to 1 October, by quarters, is one quarter back to 1 July, one
    month back to 1 June and 9 days: 39/90.
    """
    if unit.unit in (Unit.DAY, Unit.WEEK):
        whole, rest = divmod((end - start).days, unit.days)
        return whole, Fraction(rest, unit.days)
    months, odd = _months_back(start, end, day)
    if unit.unit is Unit.YEAR:
        whole, months = divmod(months, unit.months)
        if not odd:
            return whole, Fraction(months, unit.months)
        return whole, Fraction((_back(end, whole * unit.months, day) - start).days, unit.days)
    whole, rest = divmod(30 * months + odd, unit.days)
    return whole, Fraction(rest, unit.days)


def years_between(start: date, end: date, unit: UnitPeriod, day: int = 0) -> Fraction:
    """Time in years for the European equation: whole years, months or weeks, then odd days.

    Flows that follow no weeks, months or years are counted in days, 365 to the year. The year of
    odd days is the one that ends on the day to which they are counted: 366 days long when it
    holds a 29 February (Directive 2014/17/EU, Annex I, remark (c)).
    """
    if unit.unit is Unit.DAY:
        return Fraction((end - start).days, 365)
    if unit.unit is Unit.WEEK:
        weeks, odd = divmod((end - start).days, 7)
        return Fraction(weeks, 52) + _odd_part(start, odd)
    months, odd = _months_back(start, end, day)
    if unit.unit is Unit.YEAR and odd:
        months -= months % 12
        odd = (_back(end, months, day) - start).days
    return Fraction(months, 12) + _odd_part(start, odd)


def shift(day: date, unit: UnitPeriod, times: int) -> date:
    """`day` moved on by so many unit periods."""
    if unit.unit in (Unit.DAY, Unit.WEEK):
        return day + timedelta(days=unit.days * times)
    if unit.unit is Unit.SEMIMONTH:
        return _half_month_on(day, unit.every * times)
    return calendars.add_months(day, unit.months * times)


_STANDARD = (
    UnitPeriod(Unit.DAY),
    *(UnitPeriod(Unit.WEEK, n) for n in range(1, 53)),
    UnitPeriod(Unit.SEMIMONTH),
    *(UnitPeriod(Unit.MONTH, n) for n in range(1, 12)),
    YEAR,
)
"""(b)(3)(iii): the standard intervals of time."""


def _periods(advances: Sequence[date], payments: Sequence[date]) -> list[tuple[date, date]]:
    """(b)(3)(i): between advances, between payments, and from the start to the first payment."""
    rows = (sorted(advances), sorted({min(advances), *payments}))
    return [(a, b) for row in rows for a, b in pairwise(row) if a < b]


def _readings(start: date, end: date) -> list[UnitPeriod]:
    """28 days from February to March may be a month or four weeks: the row decides."""
    days = (end - start).days
    weeks, odd = divmod(days, 7)
    readings = [UnitPeriod(Unit.DAY, days) if odd else UnitPeriod(Unit.WEEK, weeks)]
    if months := whole_months(start, end):
        readings.append(at_most_a_year(UnitPeriod(Unit.MONTH, months)))
    return readings


def _half_months(payments: Sequence[date]) -> int:
    """How many periods are halves of a month: days such as the 1st and the 16th, in turn."""
    days = sorted(set(payments))
    halves = 0
    for n, (start, end) in enumerate(pairwise(days)):
        around = days[max(n - 1, 0) : n + 3]
        steps = zip(around, around[2:], strict=False)
        if (end - start).days in _HALF and any(whole_months(a, b) == 1 for a, b in steps):
            halves += 1
    return halves


def _half_month_on(day: date, times: int) -> date:
    months, half = divmod(times, 2)
    if not half:
        return calendars.add_months(day, months)
    if day.day > 15:
        first = 15 if day.day >= 30 or _is_month_end(day) else day.day - 15
        return calendars.add_months(day.replace(day=first), months + 1)
    later = calendars.add_months(day, months)
    return later.replace(day=_last(later) if day.day == 15 else min(day.day + 15, _last(later)))


def _months_back(start: date, end: date, day: int) -> tuple[int, int]:
    if not _falls_on(end, day) and (exact := whole_months(start, end)):
        return exact, 0
    months = (end.year - start.year) * 12 + end.month - start.month
    back = _back(end, months, day)
    if back < start:
        months -= 1
        back = _back(end, months, day)
    return months, (back - start).days


def _back(end: date, months: int, day: int) -> date:
    earlier = calendars.add_months(end, -months)
    return earlier.replace(day=min(day, _last(earlier))) if _falls_on(end, day) else earlier


def _falls_on(day: date, anchored: int) -> bool:
    return bool(anchored) and day.day == min(anchored, _last(day))


def _odd_part(start: date, days: int) -> Fraction:
    if not days:
        return Fraction(0)
    counted_to = start + timedelta(days=days)
    return Fraction(days, (counted_to - calendars.add_months(counted_to, -12)).days)


def _is_month_end(day: date) -> bool:
    return day.day == _last(day)


def _last(day: date) -> int:
    return monthrange(day.year, day.month)[1]
