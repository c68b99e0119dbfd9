"""Cash flows as people write them for an APR: by date or by time, with counts and distances."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from servicing import apr, calendars
from servicing.apr import Convention, Timed, Unit, UnitPeriod
from servicing.fields import Fields, InvalidTerms

_EVERY = re.compile(r"(\d{1,3} ?)?(day|week|month|year)s?\Z", re.ASCII)
_FLOWS_MAX = 20_000
_WRITTEN_OUT = Fraction(1, 1000)
"""0.083333 of a year is a month."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One advance or payment; with neither date nor time it follows its predecessor."""

    amount: int
    on: date | None
    t: Fraction | None
    count: int
    every: UnitPeriod | None


@dataclass(frozen=True, slots=True)
class Flows:
    convention: Convention
    advances: tuple[Flow, ...]
    payments: tuple[Flow, ...]
    unit: UnitPeriod
    per_year: Fraction
    whole_to_first: int | None
    odd_fraction: Fraction


def parse(source: Mapping[str, Any]) -> Flows:
    fields = Fields(source)
    convention = fields.choice("convention", Convention)
    advances = tuple(_flow(item) for item in fields.items("advances"))
    payments = tuple(_flow(item) for item in fields.items("payments"))
    for key, flows in (("advances", advances), ("payments", payments)):
        if not flows:
            raise fields.refuse(key, "must have at least one item")
        if sum(flow.count for flow in flows) > _FLOWS_MAX:
            raise fields.refuse(key, f"must add up to at most {_FLOWS_MAX} flows")
    fields.raw("unit_periods_per_year")
    said = fields.has("unit_periods_per_year")
    per_year = fields.ratio("unit_periods_per_year") if said else Fraction(0)
    if said and not Fraction(1, 100) <= per_year <= 366:
        raise fields.refuse("unit_periods_per_year", "must be from 0.01 to 366")
    whole = None
    fields.raw("whole_periods_to_first"), fields.raw("odd_fraction")
    if fields.has("whole_periods_to_first"):
        whole = fields.integer("whole_periods_to_first", None, 0, 10_000)
    odd = fields.ratio("odd_fraction") if fields.has("odd_fraction") else Fraction(0)
    fields.finish()
    unit = _unit(per_year, advances, payments, convention)
    return Flows(convention, advances, payments, unit, per_year or unit.per_year, whole, odd)


def annual_rate(flows: Flows) -> float:
    """The APR in percent."""
    if flows.convention in (Convention.EU, Convention.UK):
        origin = _origin(flows)
        advances, payments = (
            [Timed(amount, 0, _in_years(flows, origin, at)) for amount, at in _expand(rows, flows)]
            for rows in (flows.advances, flows.payments)
        )
        return apr.effective(advances, payments, Fraction(1))
    advances, payments = _in_periods(flows)
    if flows.convention is Convention.US:
        return apr.us(advances, payments, flows.per_year)
    return apr.nominal(
        [(a.whole + a.rest, float(a.amount)) for a in advances],
        [(p.whole + p.rest, float(p.amount)) for p in payments],
        flows.per_year,
    )


At = date | Fraction
"""A calendar day, or a time in years."""


def _flow(fields: Fields) -> Flow:
    on = fields.day("on") if fields.has("on") else None
    t = fields.ratio("t") if fields.has("t") else None
    fields.raw("on"), fields.raw("t")
    if on is not None and t is not None:
        raise fields.refuse("t", "must not be given together with on")
    flow = Flow(
        amount=_amount(fields),
        on=on,
        t=t,
        count=fields.integer("count", 1, 1, _FLOWS_MAX),
        every=_every(fields),
    )
    fields.finish()
    return flow


def _amount(fields: Fields) -> int:
    """In hundred-thousandths, so that no currency is needed and nothing is lost."""
    amount = fields.number("amount", high=10**12)
    scaled = amount * 100_000
    if scaled.denominator != 1:
        raise fields.refuse("amount", "must have at most 5 decimals")
    return scaled.numerator


def _every(fields: Fields) -> UnitPeriod | None:
    value = fields.raw("every")
    if value is None:
        return None
    match = _EVERY.match(str(value))
    if match and int(match[1] or 1):
        return UnitPeriod(Unit(match[2]), int(match[1] or 1))
    ratio = fields.ratio("every")
    for unit in (Unit.YEAR, Unit.MONTH, Unit.WEEK, Unit.DAY):
        periods = ratio * UnitPeriod(unit).per_year
        if round(periods) and abs(periods - round(periods)) < _WRITTEN_OUT:
            return UnitPeriod(unit, round(periods))
    raise fields.refuse("every", "must be a distance such as 1 month or 2 weeks")


