"""The part of a year between two dates where the calendar decides: leap years, months of 30 days.

Rules 4.16(b), (f) and (g) of the 2006 ISDA Definitions, and the end of February as the National
Association of Securities Dealers (now FINRA) counts it in the United States.
"""

from collections.abc import Callable
from datetime import date, timedelta

from servicing.choices import DayCount

Ratio = tuple[int, int]

_DAY = timedelta(days=1)


def isda(start: date, end: date) -> Ratio:
    """Days of common years over 365, days of leap years over 366."""
    if start.year == end.year:
        return (end - start).days, length_of(start.year)
    days = {365: 0, 366: 0}
    while start < end:
        stop = min(end, date(start.year + 1, 1, 1))
        days[length_of(start.year)] += (stop - start).days
        start = stop
    return days[365] * 366 + days[366] * 365, 365 * 366


def by_end_of_day(start: date, end: date) -> Ratio:
    """The same, but a day is of the year in which it ends: the split is at 31 December."""
    return isda(start + _DAY, end + _DAY)


def thirty_us(start: date, end: date) -> Ratio:
    first, last = start.day, end.day
    if _ends_february(start):
        first, last = 30, 30 if _ends_february(end) else last
    return _thirty(start, end, min(first, 30), 30 if last == 31 and first >= 30 else last)


def thirty_eu(start: date, end: date) -> Ratio:
    return _thirty(start, end, min(start.day, 30), min(end.day, 30))


def length_of(year: int) -> int:
    return 366 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 365


BY_CALENDAR: dict[DayCount, Callable[[date, date], Ratio]] = {
    DayCount.ACTUAL_ACTUAL: by_end_of_day,
    DayCount.ACTUAL_ISDA: isda,
    DayCount.THIRTY_US: thirty_us,
    DayCount.THIRTY_EU: thirty_eu,
}
"""How many days there are between two dates is not enough to know what they cost."""


def _thirty(start: date, end: date, first: int, last: int) -> Ratio:
    months = (end.year - start.year) * 12 + end.month - start.month
    return 30 * months + last - first, 360


def _ends_february(day: date) -> bool:
    return day.month == 2 and (day + _DAY).month == 3
