"""The true yearly cost of money, as the United States, Europe, Britain and India define it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from kit.errors import DomainError
from servicing import calendars, yields


class NoAnnualRate(DomainError):
    """The payments and advances have no rate that makes them worth the same."""

    code = "no_annual_rate"


class Convention(StrEnum):
    US = "us"
    EU = "eu"
    UK = "uk"
    IN = "in"


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """The regular distance between payments: `every` days, weeks, months or years."""

    unit: Unit
    every: int = 1

    @property
    def per_year(self) -> Fraction:
        return Fraction(_PER_YEAR[self.unit], self.every)

    @property
    def days(self) -> int:
        """Its length for odd days: a month counts 30, whatever its name."""
        return _DAYS[self.unit] * self.every


_PER_YEAR = {Unit.DAY: 365, Unit.WEEK: 52, Unit.MONTH: 12, Unit.YEAR: 1}
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 30, Unit.YEAR: 365}


@dataclass(frozen=True, slots=True)
class Timed:
    """An amount at a time: whole periods, and the rest of one."""

    amount: int
    whole: int
    rest: Fraction = Fraction(0)


def us(advances: Sequence[Timed], payments: Sequence[Timed], per_year: Fraction) -> float:
    """Regulation Z, Appendix J: simple interest over odd days, compound over unit periods."""
    flows = [(float(a.whole), float(a.amount)) for a in advances]
    flows += [(float(p.whole), -float(p.amount)) for p in payments]
    odd = [float(flow.rest) for flow in (*advances, *payments)]
    return 100 * float(per_year) * _solved(flows, odd)


def effective(advances: Sequence[Timed], payments: Sequence[Timed], per_year: Fraction) -> float:
    """Directive 2008/48/EC and CONC App 1: compound interest throughout, time in years."""
    periods = float(per_year)
    flows = [((a.whole + float(a.rest)) / periods, float(a.amount)) for a in advances]
    flows += [((p.whole + float(p.rest)) / periods, -float(p.amount)) for p in payments]
    return 100 * _solved(flows)


def nominal(
    advances: Sequence[tuple[int | Fraction, float]],
    payments: Sequence[tuple[int | Fraction, float]],
    per_year: Fraction,
) -> float:
    """India's key facts statement: the rate per period times the periods of a year.

    Amounts may be fractions of a cent: the circular's example uses the unrounded installment.
    """
    if len(advances) == 1 and advances[0][0] == 0 and _is_row(payments):
        try:
            rate = yields.periodic_rate(advances[0][1], [amount for _, amount in payments])
        except yields.NoRate as error:
            raise NoAnnualRate(reason=str(error)) from None
        return 100 * float(per_year) * rate
    flows = [(float(t), float(amount)) for t, amount in advances]
    flows += [(float(t), -float(amount)) for t, amount in payments]
    return 100 * float(per_year) * _solved(flows)


def periods_between(start: date, end: date, unit: UnitPeriod) -> tuple[int, Fraction]:
    """Whole unit periods counted back from `end`, and the odd days before them as a fraction.

    In a unit of several months an odd month counts 30 days: 23 May to 1 October, by quarters, is
    one quarter back to 1 July, one month back to 1 June and 9 days: 39/90.
    """
    if unit.unit in (Unit.DAY, Unit.WEEK):
        whole, rest = divmod((end - start).days, unit.days)
        return whole, Fraction(rest, unit.days)
    months_each = unit.every * (12 if unit.unit is Unit.YEAR else 1)
    months, odd = _months_back(start, end)
    whole, months = divmod(months, months_each)
    if unit.unit is Unit.YEAR:
        rest = (calendars.add_months(end, -whole * months_each) - start).days
        return whole, Fraction(rest, unit.days)
    return whole, Fraction(30 * months + odd, unit.days)


def years_between(start: date, end: date, unit: UnitPeriod) -> Fraction:
    """Time in years for the European equation: whole months or weeks, odd days over their year.

    Flows that follow no months or weeks are counted in days, 365 to the year. The year of odd days
    is the one that ends on the day to which they are counted: 366 days long when it holds a
    29 February.
    """
    if unit.unit is Unit.DAY:
        return Fraction((end - start).days, 365)
    if unit.unit is Unit.WEEK:
        weeks, odd = divmod((end - start).days, 7)
        return Fraction(weeks, 52) + _odd_part(start, odd)
    months, odd = _months_back(start, end)
    return Fraction(months, 12) + _odd_part(start, odd)


def percent(value: float) -> str:
    """Six decimals, as every interface of ours shows an APR."""
    text = f"{value:.6f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _months_back(start: date, end: date) -> tuple[int, int]:
    months = (end.year - start.year) * 12 + end.month - start.month
    if calendars.add_months(end, -months) < start:
        months -= 1
    return months, (calendars.add_months(end, -months) - start).days


def _odd_part(start: date, days: int) -> Fraction:
    if not days:
        return Fraction(0)
    counted_to = start + timedelta(days=days)
    return Fraction(days, (counted_to - calendars.add_months(counted_to, -12)).days)


def _is_row(payments: Sequence[tuple[int | Fraction, float]]) -> bool:
    return all(t == n for n, (t, _) in enumerate(payments, 1))


def _solved(flows: list[yields.Flow], odd: Sequence[float] = ()) -> float:
    try:
        return yields.solve(flows, odd=odd)
    except (yields.NoRate, OverflowError) as error:
        raise NoAnnualRate(reason=str(error)) from None
