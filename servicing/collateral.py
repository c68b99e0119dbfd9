"""What secures a loan: pledged goods, their value after a haircut, and what is missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from servicing.fields import Fields


@dataclass(frozen=True, slots=True)
class Pledge:
    code: str
    quantity: Fraction
    price_minor: int
    haircut: Fraction = Fraction(0)
    """The part of the value that is not lent against."""

    @property
    def value(self) -> int:
        """To the minor unit below: security is never counted too high."""
        exact = self.quantity * self.price_minor
        return exact.numerator // exact.denominator


def value(pledges: Iterable[Pledge]) -> int:
    return sum(pledge.value for pledge in pledges)


def lendable(pledges: Iterable[Pledge]) -> int:
    """The value less haircuts: what may be owed against it."""
    exact = sum((pledge.value * (1 - pledge.haircut) for pledge in pledges), start=Fraction(0))
    return exact.numerator // exact.denominator


def shortfall(principal_owed: int, pledges: Iterable[Pledge]) -> int:
    """What is owed beyond what the security carries."""
    return max(principal_owed - lendable(pledges), 0)


def parse(fields: Fields, currency: str) -> tuple[Pledge, ...]:
    """Pledges under the key `collateral`."""
    pledges = []
    for item in fields.items("collateral", 100):
        pledges.append(read(item, currency))
        item.finish()
    codes = [pledge.code for pledge in pledges]
    if len(set(codes)) != len(codes):
        raise fields.refuse("collateral", "must not name a code twice")
    return tuple(pledges)


def read(item: Fields, currency: str) -> Pledge:
    return Pledge(
        code=read_code(item),
        quantity=item.number("quantity", 1, high=10**12),
        price_minor=item.amount("price", currency, zero=True),
        haircut=item.number("haircut_percent", 0, high=100) / 100,
    )


def read_code(item: Fields) -> str:
    code = item.required("code")
    if not isinstance(code, str) or not 1 <= len(code) <= 60:
        raise item.refuse("code", "must be a short text")
    return code
