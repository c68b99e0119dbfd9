"""How much of a year a period is, and so which part of the balance it costs: exact ratios."""

from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from servicing import calendars, day_counts
from servicing.choices import DayCount, Frequency, InterestPeriod
from servicing.terms import LoanTerms

Ratio = day_counts.Ratio

_YEAR_DAYS = {
    DayCount.THIRTY_360: 360,
    DayCount.THIRTY_365: 365,
    DayCount.THIRTY_US: 360,
    DayCount.THIRTY_EU: 360,
    DayCount.ACTUAL_360: 360,
    DayCount.ACTUAL_364: 364,
    DayCount.ACTUAL_365: 365,
    DayCount.ACTUAL_ACTUAL: 365,
    DayCount.ACTUAL_ISDA: 365,
}
# Asking an enumeration for a member takes longer than comparing it.
_SAME, _THIRTY = InterestPeriod.SAME_AS_REPAYMENT, DayCount.THIRTY_360
_BY_STANDARD_MONTHS = (DayCount.THIRTY_360, DayCount.THIRTY_365)
_BY_MONTHS = (Frequency.MONTH, Frequency.YEAR)
_PER_YEAR = {Frequency.WEEK: 52, Frequency.MONTH: 12, Frequency.YEAR: 1}


class Period(NamedTuple):
    """From one due date to the next; interest is balance * numerator / denominator."""

    start: date
    end: date
    numerator: int
    denominator: int


def periods(terms: LoanTerms, dates: list[date]) -> list[Period]:
    """The periods that end on `dates`, each with its rate factor."""
    rate, per = terms.annual_rate.numerator, terms.annual_rate.denominator
    free = terms.grace.interest_free
    fractions = _fractions(terms, dates)
    start = terms.disbursed_on
    if not free and not terms.rate_changes and not terms.interest_pauses:
        starts = [start, *dates[:-1]]
        return [
            Period(a, b, rate * part, per * whole)
            for a, b, (part, whole) in zip(starts, dates, fractions, strict=True)
        ]
    rows = []
    for n, (end, (part, whole)) in enumerate(zip(dates, fractions, strict=True)):
        if n < free:
            rows.append(Period(start, end, 0, 1))
        elif is_proportional(terms):
            days = max((end - start).days, 1)
            exact = _rated_days(terms, start, end) * part / (days * whole)
            rows.append(Period(start, end, exact.numerator, exact.denominator))
        else:
            rows.append(Period(start, end, *_rated(terms, start, end)))
        start = end
    return rows


def part_of(terms: LoanTerms, period: Period, start: date, end: date) -> Ratio:
    """The rate factor of some days inside `period`."""
    if not period.numerator or start >= end:
        return 0, 1
    if not is_proportional(terms):
        return _rated(terms, start, end)
    if not terms.interest_pauses and not terms.rate_changes:
        length = max((period.end - period.start).days, 1)
        return period.numerator * (end - start).days, period.denominator * length
    whole = _rated_days(terms, period.start, period.end) or 1
    share = _rated_days(terms, start, end) / whole
    return period.numerator * share.numerator, period.denominator * share.denominator


def rate_on(terms: LoanTerms, day: date) -> Ratio:
    rate = terms.annual_rate
    for change in terms.rate_changes:
        if change.start <= day:
            rate = change.rate
    return rate.numerator, rate.denominator


def _rated(terms: LoanTerms, start: date, end: date) -> Ratio:
    """Rate times the part of a year between two days, without pauses, at the rate of each day."""
    if not terms.interest_pauses and not terms.rate_changes:
        part, whole = counted(terms, start, end)
        return terms.annual_rate.numerator * part, terms.annual_rate.denominator * whole
    stretches = (
        Fraction(*rate_on(terms, a)) * Fraction(*counted(terms, a, b))
        for a, b in _stretches(terms, start, end)
    )
    return sum(stretches, Fraction(0)).as_integer_ratio()


def _rated_days(terms: LoanTerms, start: date, end: date) -> Fraction:
    """Days that cost interest, each times the rate of that day."""
    stretches = _stretches(terms, start, end)
    return sum((Fraction(*rate_on(terms, a)) * (b - a).days for a, b in stretches), Fraction(0))


def _stretches(terms: LoanTerms, start: date, end: date) -> list[tuple[date, date]]:
    """The days between two that cost interest, apart where the rate changes."""
    found: list[tuple[date, date]] = []
    for a, b in _paying(terms, start, end):
        changes = sorted({each.start for each in terms.rate_changes if a < each.start < b})
        found += pairwise([a, *changes, b])
    return found


