"""Cash flows as people write them for an APR: by date or by time, with counts and distances."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

from servicing import apr, unit_periods
from servicing.apr import Convention, Timed
from servicing.fields import Fields, InvalidTerms
from servicing.unit_periods import Unit, UnitPeriod

_EVERY = re.compile(r"(\d{1,3} ?)?(day|week|semimonth|month|year)s?\Z", re.ASCII)
_FLOWS_MAX = 20_000
_WRITTEN_OUT = Fraction(1, 1000)
"""0.083333 of a year is a month."""
_MONTH = UnitPeriod(Unit.MONTH)

At = date | Fraction
"""A calendar day, or a time in years."""
Amounts = tuple[tuple[Fraction, At], ...]
"""Single flows, each with its day or its time."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One advance or payment; with neither date nor time it follows its predecessor."""

    amount: Fraction
    on: date | None
    t: Fraction | None
    count: int
    every: UnitPeriod | None


@dataclass(frozen=True, slots=True)
class Flows:
    convention: Convention
    advances: Amounts
    payments: Amounts
    unit: UnitPeriod
    per_year: Fraction
    first: tuple[int, Fraction] | None
    """Unit periods to the first payment and the rest of one, when they were said."""


def parse(source: Mapping[str, Any]) -> Flows:
    fields = Fields(source)
    convention = fields.choice("convention", Convention)
    lent, repaid = _rows(fields, "advances"), _rows(fields, "payments")
    per_year = _per_year(fields)
    first = _first(fields)
    fields.finish()
    said = _unit_of(per_year) if per_year else _said(repaid)
    advances = _expand("advances", lent, said or _MONTH, Fraction(0))
    origin = min((at for _, at in advances if isinstance(at, date)), default=None)
    payments = _expand("payments", repaid, said or _MONTH, origin or Fraction(0))
    _check(convention, advances, payments, origin)
    unit = said or _shown(convention, advances, payments)
    if convention is Convention.US and not per_year:
        unit = unit_periods.at_most_a_year(unit)
    if not (per_year or said or convention in (Convention.EU, Convention.UK)):
        per_year = _frequency(convention, advances, payments)
    return Flows(convention, advances, payments, unit, per_year or unit.per_year, first)


def annual_rate(flows: Flows) -> float:
    """The APR in percent."""
    try:
        if flows.convention in (Convention.EU, Convention.UK):
            return apr.effective(_in_years(flows))
        periods = _in_periods(flows)
        if flows.convention is Convention.US:
            return apr.us(periods, flows.per_year)
        return apr.nominal(
            [(whole + float(rest), amount) for amount, whole, rest in periods], flows.per_year
        )
    except apr.NoAnnualRate:
        raise InvalidTerms(
            field="payments", reason="have no yearly rate at which they are worth the advances"
        ) from None


def _rows(fields: Fields, key: str) -> list[Flow]:
    rows = [_flow(item) for item in fields.items(key)]
    if not rows:
        raise fields.refuse(key, "must have at least one item")
    if sum(row.count for row in rows) > _FLOWS_MAX:
        raise fields.refuse(key, f"must add up to at most {_FLOWS_MAX} flows")
    return rows


def _flow(fields: Fields) -> Flow:
    on = fields.day("on") if fields.has("on") else None
    t = fields.ratio("t") if fields.has("t") else None
    fields.raw("on"), fields.raw("t")
    if on is not None and t is not None:
        raise fields.refuse("t", "must not be given together with on")
    flow = Flow(
        amount=fields.number("amount", high=10**12),
        on=on,
        t=t,
        count=fields.integer("count", 1, 1, _FLOWS_MAX),
        every=_every(fields),
    )
    fields.finish()
    return flow


def _every(fields: Fields) -> UnitPeriod | None:
    value = fields.raw("every")
    if value is None:
        return None
    match = _EVERY.match(str(value))
    if match and int(match[1] or 1):
        return UnitPeriod(Unit(match[2]), int(match[1] or 1))
    if (unit := _distance(fields.ratio("every"))) is None:
        raise fields.refuse("every", "must be a distance such as 1 month or 2 weeks")
    return unit


