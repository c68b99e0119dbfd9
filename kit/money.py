"""Money as integer minor units of one currency: exact, and never mixed by accident."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from kit.errors import DomainError

# ISO 4217 minor-unit exponents that differ from two (published list one, active currencies).
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = {
    **dict.fromkeys(_WHOLE.split(), 0),
    **dict.fromkeys(_THOUSANDTHS.split(), 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
_CODE = re.compile(r"[A-Z]{3}\Z")
_AMOUNT = re.compile(r"(-?)(\d{1,15})(?:\.(\d{1,4}))?\Z", re.ASCII)


class InvalidAmount(DomainError):
    code = "invalid_amount"


class CurrencyMismatch(AssertionError):
    """Two currencies met in one sum: a bug of ours, never a borrower's mistake."""


def exponent(currency: str) -> int:
    """How many decimal digits the minor unit of `currency` has."""
    return _EXPONENTS.get(currency, 2)


def read_minor(text: str, currency: str) -> int:
    """The minor units of an amount that is written in major ones."""
    match = _AMOUNT.match(text.strip())
    digits = exponent(currency)
    if match is None or len((match[3] or "").rstrip("0")) > digits:
        raise InvalidAmount(amount=text[:40], currency=currency)
    fraction = (match[3] or "")[:digits].ljust(digits, "0")
    minor = int(match[2] + fraction)
    return -minor if match[1] else minor


def round_half_even(value: Fraction) -> int:
    return round(value)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`minor` units (cents) of `currency` (ISO 4217)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are an int, not {self.minor!r}")
        if not _CODE.match(self.currency):
            raise InvalidAmount(currency=self.currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read major units ("12.50"). More decimal digits than the currency has: refused."""
        return cls(read_minor(text, currency), currency)

    @classmethod
    def total(cls, parts: Iterable["Money"], currency: str) -> "Money":
        return sum(parts, start=cls(0, currency))

    @property
    def major(self) -> str:
        """The decimal string in major units, with all digits of the currency."""
        digits = exponent(self.currency)
        sign = "-" if self.minor < 0 else ""
        whole, part = divmod(abs(self.minor), 10**digits)
        return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"

    def zero(self) -> "Money":
        return Money(0, self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, factor: Fraction | int) -> "Money":
        """Times an exact factor, rounded half to even."""
        if not isinstance(factor, Fraction | int):
            raise TypeError("money is multiplied by a Fraction or an int")
        return Money(round_half_even(Fraction(self.minor) * factor), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.major} {self.currency}"

    def split(self, parts: int) -> list["Money"]:
        """Shares that differ by at most one minor unit and lose nothing; larger ones first."""
        base, extra = divmod(self.minor, parts)
        return [Money(base + (n < extra), self.currency) for n in range(parts)]

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self} and {other}")
        return other.minor
