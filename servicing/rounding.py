"""Exact division of integers, rounded the way a product says."""

from collections.abc import Callable
from enum import StrEnum

Divide = Callable[[int, int], int]

EXACT = 1 << 50
"""Between numbers below this, `round(numerator / denominator)` is `half_even`, and much faster: an
exact quotient that is no half stays 1 / (2 * denominator) away from one, which is several times
what the float is off by; a half is a float."""


class Rounding(StrEnum):
    HALF_EVEN = "half_even"
    HALF_UP = "half_up"
    UP = "up"
    DOWN = "down"

    __hash__ = str.__hash__  # an enumeration's own is a slow one


NEAREST = (Rounding.HALF_EVEN, Rounding.HALF_UP)


def half_even(numerator: int, denominator: int) -> int:
    quotient, rest = divmod(numerator, denominator)
    double = rest + rest
    if double > denominator or (double == denominator and quotient & 1):
        return quotient + 1
    return quotient


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def down(numerator: int, denominator: int) -> int:
    return numerator // denominator


DIVIDE: dict[Rounding, Divide] = {
    Rounding.HALF_EVEN: half_even,
    Rounding.HALF_UP: half_up,
    Rounding.UP: up,
    Rounding.DOWN: down,
}


def to_multiple(numerator: int, denominator: int, multiple: int, divide: Divide) -> int:
    """The quotient as a whole number of `multiple`s: 304.91 in multiples of 1.00 is 305.00."""
    return divide(numerator, denominator * multiple) * multiple
