"""The true yearly cost of money, as the United States, Europe, Britain and India define it.

What the borrower receives is positive, what he pays negative. Every charge that the credit is
conditional on counts, whoever gets it: 12 CFR 1026.4(a)(1), Directive 2008/48/EC art. 3(g),
CONC App 1.2.3 and RBI/2024-25/18 paragraph 5 all include what third parties receive.
"""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from math import expm1, log1p
from typing import NamedTuple

from kit.errors import DomainError
from servicing import yields


class NoAnnualRate(DomainError):
    """The payments and advances have no rate that makes them worth the same."""

    code = "no_annual_rate"


class Convention(StrEnum):
    US = "us"
    EU = "eu"
    UK = "uk"
    IN = "in"


class Timed(NamedTuple):
    """An amount at a time: whole unit periods, and the rest of one."""

    amount: float
    whole: int
    rest: Fraction = Fraction(0)


def us(flows: Sequence[Timed], per_year: Fraction) -> float:
    """Regulation Z, Appendix J: simple interest over odd days, compound over unit periods."""
    rows = [(float(whole), amount) for amount, whole, _ in flows]
    return 100 * float(per_year) * _solved(rows, [float(rest) for _, _, rest in flows])


def effective(flows: Sequence[yields.Flow]) -> float:
    """Directive 2008/48/EC and CONC App 1: compound interest throughout, time in years."""
    return 100 * _solved(flows)


def nominal(flows: Sequence[yields.Flow], per_year: Fraction) -> float:
    """India's key facts statement: the rate per period times the periods of a year.

    Amounts may be fractions of a cent: the circular's example uses the unrounded installment.
    """
    return 100 * float(per_year) * _solved(flows)


def of_row(advance: float, payments: Sequence[float], per_year: Fraction) -> tuple[float, float]:
    """(us, effective) of one advance and payments at the ends of periods 1, 2, 3, …"""
    try:
        rate = yields.periodic_rate(advance, payments)
        return 100 * float(per_year) * rate, 100 * expm1(float(per_year) * log1p(rate))
    except (yields.NoRate, OverflowError) as error:
        raise NoAnnualRate(reason=str(error)) from None


def percent(value: float) -> str:
    """Six decimals, as every interface of ours shows an APR."""
    text = f"{value:.6f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _solved(flows: Sequence[yields.Flow], odd: Sequence[float] = ()) -> float:
    try:
        return yields.solve(flows, odd=odd)
    except (yields.NoRate, OverflowError) as error:
        raise NoAnnualRate(reason=str(error)) from None
