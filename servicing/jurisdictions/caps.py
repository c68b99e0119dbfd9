"""Whether a priced loan keeps to the law of its place: measured as the law measures, exactly."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from kit.errors import DomainError
from kit.money import Money
from servicing import calendars, penalties, quotes, rules
from servicing.fields import InvalidTerms
from servicing.jurisdictions import packs
from servicing.jurisdictions.packs import Jurisdiction, Measure, Regime
from servicing.penalties import Every, LateRow, PenaltyRule
from servicing.quotes import Quote
from servicing.rules import LoanRules
from servicing.schedule import Installment
from servicing.terms import LoanTerms, parse

_NO_RULES = LoanRules()
_MONTHS_LATE = (1, 2, 3, 6, 12)
_NO_LIMIT = 10**18
"""What a penalty without a cap can come to."""


_SAID = {
    Measure.NOMINAL: "the nominal rate a month",
    Measure.EFFECTIVE: "the effective rate a month",
    Measure.APR_EU: "the compound APR",
    Measure.APR_IN: "the simple APR",
    Measure.DAILY: "the cost a day",
    Measure.TOTAL_OF_PRINCIPAL: "all that the loan can cost",
    Measure.TOTAL_OF_ADVANCE: "all that the loan can cost",
    Measure.FEES: "the fees",
    Measure.LATE: "the cost of a late installment a month",
    Measure.LATE_TOTAL: "the cost of being late",
}


class CapPassed(DomainError):
    """`value` and `most` are numbers with their unit: "7 %", "15.00 GBP"."""

    code = "cap_passed"

    def __str__(self) -> str:
        said = self.params
        return (
            f"{said['field']} must be lower: {_SAID[Measure(str(said['measure']))]} is"
            f" {said['value']}, above the cap of {said['most']} in {said['place']}"
            f" ({said['source']})"
        )


class Priced(NamedTuple):
    terms: LoanTerms
    quoted: Quote
    rules: LoanRules = _NO_RULES


def quote(source: Mapping[str, Any]) -> Quote:
    """The quote of terms; where they name a `jurisdiction`, refused when it passes a cap there."""
    if not isinstance(source, Mapping) or "jurisdiction" not in source:
        return quotes.quote(parse(source))
    place = packs.parse(source["jurisdiction"])
    agreed = parse({key: value for key, value in source.items() if key != "jurisdiction"})
    quoted = quotes.quote(agreed)
    check(place, Priced(agreed, quoted))
    return quoted


def check(place: Jurisdiction, priced: Priced) -> None:
    """Raise CapPassed for the first cap that the loan passes or could pass when it is late."""
    for regime in _in_force(place, priced):
        for measure, most in regime.caps.items():
            value = _MEASURES[measure](priced)
            if value > most:
                raise CapPassed(
                    field=_field(measure, most, priced),
                    measure=measure.value,
                    value=_shown(measure, value, priced, up=True),
                    most=_shown(measure, most, priced),
                    place=place.pack.name,
                    source=regime.source,
                )


def bound(place: Jurisdiction, priced: Priced) -> LoanRules:
    """The rules, with the law's cap on the whole cost in them: nothing that comes later passes it.

    What was kept back at the start was paid then, so the running loan has that much less room.
    """
    plan, key = priced.quoted.schedule, "cost_cap_percent_of_principal"
    base = {
        Measure.TOTAL_OF_PRINCIPAL: plan.principal.minor,
        Measure.TOTAL_OF_ADVANCE: plan.net_disbursed.minor,
    }
    caps = [
        regime.caps[measure] * whole / 100 - plan.deducted_minor
        for regime in _in_force(place, priced)
        for measure, whole in base.items()
        if measure in regime.caps
    ]
    if not caps:
        return priced.rules
    percents = [100 * min(caps) / plan.principal.minor]
    if (own := rules.of_engine(priced.rules, plan.currency).cost_cap) is not None:
        percents.append(100 * own)
    micro = int(min(percents) * 10**6)
    text = f"{micro // 10**6}.{micro % 10**6:06d}"
    return replace(priced.rules, engine={**priced.rules.engine, key: text})


def _in_force(place: Jurisdiction, priced: Priced) -> list[Regime]:
    terms, quoted = priced.terms, priced.quoted
    last = quoted.installments[-1].due_on
    regimes = [
        regime
        for regime in place.pack.regimes
        if regime.holds(place.kind, terms.disbursed_on, terms.principal, last)
        and (regime.apr_min is None or Fraction(quoted.apr["uk"]) >= regime.apr_min)
    ]
    if terms.currency != place.pack.currency and any(map(_is_in_money, place.pack.regimes)):
        reason = f"must be {place.pack.currency} for the caps of {place.pack.name}"
        raise InvalidTerms(field="currency", reason=reason)
    return regimes


def _is_in_money(regime: Regime) -> bool:
    return regime.amount_max_minor is not None or Measure.LATE_TOTAL in regime.caps


def _nominal(priced: Priced) -> Fraction:
    terms = priced.terms
    rates = (terms.annual_rate, *(change.rate for change in terms.rate_changes))
    return max(rates) * 100 / 12


def _effective(priced: Priced) -> Fraction:
    yearly = 1 + float(priced.quoted.apr["eu"]) / 100
    return Fraction(round((yearly ** (1 / 12) - 1) * 10**8), 10**6)


def _daily(priced: Priced) -> Fraction:
    """All interest and fees over what the credit is on each day: what was kept back is none."""
    terms, plan = priced.terms, priced.quoted.schedule
    events = [(draw.on, draw.amount_minor) for draw in plan.draws]
    events += [(row.due_on, -row.principal) for row in plan.installments]
    balance, day, credit_days = -plan.deducted_minor, terms.disbursed_on, 0
    for on, change in sorted(events):
        credit_days += max(balance, 0) * (on - day).days
        balance, day = balance + change, on
    return Fraction(100 * _cost(priced), max(credit_days, 1))


def _total_of_principal(priced: Priced) -> Fraction:
    cost = _cost(priced) + _late_for_ever(priced)
    return Fraction(100 * cost, priced.quoted.schedule.principal.minor)


def _total_of_advance(priced: Priced) -> Fraction:
    cost = _cost(priced) + _late_for_ever(priced)
    return Fraction(100 * cost, max(priced.quoted.net_disbursed.minor, 1))


def _fees(priced: Priced) -> Fraction:
    plan = priced.quoted.schedule
    return Fraction(100 * plan.total_fees.minor, plan.principal.minor)


def _late(priced: Priced) -> Fraction:
    """The dearest that an installment gets by being late for some months, a month."""
    rows = [row for row in priced.quoted.installments if row.due]
    return max(
        Fraction(100 * _late_on(priced, row, months), row.due * months)
        for row in rows
        for months in _MONTHS_LATE
    )


def _late_total(priced: Priced) -> Fraction:
    return Fraction(_late_for_ever(priced))


_MEASURES: dict[Measure, Callable[[Priced], Fraction]] = {
    Measure.NOMINAL: _nominal,
    Measure.EFFECTIVE: _effective,
    Measure.APR_EU: lambda priced: Fraction(priced.quoted.apr["eu"]),
    Measure.APR_IN: lambda priced: Fraction(priced.quoted.apr["in"]),
    Measure.DAILY: _daily,
    Measure.TOTAL_OF_PRINCIPAL: _total_of_principal,
    Measure.TOTAL_OF_ADVANCE: _total_of_advance,
    Measure.FEES: _fees,
    Measure.LATE: _late,
    Measure.LATE_TOTAL: _late_total,
}


def _cost(priced: Priced) -> int:
    return priced.quoted.total_interest.minor + priced.quoted.total_fees.minor


def _late_on(priced: Priced, row: Installment, months: int) -> int:
    """What one installment costs that has been late so many months."""
    penalty, on = _penalty(priced), calendars.add_months(row.due_on, months)
    return _late_fee(priced, row) + (_penalty_on(penalty, row, on) if penalty else 0)


def _late_for_ever(priced: Priced) -> int:
    """What being late with everything, for ever, can cost within the loan's own caps."""
    rows = [row for row in priced.quoted.installments if row.due]
    fees, penalty = sum(_late_fee(priced, row) for row in rows), _penalty(priced)
    if penalty is None:
        return fees
    principal = priced.terms.principal.minor
    bounds = [sum(_penalty_for_ever(penalty, row) for row in rows)]
    room = penalties.room(penalty, principal_minor=principal, charged_minor=0)
    cost_cap = rules.of_engine(priced.rules, priced.terms.currency).cost_cap
    if room is not None:
        bounds.append(room)
    if cost_cap is not None:
        bounds.append(max(int(principal * cost_cap) - _cost(priced) - fees, 0))
    return fees + min(bounds)


