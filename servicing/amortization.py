"""Splitting a loan into principal and interest, period by period, to the last minor unit.

Two ideas cover every method. Either the payment is known and principal is what interest leaves of
it (declining, graduated, balloon), or the principal is known and interest comes on top (equal
principal, bullet, seasonal, flat).
"""

import dataclasses
import math
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple, Protocol

from servicing import interest, rounding
from servicing.choices import LastInstallment, Method, Tranche
from servicing.interest import Period
from servicing.rounding import Rounding
from servicing.terms import LoanTerms

_ONE = 1 << 96
"""Fixed point for compound growth: 29 digits, far below half a cent on any amount we accept."""


class Part(NamedTuple):
    principal: int
    interest: int


class Plan(Protocol):
    """Decides the principal of a period; told when money is paid out, so that it plans anew."""

    def redraw(self, n: int, balance: int, draws: Sequence[Tranche]) -> None: ...

    def principal(self, n: int, balance: int, charged: int) -> int: ...


def parts(terms: LoanTerms, periods: list[Period], draws: list[list[Tranche]]) -> list[Part]:
    """Principal and interest of each period. `draws[n]` is what is paid out during period n."""
    plan = _plan(terms, periods)
    rows = _run(terms, periods, draws, plan)
    if isinstance(plan, _LevelPayment) and plan.wants_respread(rows):
        rows = _run(terms, periods, draws, plan)
    if terms.last_installment is LastInstallment.LEVEL and len(rows) > 1:
        usual = sum(rows[-2])
        rows[-1] = Part(rows[-1].principal, max(usual - rows[-1].principal, 0))
    return rows


def _run(
    terms: LoanTerms, periods: list[Period], draws: list[list[Tranche]], plan: Plan
) -> list[Part]:
    charge = _FlatInterest(terms, periods) if terms.method is Method.FLAT else None
    divide = rounding.DIVIDE[terms.interest_rounding]
    last = len(periods) - 1
    balance, rows = 0, []
    for n, period in enumerate(periods):
        drawn = draws[n]
        if drawn or (terms.rate_changes and _rate_changes(terms, periods, n)):
            plan.redraw(n, balance, drawn)
        if charge is not None:
            charged = charge.interest(n, drawn)
            balance += sum(tranche.amount_minor for tranche in drawn)
        elif drawn:
            charged, balance = _accrue(terms, period, balance, drawn)
        else:
            charged = divide(balance * period.numerator, period.denominator)
        principal = balance if n == last else plan.principal(n, balance, charged)
        balance -= principal
        rows.append(Part(principal, charged))
    return rows


def exact_level(terms: LoanTerms, periods: list[Period]) -> float:
    """The level installment in minor units, before any rounding."""
    value, annuity = _solve(terms, periods, [1] * len(periods), terms.principal.minor, ())
    return value / annuity


def level_payment(terms: LoanTerms, periods: list[Period], balance: int) -> int:
    """The rounded level installment that repays `balance` over `periods`."""
    reckoned = _reckoned(terms, periods)
    value, annuity = _solve(terms, reckoned, [1] * len(periods), balance, ())
    return _rounded(terms, value, annuity)


def share(terms: LoanTerms, amount: int, count: int) -> int:
    """One of `count` equal shares of `amount`, rounded as an installment is."""
    return _rounded(terms, amount, count)


def weights_of(terms: LoanTerms) -> list[int]:
    """How the payments (or, for principal plans, the principals) relate to each other."""
    count, grace = terms.installments, terms.grace.principal
    if terms.weights:
        weights = _scaled(terms.weights)
    elif terms.method in (Method.BULLET, Method.INTEREST_ONLY):
        weights = [0] * (count - 1) + [1]
    elif terms.step_rate:
        weights = _growing(terms, count)
    else:
        weights = [1] * count
    return [0] * grace + weights[grace:] if grace else weights


def _plan(terms: LoanTerms, periods: list[Period]) -> Plan:
    if terms.installment_minor is not None:
        return _FixedPayment(terms.installment_minor)
    if terms.method in (Method.DECLINING, Method.GRADUATED, Method.BALLOON):
        return _LevelPayment(terms, periods)
    if terms.method is Method.SEASONAL and not terms.weights:
        weights = [int(period.end.month in terms.harvest_months) for period in periods]
        return _PlannedPrincipal(terms, weights)
    return _PlannedPrincipal(terms, weights_of(terms))


class _FixedPayment:
    def __init__(self, payment: int) -> None:
        self._payment = payment

    def redraw(self, n: int, balance: int, draws: Sequence[Tranche]) -> None:
        pass

    def principal(self, n: int, balance: int, charged: int) -> int:
        return min(max(self._payment - charged, 0), balance)


