"""What the rules of a supervisor set aside for a loan: a part of its balance, by its class."""

from collections.abc import Mapping
from fractions import Fraction

from servicing import rounding
from servicing.classification import Class


def provision(rates: Mapping[Class, Fraction], found: Class, balance_minor: int) -> int:
    """Rounded up: what is set aside is never less than the rule asks for."""
    exact = rates[found] * balance_minor
    return rounding.up(exact.numerator, exact.denominator)