def _paying(terms: LoanTerms, start: date, end: date) -> list[tuple[date, date]]:
    """The stretches between two days on which interest runs."""
    stretches = []
    for pause_start, pause_end in terms.interest_pauses:
        if start < pause_start < end:
            stretches.append((start, pause_start))
        if pause_start < end and pause_end > start:
            start = min(pause_end, end)
    return [*stretches, (start, end)] if start < end else stretches


def is_proportional(terms: LoanTerms) -> bool:
    """Whether a regular period is always the same part of a year, however many days it has."""
    return terms.interest_period is _SAME or terms.day_count in _BY_STANDARD_MONTHS


def has_even_days(terms: LoanTerms) -> bool:
    """Whether every day costs the same, whenever it is."""
    return not is_proportional(terms) and terms.day_count not in day_counts.BY_CALENDAR


def counted(terms: LoanTerms, start: date, end: date) -> Ratio:
    """The part of a year between two days, by the day count of the terms."""
    if by_calendar := day_counts.BY_CALENDAR.get(terms.day_count):
        return by_calendar(start, end)
    return (end - start).days, year_days(terms)


def year_days(terms: LoanTerms) -> int:
    if terms.day_count is DayCount.ACTUAL_FIRST_YEAR:
        return day_counts.length_of(terms.disbursed_on.year)
    return _YEAR_DAYS[terms.day_count]


def standard_days(terms: LoanTerms) -> int:
    """The days of a regular period, were every month 30 days and every year a whole one."""
    if terms.frequency is Frequency.YEAR:
        return year_days(terms) * terms.every
    if terms.frequency is Frequency.MONTH:
        return 30 * terms.every
    return calendars.step_days(terms)


def regular(terms: LoanTerms) -> Ratio:
    """The part of a year that one whole regular period is."""
    if terms.interest_period is _SAME:
        return terms.every, _PER_YEAR.get(terms.frequency) or year_days(terms)
    if terms.frequency not in _BY_MONTHS:
        return calendars.step_days(terms), year_days(terms)
    months = calendars.step_months(terms)
    return (months, 12) if terms.day_count is _THIRTY else (30 * months, year_days(terms))


def _fractions(terms: LoanTerms, dates: list[date]) -> list[Ratio]:
    is_moved = bool(terms.agreed_dates) and terms.interest_period is not _SAME
    if is_moved and terms.day_count in _BY_STANDARD_MONTHS:
        starts = [terms.disbursed_on, *dates[:-1]]
        year = year_days(terms)
        return [(_standard_days(a, b), year) for a, b in zip(starts, dates, strict=True)]
    if is_proportional(terms):
        part, whole = regular(terms)
        periods, of = _first_period(terms)
        return [(part * periods, whole * of)] + [(part, whole)] * (len(dates) - 1)
    starts = [terms.disbursed_on, *dates[:-1]]
    if by_calendar := day_counts.BY_CALENDAR.get(terms.day_count):
        return [by_calendar(a, b) for a, b in zip(starts, dates, strict=True)]
    per_year = year_days(terms)
    return [((b - a).days, per_year) for a, b in zip(starts, dates, strict=True)]


def _standard_days(start: date, end: date) -> int:
    """Days between two dates when every month has 30: whole months, and what is left of one."""
    months = (end.year - start.year) * 12 + end.month - start.month
    months -= calendars.add_months(start, months) > end
    return 30 * months + min((end - calendars.add_months(start, months)).days, 30)


def begins_regularly(terms: LoanTerms) -> bool:
    """Whether the first period is a whole one. Listed due dates count as whole periods."""
    first = terms.first_due_on
    if first is None or (terms.due_dates and terms.due_dates[0] != first):
        return True
    return calendars.step(terms, terms.disbursed_on) == first


def _first_period(terms: LoanTerms) -> Ratio:
    """How many regular periods the first one is: counted back from the first due date.

    Paid out on 15 January and due on 1 February: the period that ends there began on 1 January,
    and 17 of its 31 days are used.
    """
    first, paid_out = terms.first_due_on, terms.disbursed_on
    if first is None or begins_regularly(terms):
        return 1, 1
    whole, begin, previous = 0, first, calendars.step(terms, first, -1)
    while previous >= paid_out:
        whole += 1
        begin, previous = previous, calendars.step(terms, first, -(whole + 1))
    length = (begin - previous).days
    return whole * length + (begin - paid_out).days, length
