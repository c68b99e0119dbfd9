"""On which days a loan falls due: steps of months or days, month ends, weekends and holidays."""

import warnings
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from servicing.choices import Frequency, MonthEnd, Weekend
from servicing.fields import InvalidTerms
from servicing.terms import LoanTerms

if TYPE_CHECKING:
    from holidays import HolidayBase

_SATURDAY = 5
_MONTH, _YEAR = Frequency.MONTH, Frequency.YEAR
_KEEP, _STICKY = Weekend.KEEP, MonthEnd.STICKY
_BY_DAYS = (Frequency.DAY, Frequency.WEEK)
_DAYS_IN = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY = timedelta(days=1)
_MOVED_MAX = 60
"""Days that a due date may have to wait for a working day."""


Span = tuple[date, int]
"""The day on which a period ends, and how many days it has."""


def due_dates(terms: LoanTerms) -> list[date]:
    """Every due date, moved off days on which nobody works."""
    return [due_on for due_on, _ in spans(terms)]


def nominal_dates(terms: LoanTerms) -> list[date]:
    """Due dates before weekends and holidays move them."""
    return [*terms.due_dates] or [due_on for due_on, _ in _rhythm(terms)]


def spans(terms: LoanTerms) -> Sequence[Span]:
    """One shift never drags the others along: what is moved is the nominal date."""
    moved = terms.weekend is not _KEEP or terms.holidays or terms.holiday_country
    if not (moved or terms.due_dates):
        return _rhythm(terms)
    dates = nominal_dates(terms)
    if moved:
        dates = [working_day(terms, day) for day in dates]
    return _measured(terms.disbursed_on, dates)


def _rhythm(terms: LoanTerms) -> Sequence[Span]:
    count, (anchor, first) = terms.installments, _anchor(terms)
    if first and terms.every == 1 and terms.frequency is _MONTH:
        decade, years = divmod(anchor.year, 10)
        day, before = anchor.day, 12 * years + anchor.month
        if terms.month_end is _STICKY and day == _days_in(anchor.year, anchor.month):
            day = 31
        due = _each_month(decade, day, terms.month_end)[before : before + count]
        if len(due) == count:
            return due
    dates = [step(terms, anchor, n) for n in range(first, first + count)]
    return _measured(terms.disbursed_on, dates)


@lru_cache(maxsize=1024)
def _each_month(decade: int, day: int, rule: MonthEnd) -> tuple[Span, ...]:
    """The same day of every month of twenty years: a page of calendar that many loans share."""
    begin = date(10 * decade - 1, 12, day)
    return _measured(begin, [add_months(begin, n, rule) for n in range(1, 241)])


def _measured(start: date, dates: Sequence[date]) -> tuple[Span, ...]:
    return tuple(
        (day, (day - before).days) for before, day in zip([start, *dates], dates, strict=False)
    )


def step(terms: LoanTerms, day: date, times: int = 1) -> date:
    """`day` moved by so many regular periods, back when negative."""
    if terms.frequency in _BY_DAYS:
        return day + timedelta(days=step_days(terms) * times)
    return add_months(day, step_months(terms) * times, terms.month_end)


def step_days(terms: LoanTerms) -> int:
    return terms.every * (7 if terms.frequency is Frequency.WEEK else 1)


def step_months(terms: LoanTerms) -> int:
    return terms.every * (12 if terms.frequency is _YEAR else 1)


def add_months(day: date, months: int, rule: MonthEnd = MonthEnd.CLAMP) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    if day.day <= 28 and rule is not _STICKY:
        return date(year, month, day.day)
    last = _days_in(year, month)
    if day.day <= last and rule is not _STICKY:
        return date(year, month, day.day)
    if rule is MonthEnd.NEXT_MONTH:
        return date(year, month, last) + _DAY
    if rule is _STICKY and day.day < _days_in(day.year, day.month):
        return date(year, month, min(day.day, last))
    return date(year, month, last)


def working_day(terms: LoanTerms, day: date) -> date:
    """`day`, or the nearest working day in the direction that the terms say."""
    back = terms.weekend is Weekend.PREVIOUS
    moved = _walk(terms, day, -_DAY if back else _DAY)
    if terms.weekend is Weekend.MODIFIED_NEXT and moved.month != day.month:
        moved = _walk(terms, day, -_DAY)
    return max(moved, terms.disbursed_on)


def knows_country(code: str) -> bool:
    import holidays  # slow to load, and most loans do not need it

    country, _, region = code.partition("-")
    known = holidays.list_supported_countries()
    return country in known and (not region or region in known[country])


def _anchor(terms: LoanTerms) -> tuple[date, int]:
    """The day that is remembered, and how many steps after it the first due date lies.

    A first due date that is one step after the disbursement keeps the disbursement's day: paid out
    on 31 January and due on 28 February means due on 31 March.
    """
    if terms.first_due_on is None or step(terms, terms.disbursed_on) == terms.first_due_on:
        return terms.disbursed_on, 1
    return terms.first_due_on, 0


def _days_in(year: int, month: int) -> int:
    return monthrange(year, month)[1] if month == 2 else _DAYS_IN[month]


def _walk(terms: LoanTerms, day: date, towards: timedelta) -> date:
    for _ in range(_MOVED_MAX):
        if _is_working(terms, day):
            return day
        day += towards
    raise InvalidTerms(
        field="holidays", reason=f"must leave a working day within {_MOVED_MAX} days of a due date"
    )


def _is_working(terms: LoanTerms, day: date) -> bool:
    """A country says on which days its week ends, and which of them are worked nevertheless."""
    listed = bisect_left(terms.holidays, day)
    if terms.holidays[listed : listed + 1] == (day,):
        return False
    if terms.holiday_country is None:
        return terms.weekend is _KEEP or day.weekday() < _SATURDAY
    public = _public_holidays(terms.holiday_country, day.year)
    return day not in public if terms.weekend is _KEEP else public.is_working_day(day)


@lru_cache(maxsize=256)
def _public_holidays(code: str, year: int) -> "HolidayBase":
    import holidays

    country, _, region = code.partition("-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # moving feasts are known for some decades only
        return holidays.country_holidays(country, subdiv=region or None, years=year)