def _distance(years: Fraction) -> UnitPeriod | None:
    for unit in (Unit.YEAR, Unit.MONTH, Unit.SEMIMONTH, Unit.WEEK, Unit.DAY):
        periods = years * UnitPeriod(unit).per_year
        if round(periods) and abs(periods - round(periods)) < _WRITTEN_OUT:
            return UnitPeriod(unit, round(periods))
    return None


def _per_year(fields: Fields) -> Fraction:
    """0 when nobody said it."""
    fields.raw("unit_periods_per_year")
    if not fields.has("unit_periods_per_year"):
        return Fraction(0)
    per_year = fields.ratio("unit_periods_per_year")
    if not Fraction(1, 100) <= per_year <= 366:
        raise fields.refuse("unit_periods_per_year", "must be from 0.01 to 366")
    return per_year


def _first(fields: Fields) -> tuple[int, Fraction] | None:
    fields.raw("whole_periods_to_first"), fields.raw("odd_fraction")
    if not fields.has("whole_periods_to_first"):
        return None
    whole = fields.integer("whole_periods_to_first", None, 0, 10_000)
    return whole, fields.ratio("odd_fraction") if fields.has("odd_fraction") else Fraction(0)


def _unit_of(per_year: Fraction) -> UnitPeriod:
    for unit in (Unit.YEAR, Unit.MONTH, Unit.SEMIMONTH, Unit.WEEK, Unit.DAY):
        if (every := UnitPeriod(unit).per_year / per_year).denominator == 1:
            return UnitPeriod(unit, every.numerator)
    return UnitPeriod(Unit.DAY, max(round(365 / per_year), 1))


def _said(payments: list[Flow]) -> UnitPeriod | None:
    """The distance of the longest row, when it makes up half of the payments or more."""
    longest = max(payments, key=lambda row: row.count if row.every else 0)
    total = sum(row.count for row in payments)
    return longest.every if 1 < total <= 2 * longest.count else None


def _shown(convention: Convention, advances: Amounts, payments: Amounts) -> UnitPeriod:
    """The distance that the dates show."""
    lent = [at for _, at in advances if isinstance(at, date)]
    repaid = [at for _, at in payments if isinstance(at, date)]
    if len(lent) < len(advances) or len(repaid) < len(payments):
        return _MONTH
    if convention is Convention.US:
        return unit_periods.of_days(lent, repaid)
    common = unit_periods.most_common(lent, repaid)
    return common or UnitPeriod(Unit.MONTH if convention is Convention.IN else Unit.DAY)


def _frequency(convention: Convention, advances: Amounts, payments: Amounts) -> Fraction:
    """The unit periods of a year that times show, by the rule for days; 0 when there are days."""
    lent = [at for _, at in advances if isinstance(at, Fraction)]
    repaid = [at for _, at in payments if isinstance(at, Fraction)]
    if len(lent) < len(advances) or len(repaid) < len(payments):
        return Fraction(0)
    rows = (sorted(lent), sorted({min(lent), *repaid}))
    gaps = [b - a for row in rows for a, b in pairwise(row) if a < b]
    if not gaps or (len(gaps) == 1 and convention is Convention.IN):
        return Fraction(0)
    times = Counter(round(gap, 6) for gap in gaps)
    common = [gap for gap, count in times.items() if count > 1 and gap <= 1]
    if len(gaps) > 1 and not common:
        return unit_periods.nearest(365 * sum(gaps, Fraction(0)) / len(gaps)).per_year
    usual = min(common, key=lambda gap: (-times[gap], gap)) if common else gaps[0]
    unit = _distance(usual)
    return max(unit.per_year if unit else 1 / usual, Fraction(1))