class _LevelPayment:
    """Payments in given proportions (all equal, most often); solved again after each draw."""

    def __init__(self, terms: LoanTerms, periods: list[Period]) -> None:
        self._terms = terms
        self._periods = periods
        self._weights = weights_of(terms)
        self._payments: list[int] = []
        self._may_respread = (
            terms.last_installment is LastInstallment.RESPREAD
            and terms.rounding in (Rounding.HALF_EVEN, Rounding.HALF_UP)
            and not terms.balloon_minor
            and not (terms.interest_pauses or terms.rate_changes)
            and max(self._weights) == 1
        )
        self._respreads = bool(terms.tranches)
        """With one draw there is a simpler way to know: try without, look at the last one."""

    def wants_respread(self, rows: list[Part]) -> bool:
        """Whether the last installment differs so much that all should share the difference."""
        if not self._may_respread or self._respreads:
            return False
        count = sum(self._weights)
        level = self._payments[-1]
        self._respreads = count > 1 and abs(sum(rows[-1]) - level) > count // 2
        return self._respreads

    def redraw(self, n: int, balance: int, draws: Sequence[Tranche]) -> None:
        terms, weights = self._terms, self._weights[n:]
        periods = _reckoned(terms, self._periods, n)
        value, annuity = _solve(terms, periods, weights, balance, draws)
        level = _rounded(terms, value, annuity)
        if self._may_respread and self._respreads:
            level = self._respread(n, balance, draws, level)
        payments = {
            weight: level if weight == 1 else _rounded(terms, value * weight, annuity)
            for weight in set(weights)
        }
        self._payments = [0] * n + [payments[weight] for weight in weights]

    def principal(self, n: int, balance: int, charged: int) -> int:
        if not self._weights[n]:
            return 0
        return min(max(self._payments[n] - charged, 0), balance)

    def _respread(self, n: int, balance: int, draws: Sequence[Tranche], level: int) -> int:
        """Share what rounding leaves for the last installment, if that brings it nearer."""
        count = sum(1 for weight in self._weights[n:] if weight)
        left = self._last(n, balance, draws, level) - level
        if count < 2 or abs(left) <= count // 2:
            return level
        step = self._terms.installment_multiple_minor
        adjusted = level + rounding.to_multiple(left, count, step, rounding.half_even)
        nearer = abs(self._last(n, balance, draws, adjusted) - adjusted) < abs(left)
        return adjusted if nearer else level

    def _last(self, n: int, balance: int, draws: Sequence[Tranche], level: int) -> int:
        """What the last installment would be if all before it were `level`."""
        divide = rounding.DIVIDE[self._terms.interest_rounding]
        charged = 0
        for offset, period in enumerate(self._periods[n:]):
            charged = divide(balance * period.numerator, period.denominator)
            if offset == 0:
                charged, balance = _accrue(self._terms, period, balance, draws)
            if n + offset < len(self._periods) - 1 and self._weights[n + offset]:
                balance -= min(max(level - charged, 0), balance)
        return balance + charged


class _PlannedPrincipal:
    """Principal in given proportions of what was paid out."""

    def __init__(self, terms: LoanTerms, weights: list[int]) -> None:
        self._terms = terms
        self._weights = weights
        self._final = max((n for n, weight in enumerate(self._weights) if weight), default=-1)
        self._base = 0
        self._whole = 1

    def redraw(self, n: int, balance: int, draws: Sequence[Tranche]) -> None:
        """With `absorbs` the early installments stay as if all had been paid out at the start."""
        drawn = sum(tranche.amount_minor for tranche in draws)
        if self._terms.last_installment is LastInstallment.RESPREAD:
            self._base = balance + drawn
            self._whole = max(sum(self._weights[n:]), 1)
        else:
            self._base += drawn
            self._whole = max(sum(self._weights), 1)

    def principal(self, n: int, balance: int, charged: int) -> int:
        weight = self._weights[n]
        if n == self._final:
            return balance
        if not weight:
            return 0
        share = self._base * weight
        if self._terms.method is Method.FLAT:
            due = _rounded(self._terms, share + charged * self._whole, self._whole)
            return min(max(due - charged, 0), balance)
        divide = rounding.DIVIDE[self._terms.interest_rounding]
        return min(divide(share, self._whole), balance)


