"""What was agreed: the terms of one loan, read and refused field by field."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from kit.money import Money
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
    Payee,
    Revenue,
    Tranche,
    Weekend,
    When,
)
from servicing.fields import Fields, InvalidTerms
from servicing.rounding import Rounding

__all__ = ["InvalidTerms", "LoanTerms", "parse"]

INSTALLMENTS_MAX = 1_200
NO_GRACE = Grace()


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
    revenue: Revenue | None = None

    @property
    def currency(self) -> str:
        return self.principal.currency

    @property
    def draws(self) -> tuple[Tranche, ...]:
        return self.tranches or (Tranche(self.disbursed_on, self.principal.minor),)


def parse(source: Mapping[str, Any]) -> LoanTerms:
    """Terms as people and programs write them (docs/schedules.md). Raises InvalidTerms."""
    fields = Fields(source)
    currency = fields.currency("currency")
    method = fields.choice("method", Method, Method.DECLINING)
    principal = Money(fields.amount("principal", currency), currency)
    disbursed_on = fields.day("disbursed_on")
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
        installment_multiple_minor=_optional_amount(fields, "installment_multiple", currency) or 1,
        rounding=rounding,
        interest_rounding=_interest_rounding(fields, rounding),
        last_installment=fields.choice(
            "last_installment", LastInstallment, LastInstallment.RESPREAD
        ),
        interest_due=fields.choice("interest_due", InterestDue, InterestDue.EACH_INSTALLMENT),
        month_end=fields.choice("month_end", MonthEnd, MonthEnd.CLAMP),
        weekend=fields.choice("weekend", Weekend, Weekend.KEEP),
        fees=_fees(fields, currency),
        down_payment=fields.number("down_payment_percent", 0, high=99) / 100,
        step_rate=fields.number("step_percent", 0, high=1_000) / 100,
        step_every=fields.integer("step_every", 12, 1, INSTALLMENTS_MAX),
        balloon_minor=_balloon(fields, method, principal),
        harvest_months=_months(fields),
        revenue=_revenue(fields, method, currency),
        tranches=_tranches(fields, principal, disbursed_on),
        **_length(fields, method, currency),
        **_holidays(fields),
    )
    fields.finish()
    _check_dates(terms)
    return terms


def _rate(fields: Fields, method: Method) -> Fraction:
    default = 0 if method is Method.REVENUE_SHARE else None
    return fields.number("annual_rate_percent", default, high=10_000) / 100


def _interest_period(fields: Fields) -> InterestPeriod:
    """A day count that was asked for counts days, unless the terms say otherwise."""
    counted = InterestPeriod.DAILY if fields.has("day_count") else InterestPeriod.SAME_AS_REPAYMENT
    return fields.choice("interest_period", InterestPeriod, counted)


def _interest_rounding(fields: Fields, rounding: Rounding) -> Rounding:
    """Installments are often rounded up; interest then still goes to the nearest cent."""
    nearest = rounding in (Rounding.HALF_EVEN, Rounding.HALF_UP)
    return fields.choice("interest_rounding", Rounding, rounding if nearest else Rounding.HALF_EVEN)


def _optional_amount(fields: Fields, key: str, currency: str) -> int | None:
    fields.raw(key)
    return fields.amount(key, currency) if fields.has(key) else None


def _length(fields: Fields, method: Method, currency: str) -> dict[str, Any]:
    """How many installments: said, or given by due dates, a fixed installment, or sales."""
    due_dates = _due_dates(fields)
    weights = _weights(fields)
    installment = _optional_amount(fields, "installment", currency)
    open_ended = method is Method.REVENUE_SHARE or installment is not None
    known = len(due_dates) or len(weights)
    count = fields.integer("installments", known or (0 if open_ended else None), 0, 10**9)
    if not (open_ended and count == 0) and not 1 <= count <= INSTALLMENTS_MAX:
        raise fields.refuse("installments", f"must be from 1 to {INSTALLMENTS_MAX}")
    for key, values in (("due_dates", due_dates), ("weights", weights)):
        if values and len(values) != count:
            raise fields.refuse(key, f"must have one item for each of {count} installments")
    _grace_fits = _grace(fields, count)
    return {
        "installments": count,
        "due_dates": due_dates,
        "weights": weights,
        "installment_minor": installment,
        "grace": _grace_fits,
    }


def _due_dates(fields: Fields) -> tuple[date, ...]:
    days = []
    for n, value in enumerate(fields.sequence("due_dates", INSTALLMENTS_MAX)):
        days.append(Fields({f"[{n}]": value}, "due_dates").day(f"[{n}]"))
    if any(later <= earlier for earlier, later in itertools.pairwise(days)):
        raise fields.refuse("due_dates", "must rise from one to the next")
    return tuple(days)


def _weights(fields: Fields) -> tuple[Fraction, ...]:
    values = fields.sequence("weights", INSTALLMENTS_MAX)
    weights = tuple(
        Fields({str(n): value}, "weights").number(str(n), high=1_000_000)
        for n, value in enumerate(values)
    )
    if weights and not sum(weights):
        raise fields.refuse("weights", "must not all be zero")
    return weights


def _grace(fields: Fields, count: int) -> Grace:
    fields.raw("grace")
    if not fields.has("grace"):
        return NO_GRACE
    inner = Fields(fields.raw("grace"), "grace")
    most = max(count - 1, 0)
    grace = Grace(
        principal=inner.integer("principal", 0, 0, most),
        interest_payment=inner.integer("interest_payment", 0, 0, most),
        interest_free=inner.integer("interest_free", 0, 0, count),
    )
    inner.finish()
    return grace


def _fees(fields: Fields, currency: str) -> tuple[Fee, ...]:
    fees = []
    for item in fields.items("fees", 50):
        code = item.required("code")
        if not isinstance(code, str) or not 1 <= len(code) <= 60:
            raise item.refuse("code", "must be a short text")
        if item.has("amount") == item.has("percent"):
            raise item.refuse("amount", "or percent must be given, and only one of them")
        item.raw("amount"), item.raw("percent")
        has_amount = item.has("amount")
        fees.append(
            Fee(
                code=code,
                when=item.choice("when", When),
                to=item.choice("to", Payee, Payee.LENDER),
                amount_minor=item.amount("amount", currency, zero=True) if has_amount else None,
                rate=None if has_amount else item.number("percent", high=100) / 100,
            )
        )
        item.finish()
    return tuple(fees)


def _balloon(fields: Fields, method: Method, principal: Money) -> int:
    if method is not Method.BALLOON:
        return 0
    fields.raw("balloon"), fields.raw("balloon_percent")
    if fields.has("balloon_percent"):
        balloon = (principal * (fields.number("balloon_percent", high=100) / 100)).minor
    else:
        balloon = fields.amount("balloon", principal.currency)
    if balloon > principal.minor:
        raise fields.refuse("balloon", "must not be more than the principal")
    return balloon


def _months(fields: Fields) -> tuple[int, ...]:
    months = fields.sequence("harvest_months", 12)
    if any(type(month) is not int or not 1 <= month <= 12 for month in months):
        raise fields.refuse("harvest_months", "must be months from 1 to 12")
    return tuple(months)


def _revenue(fields: Fields, method: Method, currency: str) -> Revenue | None:
    if method is not Method.REVENUE_SHARE:
        return None
    inner = Fields(fields.required("revenue"), "revenue")
    revenue = Revenue(
        yearly_minor=inner.amount("yearly", currency),
        share=inner.number("share_percent", high=100) / 100,
        fee_minor=inner.amount("fee", currency, zero=True),
    )
    inner.finish()
    if not revenue.share:
        raise inner.refuse("share_percent", "must be more than zero")
    return revenue


def _tranches(fields: Fields, principal: Money, disbursed_on: date) -> tuple[Tranche, ...]:
    """Every draw in order. What the list leaves of the principal is paid out on the first day."""
    listed = []
    for item in fields.items("tranches", 100):
        listed.append(Tranche(item.day("on"), item.amount("amount", principal.currency)))
        item.finish()
        if listed[-1].on < disbursed_on:
            raise item.refuse("on", "must not be before disbursed_on")
    if not listed:
        return ()
    rest = principal.minor - sum(tranche.amount_minor for tranche in listed)
    if rest < 0:
        raise fields.refuse("tranches", "must not add up to more than the principal")
    if rest:
        listed.append(Tranche(disbursed_on, rest))
    listed.sort(key=lambda tranche: tranche.on)
    if listed[0].on != disbursed_on:
        raise fields.refuse("tranches", "must leave something to pay out on disbursed_on")
    return tuple(listed)


def _holidays(fields: Fields) -> dict[str, Any]:
    """A list of dates, or a country (and region: "US", "ES-MD") from the public calendar."""
    value = fields.raw("holidays")
    if isinstance(value, str):
        from servicing import calendars  # the calendar of the world is slow to load

        if not calendars.knows_country(value):
            raise fields.refuse("holidays", "must be dates or a known country code such as KE")
        return {"holiday_country": value}
    days = [
        Fields({str(n): day}, "holidays").day(str(n))
        for n, day in enumerate(fields.sequence("holidays"))
    ]
    return {"holidays": tuple(sorted(days))}


def _check_dates(terms: LoanTerms) -> None:
    first = terms.due_dates[0] if terms.due_dates else terms.first_due_on
    if first is not None and first < terms.disbursed_on:
        field = "due_dates" if terms.due_dates else "first_due_on"
        raise InvalidTerms(field=field, reason="must not be before disbursed_on")
    if terms.method is Method.SEASONAL and not (terms.weights or terms.harvest_months):
        raise InvalidTerms(field="harvest_months", reason="or weights must say when cash comes in")
    years = {Frequency.DAY: 366, Frequency.WEEK: 52, Frequency.MONTH: 12, Frequency.YEAR: 1}
    if terms.installments * terms.every > 100 * years[terms.frequency]:
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
        "due_dates": [day.isoformat() for day in terms.due_dates],
        "weights": [_decimal(weight) for weight in terms.weights],
        "holidays": terms.holiday_country or [day.isoformat() for day in terms.holidays],
        "grace": dataclasses.asdict(terms.grace),
        "tranches": [
            {"on": draw.on.isoformat(), "amount": major(draw.amount_minor)}
            for draw in terms.tranches
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
            "yearly": major(terms.revenue.yearly_minor),
            "share_percent": _decimal(terms.revenue.share * 100),
            "fee": major(terms.revenue.fee_minor),
        }
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
