"""What a loan costs, before anybody signs: schedule, totals and every APR."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, Generic, NamedTuple, TypeVar

from kit.money import Money
from servicing import annuity, apr, calendars, interest, schedule, unit_periods
from servicing.apr import Timed
from servicing.choices import Method, Weekend
from servicing.clauses import NO_GRACE
from servicing.fields import InvalidTerms
from servicing.schedule import Installment, Kind, Schedule
from servicing.terms import LoanTerms
from servicing.unit_periods import Unit, UnitPeriod

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Quote:
    schedule: Schedule
    apr: dict[str, str]
    """us, eu, uk, in: percent with six decimals."""

    @property
    def installments(self) -> tuple[Installment, ...]:
        return self.schedule.installments

    @property
    def total_interest(self) -> Money:
        return self.schedule.total_interest

    @property
    def total_fees(self) -> Money:
        return self.schedule.total_fees

    @property
    def total_payable(self) -> Money:
        return self.schedule.total_payable

    @property
    def net_disbursed(self) -> Money:
        return self.schedule.net_disbursed


def quote(terms: LoanTerms) -> Quote:
    plan = schedule.build(terms)
    try:
        return Quote(plan, costs(terms, plan))
    except apr.NoAnnualRate:
        raise InvalidTerms(
            field="annual_rate_percent", reason="gives a yearly cost beyond any limit"
        ) from None


class _Moments(NamedTuple, Generic[T]):
    """When each draw and each due portion happens, in some measure of time."""

    draws: list[T]
    dues: list[T]


def costs(terms: LoanTerms, plan: Schedule) -> dict[str, str]:
    """The APRs of a schedule. Fees paid or kept at the start lessen what the borrower receives."""
    received = [draw.amount_minor for draw in plan.draws]
    received[0] -= plan.upfront_minor + plan.deducted_minor
    if received[0] <= 0:
        raise InvalidTerms(field="fees", reason="must leave something to pay out")
    dues = [row.due for row in plan.installments]
    exact = _unrounded(terms, plan) or dues
    unit = UnitPeriod(Unit(terms.frequency.value), terms.every)
    if _is_row(terms, plan, unit):
        american, european = apr.of_row(received[0], dues, unit.per_year)
        indian = apr.of_row(received[0], exact, unit.per_year)[0] if exact is not dues else american
    else:
        times = _times(terms, plan, unit)
        american = _american(terms, plan, times, received)
        years = _years(terms, plan, times, unit)
        european = apr.effective(_flows(years, received, dues))
        periods = _Moments(*([whole + float(rest) for whole, rest in each] for each in times))
        indian = apr.nominal(_flows(periods, received, exact), unit.per_year)
    text = [apr.percent(rate) for rate in (american, european, indian)]
    return {"us": text[0], "eu": text[1], "uk": text[1], "in": text[2]}


def _is_row(terms: LoanTerms, plan: Schedule, unit: UnitPeriod) -> bool:
    """Paid out at once and repaid at the ends of whole periods: one rate has every convention."""
    if terms.due_dates or terms.tranches or terms.down_payment or unit.days > 365:
        return False
    if unit.unit is Unit.DAY and _is_shifted(terms):
        return False
    return _starts_whole(terms) and sum(row.due > 0 for row in plan.installments) > 1


def _starts_whole(terms: LoanTerms) -> bool:
    first = terms.first_due_on
    return first is None or calendars.step(terms, terms.disbursed_on) == first


def _is_shifted(terms: LoanTerms) -> bool:
    kept = terms.weekend is Weekend.KEEP and not terms.holidays
    return not kept or terms.holiday_country is not None


def _flows(
    moments: _Moments[float], received: Sequence[float], dues: Sequence[float]
) -> list[tuple[float, float]]:
    advances = zip(moments.draws, received, strict=True)
    return [*advances, *((t, -due) for t, due in zip(moments.dues, dues, strict=True))]


def _american(
    terms: LoanTerms, plan: Schedule, times: _Moments[tuple[int, Fraction]], received: list[int]
) -> float:
    """In unit periods of at most a year; irregular days and single payments choose their own."""
    unit = UnitPeriod(Unit(terms.frequency.value), terms.every)
    draws = [draw.on for draw in plan.draws]
    days = _nominal_days(terms, plan)
    paid = [day for day, row in zip(days, plan.installments, strict=True) if row.due]
    is_single = len(paid) == len(draws) == 1
    if terms.due_dates or is_single or unit != unit_periods.at_most_a_year(unit):
        unit = unit_periods.of_days(draws, paid)
        anchor = unit_periods.anchor(draws[0], paid)
        times = _Moments(
            [unit_periods.between(draws[0], day, unit) for day in draws],
            [unit_periods.between(draws[0], day, unit, anchor) for day in days],
        )
    flows = [Timed(amount, *t) for amount, t in zip(received, times.draws, strict=True)]
    dues = zip(plan.installments, times.dues, strict=True)
    return apr.us([*flows, *(Timed(-row.due, *t) for row, t in dues)], unit.per_year)


def _nominal_days(terms: LoanTerms, plan: Schedule) -> list[date]:
    """When payments are due before weekends and holidays move them."""
    days = [row.due_on for row in plan.installments]
    if not _is_shifted(terms):
        return days
    still = replace(terms, weekend=Weekend.KEEP, holidays=(), holiday_country=None)
    nominal = dict(zip(calendars.due_dates(terms), calendars.due_dates(still), strict=True))
    return [nominal.get(day, day) for day in days]


def _times(terms: LoanTerms, plan: Schedule, unit: UnitPeriod) -> _Moments[tuple[int, Fraction]]:
    """In unit periods. Weekends and holidays shift a payment, not its place in the row."""
    start = terms.disbursed_on
    draws = [unit_periods.between(start, draw.on, unit) for draw in plan.draws]
    if terms.due_dates:
        return _Moments(
            draws, [unit_periods.between(start, row.due_on, unit) for row in plan.installments]
        )
    whole, rest = _until_first(terms, unit)
    dues = []
    for row in plan.installments:
        if row.kind is Kind.DOWN_PAYMENT:
            dues.append(unit_periods.between(start, row.due_on, unit))
        else:
            dues.append((whole, rest))
            whole += 1
    return _Moments(draws, dues)


def _until_first(terms: LoanTerms, unit: UnitPeriod) -> tuple[int, Fraction]:
    if terms.first_due_on is None or _starts_whole(terms):
        return 1, Fraction(0)
    return unit_periods.between(terms.disbursed_on, terms.first_due_on, unit)


def _years(
    terms: LoanTerms, plan: Schedule, times: _Moments[tuple[int, Fraction]], unit: UnitPeriod
) -> _Moments[float]:
    """The same moments in years; odd days count over the real length of their year."""
    start = terms.disbursed_on
    draws = [_in_years(start, draw.on, unit) for draw in plan.draws]
    if terms.due_dates or unit.unit is Unit.DAY:
        return _Moments(draws, [_in_years(start, row.due_on, unit) for row in plan.installments])
    whole, _ = _until_first(terms, unit)
    odd, per_year = 0.0, float(unit.per_year)
    if terms.first_due_on is not None and not _starts_whole(terms):
        odd = _in_years(start, terms.first_due_on, unit) - whole / per_year
    dues = [
        _in_years(start, row.due_on, unit)
        if row.kind is Kind.DOWN_PAYMENT
        else periods / per_year + odd
        for row, (periods, _) in zip(plan.installments, times.dues, strict=True)
    ]
    return _Moments(draws, dues)


def _in_years(start: date, end: date, unit: UnitPeriod) -> float:
    return float(unit_periods.years_between(start, end, unit))


def _unrounded(terms: LoanTerms, plan: Schedule) -> list[float] | None:
    """What the borrower would pay if cents could be split: only a level installment has this."""
    level = terms.method is Method.DECLINING and terms.installment_minor is None
    uneven = (terms.tranches, terms.down_payment, terms.weights, terms.rate_changes)
    if not level or any(uneven) or terms.interest_pauses or terms.grace != NO_GRACE:
        return None
    dates = [row.due_on for row in plan.installments]
    exact = annuity.exact_level(terms, interest.periods(terms, dates))
    return [exact + row.fees for row in plan.installments]


def as_document(quoted: Quote) -> dict[str, Any]:
    """The quote as every interface shows it: decimal strings in major units, ISO dates."""
    plan = quoted.schedule

    def major(minor: int) -> str:
        return plan.money(minor).major

    return {
        "currency": plan.currency,
        "disbursements": [
            {"on": draw.on.isoformat(), "amount": major(draw.amount_minor)} for draw in plan.draws
        ],
        "installments": [
            {
                "n": row.n,
                "due_on": row.due_on.isoformat(),
                "days": row.days,
                "principal": major(row.principal),
                "interest": major(row.interest),
                "fees": major(row.fees),
                "due": major(row.due),
                "balance": major(row.balance),
                "kind": row.kind.value,
            }
            for row in plan.installments
        ],
        "total_interest": plan.total_interest.major,
        "total_fees": plan.total_fees.major,
        "total_payable": plan.total_payable.major,
        "net_disbursed": plan.net_disbursed.major,
        "apr": quoted.apr,
    }