class _FlatInterest:
    """Interest on what was paid out, not on what is still owed; the last period squares the sum."""

    def __init__(self, terms: LoanTerms, periods: list[Period]) -> None:
        self._terms = terms
        self._periods = periods
        self._drawn = 0
        self._exact = Fraction(0)
        self._charged = 0

    def interest(self, n: int, draws: Sequence[Tranche]) -> int:
        period = self._periods[n]
        exact = Fraction(self._drawn * period.numerator, period.denominator)
        for tranche in draws:
            part, whole = _factor_since(self._terms, period, tranche.on)
            exact += Fraction(tranche.amount_minor * part, whole)
            self._drawn += tranche.amount_minor
        self._exact += exact
        due = self._exact - self._charged if n == len(self._periods) - 1 else exact
        divide = rounding.DIVIDE[self._terms.interest_rounding]
        charged = max(divide(due.numerator, due.denominator), 0)
        self._charged += charged
        return charged


def _rate_changes(terms: LoanTerms, periods: list[Period], n: int) -> bool:
    return n > 0 and any(
        periods[n - 1].start < change.start <= periods[n].start for change in terms.rate_changes
    )


def _reckoned(terms: LoanTerms, periods: list[Period], n: int = 0) -> list[Period]:
    """The periods with which a level installment is found that begins with period n.

    As if the rate of that day stayed and interest never paused. Where the last installment absorbs
    the difference, also as if every month had 30 days of a year of 365; interest is still charged
    for the days there are.
    """
    if terms.rate_changes or terms.interest_pauses:
        steady = dataclasses.replace(
            terms,
            annual_rate=Fraction(*interest.rate_on(terms, periods[n].start)),
            rate_changes=(),
            interest_pauses=(),
        )
        terms, periods = steady, interest.periods(steady, [period.end for period in periods])
    absorbs = terms.last_installment is LastInstallment.ABSORBS
    if absorbs and not interest.is_proportional(terms):
        days = interest.standard_days(terms)
        periods = [_standard(terms, each, days) if each.numerator else each for each in periods]
    return periods[n:]


def _standard(terms: LoanTerms, period: Period, days: int) -> Period:
    rate, per = interest.rate_on(terms, period.start)
    return period._replace(numerator=rate * days, denominator=per * 365)


def _solve(
    terms: LoanTerms,
    periods: Sequence[Period],
    weights: Sequence[int],
    balance: int,
    draws: Sequence[Tranche],
) -> tuple[int, int]:
    """(value, annuity): a payment of `value / annuity` times its weight repays everything.

    A period without weight pays its interest and nothing else, so the balance does not grow there.
    """
    value, annuity, opening = balance * _ONE, 0, draws
    for period, weight in zip(periods, weights, strict=True):
        growth = _ONE + _ONE * period.numerator // period.denominator if weight else _ONE
        value = value * growth >> 96
        annuity = (annuity * growth >> 96) + weight * _ONE
        for tranche in opening:
            part, whole = _factor_since(terms, period, tranche.on) if weight else (0, 1)
            value += tranche.amount_minor * (_ONE + _ONE * part // whole)
        opening = ()
    return max(value - terms.balloon_minor * _ONE, 0), annuity


def _rounded(terms: LoanTerms, numerator: int, denominator: int) -> int:
    divide = rounding.DIVIDE[terms.rounding]
    multiple = terms.installment_multiple_minor
    if divide is rounding.up:
        # Growth was truncated at the 29th digit: an exact amount must not be lifted by that.
        numerator -= numerator >> 80
    return rounding.to_multiple(numerator, denominator, multiple, divide)


def _accrue(
    terms: LoanTerms, period: Period, balance: int, draws: Sequence[Tranche]
) -> tuple[int, int]:
    """Interest of a period with draws, rounded between one draw and the next; the new balance."""
    divide = rounding.DIVIDE[terms.interest_rounding]
    charged, since = 0, period.start
    for tranche in draws:
        if tranche.on > since:
            part, whole = interest.part_of(terms, period, since, tranche.on)
            charged += divide(balance * part, whole)
            since = tranche.on
        balance += tranche.amount_minor
    part, whole = _factor_since(terms, period, since)
    return charged + divide(balance * part, whole), balance


def _factor_since(terms: LoanTerms, period: Period, day: date) -> interest.Ratio:
    """The rate factor from `day` to the end of the period."""
    if day <= period.start:
        return period.numerator, period.denominator
    return interest.part_of(terms, period, day, period.end)


def _growing(terms: LoanTerms, count: int) -> list[int]:
    """Payments that grow by a part of themselves; eighteen digits are more than any cent needs."""
    growth, weight, weights = 1 + terms.step_rate, 10**18, []
    for n in range(count):
        if n and n % terms.step_every == 0:
            weight = weight * growth.numerator // growth.denominator
        weights.append(weight)
    return weights


def _scaled(weights: Sequence[Fraction]) -> list[int]:
    """The same proportions in the smallest whole numbers."""
    whole = math.lcm(*(weight.denominator for weight in weights))
    numbers = [int(weight * whole) for weight in weights]
    shared = math.gcd(*numbers) or 1
    return [number // shared for number in numbers]
