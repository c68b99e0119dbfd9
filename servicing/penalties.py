"""What being late costs: flat, a part of what is overdue, or by the day; never above its caps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from servicing import rounding
from servicing.fields import Fields
from servicing.rounding import Rounding


class Kind(StrEnum):
    FLAT = "flat"
    """A fixed amount, once for each late installment."""
    PERCENT = "percent"
    """A part of the overdue amount, once for each late installment."""
    DAILY = "daily"
    """A yearly rate on the overdue amount, for each day it is overdue."""


@dataclass(frozen=True, slots=True)
class PenaltyRule:
    kind: Kind
    amount_minor: int = 0
    rate: Fraction = Fraction(0)
    grace_days: int = 0
    """An installment so many days late costs nothing yet; after them the whole time counts."""
    year_days: int = 365
    counts_due_date: bool = False
    rounding: Rounding = Rounding.HALF_EVEN
    cap_minor: int | None = None
    """For one installment."""
    cap_rate: Fraction | None = None
    """Everything ever charged on the loan, as a part of its principal."""


@dataclass(frozen=True, slots=True)
class Overdue:
    due_on: date
    amount_minor: int


def penalty(rule: PenaltyRule, overdue: Overdue, on: date) -> int:
    """What one late installment costs by `on`, before the cap over the whole loan."""
    if not _costs(rule, overdue, on):
        return 0
    amount = _amount(rule, overdue, on)
    exact = rounding.DIVIDE[rule.rounding](amount.numerator, amount.denominator)
    return exact if rule.cap_minor is None else min(exact, rule.cap_minor)


def total(rule: PenaltyRule, overdue: Sequence[Overdue], on: date) -> int:
    """All late installments together, rounded once when the rule counts days."""
    if rule.kind is not Kind.DAILY or rule.cap_minor is not None:
        return sum(penalty(rule, each, on) for each in overdue)
    exact = sum(
        (_amount(rule, each, on) for each in overdue if _costs(rule, each, on)), start=Fraction(0)
    )
    return rounding.DIVIDE[rule.rounding](exact.numerator, exact.denominator)


def allowed(new_minor: int, charged_so_far_minor: int, cap_minor: int | None) -> int:
    """As much of a new charge as the cap over the whole loan still leaves room for."""
    if cap_minor is None:
        return new_minor
    return max(min(new_minor, cap_minor - charged_so_far_minor), 0)


def cap_of(principal_minor: int, rate: Fraction | None) -> int | None:
    """The cap in minor units, rounded down: a cap is never passed."""
    return None if rate is None else principal_minor * rate.numerator // rate.denominator


def parse(source: object, currency: str) -> PenaltyRule | None:
    if source is None:
        return None
    fields = Fields(source, "penalty")
    kind = fields.choice("kind", Kind)
    flat = kind is Kind.FLAT
    has_cap, has_total = fields.has("cap"), fields.has("cap_percent_of_principal")
    fields.raw("cap"), fields.raw("cap_percent_of_principal")
    rule = PenaltyRule(
        kind=kind,
        amount_minor=fields.amount("amount", currency) if flat else 0,
        rate=Fraction(0) if flat else fields.number("percent", high=10_000) / 100,
        grace_days=fields.integer("grace_days", 0, 0, 3_650),
        year_days=fields.integer("year_days", 365, 360, 366),
        counts_due_date=fields.flag("counts_due_date"),
        rounding=fields.choice("rounding", Rounding, Rounding.HALF_EVEN),
        cap_minor=fields.amount("cap", currency, zero=True) if has_cap else None,
        cap_rate=fields.number("cap_percent_of_principal") / 100 if has_total else None,
    )
    fields.finish()
    return rule


def _days(rule: PenaltyRule, overdue: Overdue, on: date) -> int:
    return (on - overdue.due_on).days + rule.counts_due_date


def _costs(rule: PenaltyRule, overdue: Overdue, on: date) -> bool:
    return overdue.amount_minor > 0 and _days(rule, overdue, on) > rule.grace_days


def _amount(rule: PenaltyRule, overdue: Overdue, on: date) -> Fraction:
    if rule.kind is Kind.FLAT:
        return Fraction(rule.amount_minor)
    share = rule.rate * overdue.amount_minor
    return share if rule.kind is Kind.PERCENT else share * _days(rule, overdue, on) / rule.year_days
