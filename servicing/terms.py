"""What was agreed: the terms of one loan, read and refused field by field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from kit.money import Money
from servicing import clauses
from servicing.choices import (
    DayCount,
    Fee,
    Frequency,
    Grace,
    InterestDue,
    InterestPeriod,
    LastInstallment,
    Method,
    MonthEnd,
    RateChange,
    Revenue,
    Tranche,
    Weekend,
)
from servicing.clauses import INSTALLMENTS_MAX, NO_GRACE
from servicing.fields import Fields, InvalidTerms
from servicing.rounding import Rounding

__all__ = ["InvalidTerms", "LoanTerms", "parse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanTerms:
    principal: Money
    annual_rate: Fraction
    """12 % a year is 12/100."""
    method: Method
    frequency: Frequency
    every: int = 1
    installments: int = 0
    """0 when `installment_minor` or sales decide how many there are."""
    disbursed_on: date
    first_due_on: date | None = None
    due_dates: tuple[date, ...] = ()
    agreed_dates: tuple[date, ...] = ()
    """The due dates before they were moved: a level installment stays as it was found with them."""
    day_count: DayCount = DayCount.ACTUAL_365
    interest_period: InterestPeriod = InterestPeriod.SAME_AS_REPAYMENT
    installment_multiple_minor: int = 1
    rounding: Rounding = Rounding.HALF_EVEN
    interest_rounding: Rounding = Rounding.HALF_EVEN
    last_installment: LastInstallment = LastInstallment.RESPREAD
    grace: Grace = NO_GRACE
    interest_due: InterestDue = InterestDue.EACH_INSTALLMENT
    month_end: MonthEnd = MonthEnd.CLAMP
    weekend: Weekend = Weekend.KEEP
    holidays: tuple[date, ...] = ()
    holiday_country: str | None = None
    fees: tuple[Fee, ...] = ()
    down_payment: Fraction = Fraction(0)
    tranches: tuple[Tranche, ...] = ()
    """Every draw, the first on `disbursed_on`; empty when all is paid out at once."""
    installment_minor: int | None = None
    balloon_minor: int = 0
    weights: tuple[Fraction, ...] = ()
    step_rate: Fraction = Fraction(0)
    step_every: int = 12
    harvest_months: tuple[int, ...] = ()
    harvest_cash: tuple[int, ...] = ()
    """In minor units, one for each of `harvest_months`; empty when they bring the same."""
    harvest_delay_months: int = 0
    revenue: Revenue | None = None
    rate_changes: tuple[RateChange, ...] = ()
    interest_pauses: tuple[tuple[date, date], ...] = ()

    @property
    def currency(self) -> str:
        return self.principal.currency

    @property
    def draws(self) -> tuple[Tranche, ...]:
        return self.tranches or (Tranche(self.disbursed_on, self.principal.minor),)

    @property
    def draws_end_periods(self) -> bool:
        """Whether a draw on a due date still belongs to the period that ends on it."""
        return self.last_installment is LastInstallment.ABSORBS


def parse(source: Mapping[str, Any]) -> LoanTerms:
    """Terms as people and programs write them (docs/schedules.md). Raises InvalidTerms."""
    fields = Fields(source)
    currency = fields.currency("currency")
    method = fields.choice("method", Method, Method.DECLINING)
    principal = Money(fields.amount("principal", currency), currency)
    disbursed_on = fields.day("disbursed_on")
    tranches = clauses.tranches(fields, principal, disbursed_on)
    if tranches:
        principal = Money(sum(draw.amount_minor for draw in tranches), currency)
    rounding = fields.choice("rounding", Rounding, Rounding.HALF_EVEN)
    terms = LoanTerms(
        principal=principal,
        annual_rate=_rate(fields, method),
        method=method,
        frequency=fields.choice("frequency", Frequency, Frequency.MONTH),
        every=fields.integer("every", 1, 1, 366),
        disbursed_on=disbursed_on,
        first_due_on=fields.day("first_due_on") if fields.has("first_due_on") else None,
        day_count=fields.choice("day_count", DayCount, DayCount.ACTUAL_365),
        interest_period=_interest_period(fields),
        installment_multiple_minor=clauses.optional_amount(fields, "installment_multiple", currency)
        or 1,
        rounding=rounding,
        interest_rounding=_interest_rounding(fields, rounding),
        last_installment=fields.choice(
            "last_installment", LastInstallment, LastInstallment.RESPREAD
        ),
        interest_due=fields.choice("interest_due", InterestDue, InterestDue.EACH_INSTALLMENT),
        month_end=fields.choice("month_end", MonthEnd, MonthEnd.CLAMP),
        weekend=fields.choice("weekend", Weekend, Weekend.KEEP),
        fees=clauses.fees(fields, currency),
        down_payment=fields.number("down_payment_percent", 0, high=99) / 100,
        step_rate=fields.number("step_percent", 0, high=1_000) / 100,
        step_every=fields.integer("step_every", 12, 1, INSTALLMENTS_MAX),
        balloon_minor=clauses.balloon(fields, method, principal),
        revenue=clauses.revenue(fields, method, currency),
        tranches=tranches,
        rate_changes=clauses.rate_changes(fields),
        interest_pauses=clauses.interest_pauses(fields),
        **clauses.length(fields, method, currency),
        **clauses.harvests(fields, currency),
        **clauses.holidays(fields),
    )
    fields.finish()
    _check_method(terms)
    _check_dates(terms)
    return terms


def _rate(fields: Fields, method: Method) -> Fraction:
    default = 0 if method is Method.REVENUE_SHARE else None
    return fields.number("annual_rate_percent", default, high=10_000) / 100


def _interest_period(fields: Fields) -> InterestPeriod:
    """A day count or due dates of one's own count days, unless the terms say otherwise."""
    counts_days = fields.has("day_count") or fields.has("due_dates")
    counted = InterestPeriod.DAILY if counts_days else InterestPeriod.SAME_AS_REPAYMENT
    return fields.choice("interest_period", InterestPeriod, counted)


