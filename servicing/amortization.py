"""Splitting a loan into principal and interest, period by period, to the last minor unit.

Two ideas cover every method. Either the payment is known and principal is what interest leaves of
it (declining, graduated, balloon), or the principal is known and interest comes on top (equal
principal, bullet, seasonal, flat).
"""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple, Protocol

from servicing import annuity, interest, rounding, seasons
from servicing.choices import LastInstallment, Method, Tranche
from servicing.interest import Period
from servicing.rounding import Rounding
from servicing.terms import LoanTerms


class Part(NamedTuple):
    principal: int
    interest: int


class Plan(Protocol):
    """Decides the principal of a period; told when money is paid out, so that it plans anew."""

    def redraw(self, n: int, balance: int, draws: Sequence[Tranche]) -> None: ...

    def principal(self, n: int, balance: int, charged: int) -> int: ...


def parts(terms: LoanTerms, periods: list[Period], draws: list[list[Tranche]]) -> list[Part]:
    """Principal and interest of each period. `draws[n]` is what is paid out during period n."""
    plan = _plan(terms, periods, sum(draw.amount_minor for drawn in draws for draw in drawn))
    at_once = not terms.tranches and not terms.rate_changes
    if isinstance(plan, _LevelPayment) and at_once:
        rows = plan.at_once(draws[0])
    else:
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
        is_rated_anew = bool(terms.rate_changes) and _rate_changes(terms, periods, n)
        if drawn or is_rated_anew:
            plan.redraw(n, balance, drawn)
        if charge is not None:
            if is_rated_anew:
                charge.rate_anew(n)
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


def weights_of(terms: LoanTerms) -> list[int]:
    """How the payments (or, for principal plans, the principals) relate to each other."""
    count = terms.installments
    if terms.weights:
        weights = _scaled(terms.weights)
    elif terms.method in (Method.BULLET, Method.INTEREST_ONLY):
        weights = [0] * (count - 1) + [1]
    elif terms.step_rate:
        weights = _growing(terms, count)
    else:
        weights = [1] * count
    return _after_grace(terms, weights)


def _after_grace(terms: LoanTerms, weights: list[int]) -> list[int]:
    grace = terms.grace.principal
    return [0] * grace + weights[grace:] if grace else weights


def _plan(terms: LoanTerms, periods: list[Period], drawn: int) -> Plan:
    if terms.installment_minor is not None:
        return _FixedPayment(terms.installment_minor)
    if terms.method in (Method.DECLINING, Method.GRADUATED, Method.BALLOON):
        return _LevelPayment(terms, periods, drawn)
    if terms.method is Method.SEASONAL and not terms.weights:
        return _PlannedPrincipal(terms, _after_grace(terms, _scaled(seasons.weights(terms))))
    return _PlannedPrincipal(terms, weights_of(terms))


class _FixedPayment:
    def __init__(self, payment: int) -> None:
        self._payment = payment

    def redraw(self, n: int, balance: int, draws: Sequence[Tranche]) -> None:
        pass

    def principal(self, n: int, balance: int, charged: int) -> int:
        return min(max(self._payment - charged, 0), balance)


