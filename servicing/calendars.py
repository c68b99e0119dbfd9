"""On which days a loan falls due: steps of months or days, month ends, weekends and holidays."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import count, islice

from servicing.choices import Frequency, MonthEnd, Weekend
from servicing.terms import LoanTerms

_SATURDAY = 5
_DAYS_IN = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY = timedelta(days=1)


def due_dates(terms: LoanTerms) -> list[date]:
    """Every due date, moved off days on which nobody works."""
    nominal = nominal_dates(terms)
    if terms.weekend is Weekend.KEEP and not terms.holidays and terms.holiday_country is None:
        return nominal
    return [working_day(terms, day) for day in nominal]


def nominal_dates(terms: LoanTerms) -> list[date]:
    """Due dates before weekends and holidays: one shift never drags the others along."""
    if terms.due_dates:
        return list(terms.due_dates)
    return list(islice(stepping(terms), terms.installments))


def stepping(terms: LoanTerms) -> Iterator[date]:
    """The endless row of nominal due dates."""
    anchor, first = _anchor(terms)
    if terms.frequency in (Frequency.DAY, Frequency.WEEK):
        span = timedelta(days=step_days(terms))
        return (anchor + span * n for n in count(first))
    months = step_months(terms)
    rule = terms.month_end
    return (add_months(anchor, months * n, rule) for n in count(first))


def step(terms: LoanTerms, day: date, times: int = 1) -> date:
    """`day` moved by so many regular periods, back when negative."""
    if terms.frequency in (Frequency.DAY, Frequency.WEEK):
        return day + timedelta(days=step_days(terms) * times)
    return add_months(day, step_months(terms) * times, terms.month_end)


def step_days(terms: LoanTerms) -> int:
    return terms.every * (7 if terms.frequency is Frequency.WEEK else 1)


def step_months(terms: LoanTerms) -> int:
    return terms.every * (12 if terms.frequency is Frequency.YEAR else 1)


def add_months(day: date, months: int, rule: MonthEnd = MonthEnd.CLAMP) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    last = _days_in(year, month)
    if day.day <= last and rule is not MonthEnd.STICKY:
        return date(year, month, day.day)
    if rule is MonthEnd.NEXT_MONTH:
        return date(year, month, last) + _DAY
    if rule is MonthEnd.STICKY and day.day < _days_in(day.year, day.month):
        return date(year, month, min(day.day, last))
    return date(year, month, last)


def working_day(terms: LoanTerms, day: date) -> date:
    """`day`, or the nearest working day in the direction that the terms say."""
    back = terms.weekend is Weekend.PREVIOUS
    moved = _walk(terms, day, -_DAY if back else _DAY)
    if terms.weekend is Weekend.MODIFIED_NEXT and moved.month != day.month:
        return _walk(terms, day, -_DAY)
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
    while not _is_working(terms, day):
        day += towards
    return day


def _is_working(terms: LoanTerms, day: date) -> bool:
    if terms.weekend is not Weekend.KEEP and day.weekday() >= _SATURDAY:
        return False
    if day in terms.holidays:
        return False
    country = terms.holiday_country
    return country is None or day not in _public_holidays(country, day.year)


@lru_cache(maxsize=256)
def _public_holidays(code: str, year: int) -> frozenset[date]:
    import holidays

    country, _, region = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))
