"""Dates as documents print them: digits in the country's order, or months by their names."""

import re
from datetime import date
from functools import cache

from anyascii import anyascii
from babel import Locale

_LANGUAGES = ("en", "fr", "es", "pt", "de", "it", "nl", "pl", "sv", "da", "fi", "hu", "cs", "ro",
              "tr", "hr", "sl", "sk", "lt", "lv", "et", "is", "sw", "id")  # fmt: skip
_DIGITS = re.compile(r"(?<!\d)(\d{1,2})[ ./-]{1,3}(\d{1,2})[ ./-]{1,3}(\d{4}|\d{2})(?!\d)")
_YEAR_FIRST = re.compile(
    r"(?<!\d)(\d{4})\s*(?:[./-]|\N{CJK UNIFIED IDEOGRAPH-5E74})\s*(\d{1,2})"
    r"\s*(?:[./-]|\N{CJK UNIFIED IDEOGRAPH-6708})\s*(\d{1,2})"
)
_NAMED = re.compile(
    r"(?<!\d)(\d{1,2})\W{0,3}([A-Z]{3,12})\W{0,3}(?:[A-Z]{2,12}\W{0,3})?(\d{4}|\d{2})(?!\d)"
)
_MONTH_FIRST = frozenset({"USA"})
_YEARS_AHEAD = 50


def find(text: str, *, on: date, country: str = "", past: bool = False) -> list[str]:
    """ISO dates in the text, as they stand. `past`: two digits of a year are never ahead."""
    plain = anyascii(text).upper()
    found = [(m.start(), (m[1], m[2], m[3])) for m in _YEAR_FIRST.finditer(text)]
    found += [
        (m.start(), (m[3], month, m[1]))
        for m in _NAMED.finditer(plain)
        if (month := _months().get(m[2][:4]) or _months().get(m[2][:3]))
    ]
    dates = [_iso(*parts, on, past=past) for _, parts in sorted(found)]
    if not found:
        dates = [
            _in_order(m, on, past=past, month_first=country in _MONTH_FIRST)
            for m in _DIGITS.finditer(plain)
        ]
    return [iso for iso in dates if iso]


def _in_order(digits: re.Match[str], on: date, *, past: bool, month_first: bool) -> str:
    """In the country's order, or in the other one where that is no date."""
    first, second, year = digits.groups()
    usual, other = (
        _iso(year, *parts, on, past=past) for parts in ((second, first), (first, second))
    )
    return (other or usual) if month_first else (usual or other)


def _iso(year: str, month: str, day: str, on: date, *, past: bool) -> str:
    whole = int(year)
    if len(year) == 2:
        whole += on.year // 100 * 100
        if whole > (on.year if past else on.year + _YEARS_AHEAD):
            whole -= 100
    try:
        return date(whole, int(month), int(day)).isoformat()
    except ValueError:
        return ""


@cache
def _months() -> dict[str, str]:
    """First three or four letters to the month's number; the first language that has them says."""
    meanings: dict[str, str] = {}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            for month, name in Locale(language).months["format"][width].items():
                for letters in (3, 4):
                    meanings.setdefault(anyascii(name).upper()[:letters], str(month))
    # French months, told apart by the fourth letter.
    del meanings["JUI"]
    return meanings