def _interest_rounding(fields: Fields, rounding: Rounding) -> Rounding:
    """Installments are often rounded up; interest then still goes to the nearest cent."""
    nearest = rounding in (Rounding.HALF_EVEN, Rounding.HALF_UP)
    return fields.choice("interest_rounding", Rounding, rounding if nearest else Rounding.HALF_EVEN)


_UNWEIGHTED = (Method.BULLET, Method.INTEREST_ONLY, Method.REVENUE_SHARE)
_NOT_OF_SALES = {
    "tranches": "tranches",
    "down_payment": "down_payment_percent",
    "due_dates": "due_dates",
    "rate_changes": "rate_changes",
    "interest_pauses": "interest_pauses",
}


def _check_method(terms: LoanTerms) -> None:
    """What a method has no use for is refused: nobody shall think that it counted."""
    method = terms.method
    if terms.installment_minor and method is not Method.DECLINING:
        raise InvalidTerms(field="installment", reason="goes with the method declining only")
    if terms.step_rate and method is not Method.GRADUATED:
        raise InvalidTerms(field="step_percent", reason="goes with the method graduated only")
    if terms.harvest_months and method is not Method.SEASONAL:
        raise InvalidTerms(field="harvest_months", reason="goes with the method seasonal only")
    if terms.weights and method in _UNWEIGHTED:
        raise InvalidTerms(field="weights", reason=f"does not go with the method {method}")
    if method is Method.SEASONAL and not (terms.weights or terms.harvest_months):
        raise InvalidTerms(field="harvest_months", reason="or weights must say when cash comes in")
    for attribute, field in _NOT_OF_SALES.items():
        if method is Method.REVENUE_SHARE and getattr(terms, attribute):
            raise InvalidTerms(field=field, reason="does not go with a share of sales")


def _check_dates(terms: LoanTerms) -> None:
    first = terms.due_dates[0] if terms.due_dates else terms.first_due_on
    if first is not None and first < terms.disbursed_on:
        field = "due_dates" if terms.due_dates else "first_due_on"
        raise InvalidTerms(field=field, reason="must not be before disbursed_on")
    if terms.installments > clauses.longest(terms.frequency, terms.every):
        raise InvalidTerms(field="installments", reason="must end within 100 years")


def as_document(terms: LoanTerms) -> dict[str, Any]:
    """The terms as `parse` reads them, everything said: the form in which a loan keeps them."""

    def major(minor: int) -> str:
        return Money(minor, terms.currency).major

    document: dict[str, Any] = {
        "principal": terms.principal.major,
        "currency": terms.currency,
        "annual_rate_percent": _decimal(terms.annual_rate * 100),
        "disbursed_on": terms.disbursed_on.isoformat(),
        "installments": terms.installments,
        "every": terms.every,
        "step_percent": _decimal(terms.step_rate * 100),
        "step_every": terms.step_every,
        "down_payment_percent": _decimal(terms.down_payment * 100),
        "installment_multiple": major(terms.installment_multiple_minor),
        "harvest_months": list(terms.harvest_months),
        "harvest_cash": [major(amount) for amount in terms.harvest_cash],
        "harvest_delay_months": terms.harvest_delay_months,
        "due_dates": [day.isoformat() for day in terms.due_dates],
        "weights": [_decimal(weight) for weight in terms.weights],
        "holidays": [
            *filter(None, [terms.holiday_country]),
            *(day.isoformat() for day in terms.holidays),
        ],
        "grace": terms.grace._asdict(),
        "tranches": [
            {"on": draw.on.isoformat(), "amount": major(draw.amount_minor)}
            for draw in terms.tranches
        ],
        "rate_changes": [
            {"from": each.start.isoformat(), "annual_rate_percent": _decimal(each.rate * 100)}
            for each in terms.rate_changes
        ],
        "interest_pauses": [
            {"start": start.isoformat(), "end": end.isoformat()}
            for start, end in terms.interest_pauses
        ],
        "fees": [_fee_document(fee, major) for fee in terms.fees],
    }
    document |= {key: getattr(terms, key).value for key in _CHOSEN}
    if terms.first_due_on is not None:
        document["first_due_on"] = terms.first_due_on.isoformat()
    if terms.installment_minor is not None:
        document["installment"] = major(terms.installment_minor)
    if terms.method is Method.BALLOON:
        document["balloon"] = major(terms.balloon_minor)
    if terms.revenue is not None:
        document["revenue"] = {
            "share_percent": _decimal(terms.revenue.share * 100),
            "fee": major(terms.revenue.fee_minor),
            "sales": [major(amount) for amount in terms.revenue.sales_minor],
        }
        if not terms.revenue.sales_minor:
            document["revenue"]["yearly"] = major(terms.revenue.yearly_minor)
    return document


_CHOSEN = (
    "method", "frequency", "day_count", "interest_period", "rounding", "interest_rounding",
    "last_installment", "interest_due", "month_end", "weekend",
)  # fmt: skip


def _fee_document(fee: Fee, major: Callable[[int], str]) -> dict[str, str]:
    document = {"code": fee.code, "when": fee.when.value, "to": fee.to.value}
    if fee.rate is not None:
        return document | {"percent": _decimal(fee.rate * 100)}
    return document | {"amount": major(fee.amount_minor or 0)}


def _decimal(number: Fraction) -> str:
    """Every number here was read from a decimal, so it has a finite one."""
    digits = 0
    while number.denominator != 1:
        number, digits = number * 10, digits + 1
    text = str(number.numerator).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text
