"""What a loan costs, before anybody signs: schedule, totals and every APR."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, NamedTuple, TypeVar

from kit.money import Money
from servicing import annuity, apr, calendars, interest, schedule
from servicing.apr import Timed, Unit, UnitPeriod
from servicing.choices import Method
from servicing.clauses import NO_GRACE
from servicing.fields import InvalidTerms
from servicing.schedule import Installment, Kind, Schedule
from servicing.terms import LoanTerms

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


def costs(terms: LoanTerms, plan: Schedule) -> dict[str, str]:
    """The APRs of a schedule. Fees paid or kept at the start lessen what the borrower receives."""
    unit = UnitPeriod(Unit(terms.frequency.value), terms.every)
    received = [draw.amount_minor for draw in plan.draws]
    received[0] -= plan.upfront_minor + plan.deducted_minor
    if received[0] <= 0:
        raise InvalidTerms(field="fees", reason="must leave something to pay out")
    dues = [row.due for row in plan.installments]
    times = _times(terms, plan, unit)
    advances = [Timed(amount, *t) for amount, t in zip(received, times.draws, strict=True)]
    payments = [Timed(amount, *t) for amount, t in zip(dues, times.dues, strict=True)]
    years = _years(terms, plan, times, unit)
    european = apr.percent(
        apr.effective(
            [Timed(amount, 0, t) for amount, t in zip(received, years.draws, strict=True)],
            [Timed(amount, 0, t) for amount, t in zip(dues, years.dues, strict=True)],
            Fraction(1),
        )
    )
    exact = _unrounded(terms, plan) or [float(due) for due in dues]
    indian = apr.nominal(
        [(t.whole + t.rest, float(t.amount)) for t in advances],
        [(t.whole + t.rest, amount) for t, amount in zip(payments, exact, strict=True)],
        unit.per_year,
    )
    american = apr.percent(apr.us(advances, payments, unit.per_year))
    return {"us": american, "eu": european, "uk": european, "in": apr.percent(indian)}


class _Moments(NamedTuple, Generic[T]):
    """When each draw and each due portion happens, in some measure of time."""

    draws: list[T]
    dues: list[T]


def _times(terms: LoanTerms, plan: Schedule, unit: UnitPeriod) -> _Moments[tuple[int, Fraction]]:
    """In unit periods. Weekends and holidays shift a payment, not its place in the row."""
    start = terms.disbursed_on
    draws = [apr.periods_between(start, draw.on, unit) for draw in plan.draws]
    if terms.due_dates:
        return _Moments(
            draws, [apr.periods_between(start, row.due_on, unit) for row in plan.installments]
        )
    whole, rest = _until_first(terms, unit)
    dues = []
    for row in plan.installments:
        if row.kind is Kind.DOWN_PAYMENT:
            dues.append(apr.periods_between(start, row.due_on, unit))
        else:
            dues.append((whole, rest))
            whole += 1
    return _Moments(draws, dues)


def _until_first(terms: LoanTerms, unit: UnitPeriod) -> tuple[int, Fraction]:
    first, start = terms.first_due_on, terms.disbursed_on
    if first is None or calendars.step(terms, start) == first:
        return 1, Fraction(0)
    return apr.periods_between(start, first, unit)


def _years(
    terms: LoanTerms, plan: Schedule, times: _Moments[tuple[int, Fraction]], unit: UnitPeriod
) -> _Moments[Fraction]:
    """The same moments in years; odd days count over the real length of their year."""
    start = terms.disbursed_on
    draws = [apr.years_between(start, draw.on, unit) for draw in plan.draws]
    if terms.due_dates or unit.unit is Unit.DAY:
        return _Moments(
            draws, [apr.years_between(start, row.due_on, unit) for row in plan.installments]
        )
    whole, _ = _until_first(terms, unit)
    first = next(row for row in plan.installments if row.kind is Kind.INSTALLMENT)
    odd = Fraction(0)
    if terms.first_due_on is not None and times.dues[first.n - 1][1]:
        odd = apr.years_between(start, terms.first_due_on, unit) - whole / unit.per_year
    dues = [
        apr.years_between(start, row.due_on, unit)
        if row.kind is Kind.DOWN_PAYMENT
        else periods / unit.per_year + odd
        for row, (periods, _) in zip(plan.installments, times.dues, strict=True)
    ]
    return _Moments(draws, dues)


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