class _LevelPayment:
    """Payments in given proportions (all equal, most often); solved again after each draw.

    Where the last installment absorbs the difference, as if all had been paid out at the start.
    """

    def __init__(self, terms: LoanTerms, periods: list[Period], drawn: int) -> None:
        self._terms = terms
        self._drawn = drawn
        self._periods = periods
        self._weights = weights_of(terms)
        self._payments: list[int] = []
        self._may_respread = (
            terms.last_installment is LastInstallment.RESPREAD
            and terms.rounding in (Rounding.HALF_EVEN, Rounding.HALF_UP)
            and not terms.balloon_minor
            and not (terms.interest_pauses or terms.rate_changes or terms.agreed_dates)
            and max(self._weights) == 1
        )
        self._respreads = True

    def at_once(self, draws: Sequence[Tranche]) -> list[Part]:
        """All is paid out on the first day: one plain loop, and a second only to share a rest."""
        balance = sum(tranche.amount_minor for tranche in draws)
        self._respreads = False
        self.redraw(0, 0, draws)
        rows = self._rows(balance)
        count = sum(1 for weight in self._weights if weight)
        uneven = abs(sum(rows[-1]) - self._payments[-1]) > count // 2
        if self._may_respread and count > 1 and uneven:
            self._respreads = True
            self.redraw(0, 0, draws)
            rows = self._rows(balance)
        return rows

    def _rows(self, balance: int) -> list[Part]:
        divide = rounding.DIVIDE[self._terms.interest_rounding]
        rows = []
        for (_, _, numerator, denominator), payment in zip(
            self._periods, self._payments, strict=True
        ):
            charged = divide(balance * numerator, denominator)
            principal = payment - charged
            if principal < 0:
                principal = 0
            elif principal > balance:
                principal = balance
            balance -= principal
            rows.append(Part(principal, charged))
        if balance:
            rows[-1] = Part(rows[-1].principal + balance, rows[-1].interest)
        return rows

    def redraw(self, n: int, balance: int, draws: Sequence[Tranche]) -> None:
        terms, weights = self._terms, self._weights[n:]
        if terms.last_installment is LastInstallment.ABSORBS and not terms.rate_changes:
            n, weights, balance = 0, self._weights, 0
            draws = (Tranche(self._periods[0].start, self._drawn),)
        periods = annuity.reckoned(terms, self._periods, n)
        value, over = annuity.solve(terms, periods, weights, balance, draws)
        if not over:  # nothing is to be paid before the last installment, which takes the rest
            self._payments = [0] * len(self._periods)
            return
        level = annuity.rounded(terms, value, over)
        if self._may_respread and self._respreads:
            level = self._respread(n, balance, draws, level)
        payments = {
            weight: level if weight == 1 else annuity.rounded(terms, value * weight, over)
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
        """With `absorbs` later draws change no share: the last installment has the rest."""
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
            due = annuity.rounded(self._terms, share, self._whole)
            due += annuity.rounded(self._terms, charged, 1)
            return min(max(due - charged, 0), balance)
        divide = rounding.DIVIDE[self._terms.rounding]
        return min(divide(share, self._whole), balance)


class _FlatInterest:
    """Interest on what was paid out, not on what is still owed: the same in every installment.

    The interest of a draw's whole life is shared by the installments that pay interest; the last
    one squares the sum.
    """

    def __init__(self, terms: LoanTerms, periods: list[Period]) -> None:
        self._terms = terms
        self._periods = periods
        self._divide = rounding.DIVIDE[terms.interest_rounding]
        self._exact = self._exact_each = Fraction(0)
        self._left = self._each = 0
        self._first = max(terms.grace.interest_payment, terms.grace.interest_free)
        self._drawn = 0
        self._reckoned = annuity.reckoned(terms, periods) if terms.rate_changes else periods

    def rate_anew(self, n: int) -> None:
        """From this period on what was paid out costs another rate."""
        before = self._rest(n)
        self._reckoned = [*self._reckoned[:n], *annuity.reckoned(self._terms, self._periods, n)]
        self._add(self._drawn * (self._rest(n) - before), max(n, self._first))

    def interest(self, n: int, draws: Sequence[Tranche]) -> int:
        last = len(self._periods) - 1
        for tranche in draws:
            self._add(tranche.amount_minor * self._life(n, tranche.on), max(n, self._first))
            self._drawn += tranche.amount_minor
        if n == last:
            return max(self._left, 0)
        charged = max(min(self._each, self._left), 0) if n >= self._first else 0
        self._left -= charged
        return charged

    def _add(self, part: Fraction, first: int) -> None:
        """More interest, for the installments from the first that pays any."""
        before = self._divide(self._exact.numerator, self._exact.denominator)
        self._exact += part
        self._exact_each += part / max(len(self._periods) - first, 1)
        self._left += self._divide(self._exact.numerator, self._exact.denominator) - before
        self._each = self._divide(self._exact_each.numerator, self._exact_each.denominator)

    def _life(self, n: int, since: date) -> Fraction:
        """The rate factor from a day in period n to the end of the loan."""
        part, whole = annuity.factor_since(self._terms, self._reckoned[n], since)
        return Fraction(part, whole) + self._rest(n + 1)

    def _rest(self, n: int) -> Fraction:
        """The rate factor of period n and all after it."""
        parts: Counter[int] = Counter()
        for period in self._reckoned[n:]:
            parts[period.denominator] += period.numerator
        return sum((Fraction(part, whole) for whole, part in parts.items()), Fraction(0))


def _rate_changes(terms: LoanTerms, periods: list[Period], n: int) -> bool:
    start, end = periods[n].start, periods[n].end
    return n > 0 and any(start <= change.start < end for change in terms.rate_changes)


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
    part, whole = annuity.factor_since(terms, period, since)
    return charged + divide(balance * part, whole), balance


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