def _unit(
    per_year: Fraction,
    advances: tuple[Flow, ...],
    payments: tuple[Flow, ...],
    convention: Convention,
) -> UnitPeriod:
    """The distance that was said, or that the dates show; else a month."""
    if per_year:
        for unit in (Unit.YEAR, Unit.MONTH, Unit.WEEK, Unit.DAY):
            if (every := UnitPeriod(unit).per_year / per_year).denominator == 1:
                return UnitPeriod(unit, every.numerator)
        return UnitPeriod(Unit.DAY, max(round(365 / per_year), 1))
    for flow in payments:
        if flow.every is not None:
            return flow.every
    days = [flow.on for flow in payments if flow.on is not None]
    if len(days) > 1:
        return _distance(days[0], days[1])
    if convention is Convention.US and days and advances[0].on is not None:
        return _distance(advances[0].on, days[0])
    return UnitPeriod(Unit.DAY if convention in (Convention.EU, Convention.UK) else Unit.MONTH)


def _distance(first: date, second: date) -> UnitPeriod:
    months = (second.year - first.year) * 12 + second.month - first.month
    if months and calendars.add_months(first, months) == second:
        return UnitPeriod(Unit.MONTH, months)
    weeks, odd = divmod((second - first).days, 7)
    return (
        UnitPeriod(Unit.DAY, max((second - first).days, 1))
        if odd
        else UnitPeriod(Unit.WEEK, max(weeks, 1))
    )


def _origin(flows: Flows) -> date | None:
    return next((flow.on for flow in flows.advances if flow.on is not None), None)


def _expand(rows: tuple[Flow, ...], flows: Flows) -> list[tuple[int, At]]:
    """Every single flow with its day or its time."""
    expanded: list[tuple[int, At]] = []
    following: At | None = None
    for row in rows:
        every = row.every or flows.unit
        base: At | None = row.on if row.on is not None else row.t
        if base is None:
            base = following if following is not None else _first(flows)
        expanded.extend((row.amount, _shift(base, every, n)) for n in range(row.count))
        following = _shift(base, every, row.count)
    return expanded


def _first(flows: Flows) -> At:
    """Payments without a time of their own begin one period after the advance."""
    origin = _origin(flows)
    return _shift(origin, flows.unit, 1) if origin is not None else 1 / flows.unit.per_year


def _shift(base: At, every: UnitPeriod, times: int) -> At:
    if isinstance(base, Fraction):
        return base + times / every.per_year
    if every.unit in (Unit.DAY, Unit.WEEK):
        return base + timedelta(days=every.days * times)
    return calendars.add_months(base, every.every * (12 if every.unit is Unit.YEAR else 1) * times)


def _in_years(flows: Flows, origin: date | None, at: At) -> Fraction:
    if isinstance(at, Fraction):
        return at
    if origin is None:
        raise InvalidTerms(field="advances", reason="must have a date when payments have dates")
    if at < origin:
        raise InvalidTerms(field="payments", reason="must not be before the first advance")
    return apr.years_between(origin, at, flows.unit)


def _in_periods(flows: Flows) -> tuple[list[Timed], list[Timed]]:
    """Flows in unit periods: counted from what was said about the first payment, or from dates."""
    if flows.whole_to_first is not None:
        row = [amount for amount, _ in _in_a_row(flows)]
        first = flows.whole_to_first
        payments = [Timed(p, first + n, flows.odd_fraction) for n, p in enumerate(row)]
        return [Timed(flow.amount, 0) for flow in flows.advances], payments
    origin = _origin(flows)
    advances, payments = (
        [Timed(amount, *_periods(flows, origin, at)) for amount, at in _expand(rows, flows)]
        for rows in (flows.advances, flows.payments)
    )
    return advances, payments


def _in_a_row(flows: Flows) -> list[tuple[int, None]]:
    return [(flow.amount, None) for flow in flows.payments for _ in range(flow.count)]


def _periods(flows: Flows, origin: date | None, at: At) -> tuple[int, Fraction]:
    if isinstance(at, Fraction):
        periods = at * flows.per_year
        whole = periods.numerator // periods.denominator
        return whole, periods - whole
    if origin is None:
        raise InvalidTerms(field="advances", reason="must have a date when payments have dates")
    if at < origin:
        raise InvalidTerms(field="payments", reason="must not be before the first advance")
    return apr.periods_between(origin, at, flows.unit)