def _late_fee(priced: Priced, row: Installment) -> int:
    return priced.rules.late_fee(Money(row.due, priced.terms.currency)).minor


def _penalty(priced: Priced) -> PenaltyRule | None:
    if "penalty" not in priced.rules.engine:
        return None
    return rules.of_engine(priced.rules, priced.terms.currency).penalty


def _penalty_on(rule: PenaltyRule, row: Installment, on: date) -> int:
    late = LateRow(row.n, row.due_on, 0, row.fees, row.interest, row.principal, penalties.NOTHING)
    return sum(charge.amount_minor for charge in penalties.charges_due([late], rule, on))


def _penalty_for_ever(rule: PenaltyRule, row: Installment) -> int:
    if rule.kind is not penalties.Kind.DAILY and rule.every is Every.ONCE:
        return _penalty_on(rule, row, row.due_on + timedelta(days=rule.grace_days + 1))
    return _NO_LIMIT if rule.cap_minor is None else rule.cap_minor


def _field(measure: Measure, most: Fraction, priced: Priced) -> str:
    """What the lender has to change: what alone passes the cap, or else what was added last."""
    if measure is Measure.NOMINAL:
        return "annual_rate_percent"
    if measure is Measure.FEES:
        return "fees"
    if measure in (Measure.LATE, Measure.LATE_TOTAL):
        return _late_field(priced)
    on_time = priced._replace(rules=_NO_RULES)
    if _MEASURES[measure](on_time) <= most:
        return _late_field(priced)
    if not priced.terms.fees:
        return "annual_rate_percent"
    free = replace(priced.terms, fees=())
    without = on_time._replace(terms=free, quoted=quotes.quote(free))
    return "fees" if _MEASURES[measure](without) <= most else "annual_rate_percent"


def _late_field(priced: Priced) -> str:
    if _penalty(priced) is not None:
        return "rules.penalty"
    return "rules.late_fee_percent" if priced.rules.late_fee_rate else "rules.late_fee_amount"


def _shown(measure: Measure, value: Fraction, priced: Priced, *, up: bool = False) -> str:
    """At most four decimals; a value above its cap is rounded up, so that it looks above it."""
    if value * priced.terms.principal.minor >= _NO_LIMIT:
        return "without limit"
    if measure is Measure.LATE_TOTAL:
        return str(Money(int(value), priced.terms.currency))
    scaled = -(-value.numerator * 10_000 // value.denominator) if up else round(value * 10_000)
    text = f"{scaled // 10_000}.{scaled % 10_000:04d}".rstrip("0").rstrip(".")
    return f"{text} %"
