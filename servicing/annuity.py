"""The level installment: what has to be paid each time so that nothing is left at the end."""

import dataclasses
import math
from collections.abc import Sequence
from datetime import date

from servicing import interest, rounding
from servicing.choices import LastInstallment, Tranche
from servicing.interest import Period
from servicing.terms import LoanTerms

DOUBT = 1e-12
"""More than a level found in floating point is off by; nearer to an edge, it is found exactly."""
_ONE = 1 << 96
"""Fixed point for compound growth: 29 digits, far below half a cent on any amount we accept."""


def exact_level(terms: LoanTerms, periods: list[Period]) -> float:
    """The level installment in minor units, before any rounding."""
    value, annuity = solve(terms, periods, [1] * len(periods), terms.principal.minor, ())
    return value / annuity


def level_payment(terms: LoanTerms, periods: list[Period], balance: int) -> int:
    """The rounded level installment that repays `balance` over `periods`."""
    steady = reckoned(terms, periods)
    value, annuity = solve(terms, steady, [1] * len(periods), balance, ())
    return rounded(terms, value, annuity)


def even_payment(terms: LoanTerms, numerator: int, denominator: int, balance: int) -> int:
    """The rounded level installment when every period costs the same ratio.

    By the textbook's formula in floats, and exactly where those could not tell.
    """
    if not numerator:
        return rounded(terms, balance, terms.installments)
    if terms.rounding in rounding.NEAREST and terms.installment_multiple_minor == 1:
        rate = numerator / denominator
        level = balance * rate / -math.expm1(-terms.installments * math.log1p(rate))
        nearest = round(level)
        if abs(level - nearest) + level * DOUBT < 0.499:
            return nearest
    value, over = even_factor(numerator, denominator, terms.installments)
    return rounded(terms, balance * value, over)


def payment(terms: LoanTerms, parts: Sequence[int], denominator: int, balance: int) -> int:
    """The rounded level installment when periods cost different parts of a common whole."""
    value, annuity = balance * _ONE, 0
    for part in parts:
        growth = _ONE + _ONE * part // denominator
        value = value * growth >> 96
        annuity = (annuity * growth >> 96) + _ONE
    return rounded(terms, value, annuity)


def share(terms: LoanTerms, amount: int, count: int) -> int:
    """One of `count` equal shares of `amount`, rounded as an installment is."""
    return rounded(terms, amount, count)


def reckoned(terms: LoanTerms, periods: list[Period], n: int = 0) -> list[Period]:
    """The periods with which a level installment is found that begins with period n.

    As if the rate of that period stayed, interest never paused and no due date was ever moved.
    Where the last installment absorbs the difference, also as if every month had 30 days; interest
    is still charged for the days there are.
    """
    if terms.rate_changes or terms.interest_pauses or terms.agreed_dates:
        known = tuple(each for each in terms.rate_changes if each.start < periods[n].end)
        terms = dataclasses.replace(terms, rate_changes=known, interest_pauses=())
        periods = _as_agreed(terms, periods)
    absorbs = terms.last_installment is LastInstallment.ABSORBS
    if absorbs and not interest.is_proportional(terms):
        days = interest.standard_days(terms)
        periods = [_standard(terms, each, days) if each.numerator else each for each in periods]
    return periods[n:]


def _as_agreed(terms: LoanTerms, periods: list[Period]) -> list[Period]:
    """These periods, the last ones of the loan, before any due date was moved."""
    if terms.agreed_dates:
        agreed = dataclasses.replace(terms, due_dates=terms.agreed_dates, agreed_dates=())
        return interest.periods(agreed, [*terms.agreed_dates])[-len(periods) :]
    if periods[0].start != terms.disbursed_on:
        terms = dataclasses.replace(terms, disbursed_on=periods[0].start, first_due_on=None)
    return interest.periods(terms, [period.end for period in periods])


def _standard(terms: LoanTerms, period: Period, days: int) -> Period:
    rate, per = interest.rate_on(terms, period.start)
    return period._replace(numerator=rate * days, denominator=per * interest.year_days(terms))


def solve(
    terms: LoanTerms,
    periods: Sequence[Period],
    weights: Sequence[int],
    balance: int,
    draws: Sequence[Tranche],
) -> tuple[int, int]:
    """(value, annuity): a payment of `value / annuity` times its weight repays everything.

    A period without weight pays its interest and nothing else, so the balance does not grow there.
    """
    first = periods[0]
    at_once = len(draws) == 1 and draws[0].on <= first.start and not terms.balloon_minor
    if at_once and _is_even(periods, weights):
        owed = balance + draws[0].amount_minor
        value, over = even_factor(first.numerator, first.denominator, len(periods))
        return owed * value, over
    value, annuity, opening = balance * _ONE, 0, draws
    for period, weight in zip(periods, weights, strict=True):
        growth = _ONE + _ONE * period.numerator // period.denominator if weight else _ONE
        value = value * growth >> 96
        annuity = (annuity * growth >> 96) + weight * _ONE
        for tranche in opening:
            part, whole = factor_since(terms, period, tranche.on) if weight else (0, 1)
            value += tranche.amount_minor * (_ONE + _ONE * part // whole)
        opening = ()
    return max(value - terms.balloon_minor * _ONE, 0), annuity


def _is_even(periods: Sequence[Period], weights: Sequence[int]) -> bool:
    factor = periods[0][2:]
    return factor[0] > 0 and set(weights) == {1} and all(each[2:] == factor for each in periods)


def even_factor(numerator: int, denominator: int, count: int) -> interest.Ratio:
    """What repays each unit owed when all periods cost the same: the textbook's formula, exact."""
    grown, still = (numerator + denominator) ** count, denominator**count
    return numerator * grown, denominator * (grown - still)


def rounded(terms: LoanTerms, numerator: int, denominator: int) -> int:
    divide = rounding.DIVIDE[terms.rounding]
    multiple = terms.installment_multiple_minor
    if divide is rounding.up:
        # Growth was truncated at the 29th digit: an exact amount must not be lifted by that.
        numerator -= numerator >> 80
    return rounding.to_multiple(numerator, denominator, multiple, divide)


def factor_since(terms: LoanTerms, period: Period, day: date) -> interest.Ratio:
    """The rate factor from `day` to the end of the period."""
    if day <= period.start:
        return period.numerator, period.denominator
    return interest.part_of(terms, period, day, period.end)
