"""Reading what somebody wrote: every refusal names the field and says why in one sentence."""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from kit import money
from kit.errors import DomainError

E = TypeVar("E", bound=StrEnum)

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,20})?\Z", re.ASCII)
_RATIO = re.compile(r"\d{1,9}(\.\d{1,20})?(/\d{1,9}(\.\d{1,20})?)?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}\Z", re.ASCII)
_LOWEST_YEAR, _HIGHEST_YEAR = 1900, 2199


class InvalidTerms(DomainError):
    """A term that cannot be lent on. `field` is the key as the caller wrote it."""

    code = "invalid_terms"

    def __init__(self, *, field: str, reason: str) -> None:
        super().__init__(field=field, reason=reason)
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.field} {self.reason}"


class Fields:
    """One mapping, read key by key; keys that nobody read are refused at the end."""

    def __init__(self, source: object, path: str = "") -> None:
        if not isinstance(source, Mapping):
            raise InvalidTerms(field=path or "input", reason="must be an object with named keys")
        self._source: Mapping[Any, Any] = source
        self._path = path
        self._read: set[str] = set()

    def name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def refuse(self, key: str, reason: str) -> InvalidTerms:
        return InvalidTerms(field=self.name(key), reason=reason)

    def has(self, key: str) -> bool:
        return self._source.get(key) is not None

    def raw(self, key: str) -> Any:
        self._read.add(key)
        return self._source.get(key)

    def required(self, key: str) -> Any:
        self._read.add(key)
        value = self._source.get(key)
        if value is None:
            raise self.refuse(key, "is missing")
        return value

    def finish(self) -> None:
        if self._read.issuperset(self._source):
            return
        for key in self._source:
            if key not in self._read:
                raise InvalidTerms(field=self.name(str(key)[:60]), reason="is not a known key")

    def integer(self, key: str, default: int | None, low: int, high: int) -> int:
        value = self.required(key) if default is None else self.raw(key)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value, re.ASCII):
            value = int(value)
        if type(value) is not int:
            raise self.refuse(key, "must be a whole number")
        if not low <= value <= high:
            raise self.refuse(key, f"must be from {low} to {high}")
        return value

    def number(self, key: str, default: int | None = None, high: int = 100_000) -> Fraction:
        """A decimal number from 0 to `high`, exactly."""
        value = self.required(key) if default is None else self.raw(key)
        if value is None and default is not None:
            return Fraction(default)
        if type(value) is int:
            value = str(value)
        if not isinstance(value, str) or not _NUMBER.match(value.strip()):
            raise self.refuse(key, "must be a decimal number")
        number = Fraction(value.strip())
        if not 0 <= number <= high:
            raise self.refuse(key, f"must be from 0 to {high}")
        return number

    def ratio(self, key: str) -> Fraction:
        """A number or a sum of ratios such as "3/365 + 1/12"."""
        value = self.required(key)
        total = Fraction(0)
        for part in str(value).split("+"):
            if isinstance(value, float) or not _RATIO.match(part.strip()):
                raise self.refuse(key, "must be a number or a ratio such as 3/365")
            top, _, bottom = part.strip().partition("/")
            if bottom and not Fraction(bottom):
                raise self.refuse(key, "must not divide by zero")
            total += Fraction(top) / Fraction(bottom or 1)
        return total

    def amount(self, key: str, currency: str, *, zero: bool = False) -> int:
        """An amount in major units, as minor units; more digits than the currency has: refused."""
        value = self.required(key)
        if type(value) is int:
            value = str(value)
        if not isinstance(value, str):
            raise self.refuse(key, "must be a decimal string")
        try:
            minor = money.read_minor(value, currency)
        except money.InvalidAmount:
            digits = money.exponent(currency)
            raise self.refuse(
                key,
                f"must be an amount with at most 15 digits and {digits} decimals, without commas",
            ) from None
        if minor < 0 or (minor == 0 and not zero):
            raise self.refuse(key, "must not be negative" if zero else "must be more than zero")
        return minor

    def day(self, key: str) -> date:
        value = self.required(key)
        if isinstance(value, date):
            return value
        if not isinstance(value, str) or not _DATE.match(value):
            raise self.refuse(key, "must be a date such as 2026-01-31")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.refuse(key, "is not a day of the calendar") from None
        if not _LOWEST_YEAR <= day.year <= _HIGHEST_YEAR:
            raise self.refuse(key, f"must lie between {_LOWEST_YEAR} and {_HIGHEST_YEAR}")
        return day

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E:
        value = self.required(key) if default is None else self.raw(key)
        if value is None and default is not None:
            return default
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(kind)
            raise self.refuse(key, f"must be one of: {known}") from None

    def flag(self, key: str) -> bool:
        value = self.raw(key)
        if value not in (None, True, False) or type(value) is int:
            raise self.refuse(key, "must be true or false")
        return bool(value)

    def currency(self, key: str) -> str:
        value = self.required(key)
        if not isinstance(value, str) or not _CURRENCY.match(value) or not is_currency(value):
            raise self.refuse(key, "must be a current ISO 4217 currency such as USD")
        return value

    def items(self, key: str, most: int = 5_000) -> list["Fields"]:
        """The list of objects under `key`, each reading its own keys."""
        return [
            Fields(item, f"{self.name(key)}[{n}]")
            for n, item in enumerate(self.sequence(key, most))
        ]

    def sequence(self, key: str, most: int = 5_000) -> list[Any]:
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            raise self.refuse(key, "must be a list")
        if len(value) > most:
            raise self.refuse(key, f"must have at most {most} items")
        return list(value)


def is_currency(code: str) -> bool:
    return code in _CURRENCIES


# ISO 4217, active codes that a person can owe (funds codes, metals and test codes left out).
_ACTIVE = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYI
UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_CURRENCIES = frozenset(_ACTIVE.split())