def _expand(key: str, rows: list[Flow], unit: UnitPeriod, origin: At) -> Amounts:
    """Rows without a time of their own begin one period after what came before them."""
    expanded: list[tuple[Fraction, At]] = []
    last, step = origin, unit
    for n, row in enumerate(rows):
        every = row.every or unit
        try:
            base = row.on or row.t if row.on or row.t is not None else _shift(last, step, 1)
            assert base is not None
            expanded.extend((row.amount, _shift(base, every, n)) for n in range(row.count))
        except (ValueError, OverflowError):
            raise InvalidTerms(
                field=f"{key}[{n}]", reason="must not lead beyond the year 9999"
            ) from None
        last, step = expanded[-1][1], every
    return tuple(expanded)


def _shift(base: At, every: UnitPeriod, times: int) -> At:
    if isinstance(base, Fraction):
        return base + times / every.per_year
    return unit_periods.shift(base, every, times)


def _check(
    convention: Convention, advances: Amounts, payments: Amounts, origin: date | None
) -> None:
    days = [at for _, at in payments if isinstance(at, date)]
    if days and origin is None:
        raise InvalidTerms(field="advances", reason="must have a date when payments have dates")
    if sum(amount for amount, _ in payments) < sum(amount for amount, _ in advances):
        raise InvalidTerms(field="payments", reason="must add up to at least the advances")
    if convention is not Convention.US and origin and days and min(days) < origin:
        raise InvalidTerms(field="payments", reason="must not be before the first advance")


def _in_years(flows: Flows) -> list[tuple[float, float]]:
    origin = _origin(flows.advances)
    lent, repaid = (_years(flows, row, origin) for row in (flows.advances, flows.payments))
    return [
        *zip(lent, _signed(flows.advances, 1), strict=True),
        *zip(repaid, _signed(flows.payments, -1), strict=True),
    ]


def _years(flows: Flows, row: Amounts, origin: date) -> list[float]:
    anchor = _anchor(origin, row)
    return [
        float(at)
        if isinstance(at, Fraction)
        else float(unit_periods.years_between(origin, at, flows.unit, anchor))
        for _, at in row
    ]


def _in_periods(flows: Flows) -> list[Timed]:
    """Flows in unit periods, counted from the earliest of them."""
    origin = _origin((*flows.advances, *flows.payments))
    lent = _periods(flows, flows.advances, origin)
    repaid = _periods(flows, flows.payments, origin)
    if flows.first is not None:
        repaid = _after_first(flows.first, repaid)
    return [
        *(Timed(a, *t) for a, t in zip(_signed(flows.advances, 1), lent, strict=True)),
        *(Timed(a, *t) for a, t in zip(_signed(flows.payments, -1), repaid, strict=True)),
    ]


def _periods(flows: Flows, row: Amounts, origin: date) -> list[tuple[int, Fraction]]:
    anchor = _anchor(origin, row)
    times = []
    for _, at in row:
        if isinstance(at, date):
            times.append(unit_periods.between(origin, at, flows.unit, anchor))
        else:
            whole, rest = divmod(at * flows.per_year, 1)
            times.append((whole, rest))
    return times


def _after_first(
    first: tuple[int, Fraction], counted: list[tuple[int, Fraction]]
) -> list[tuple[int, Fraction]]:
    """Payments moved as one row to where the first of them was said to be."""
    whole, rest = first
    start, start_rest = counted[0]
    moved = []
    for n, part in counted:
        carried, odd = divmod(rest + part - start_rest, 1)
        moved.append((whole + n - start + carried, odd))
    return moved


def _origin(row: Sequence[tuple[Fraction, At]]) -> date:
    return min((at for _, at in row if isinstance(at, date)), default=date.min)


def _anchor(origin: date, row: Amounts) -> int:
    days = [at for _, at in row if isinstance(at, date)]
    return unit_periods.anchor(origin, days) if days else 0


def _signed(row: Amounts, sign: int) -> list[float]:
    return [float(sign * amount) for amount, _ in row]
