"""Sentences in the reader's language (Fluent); money and dates as the locale writes them."""

from datetime import date, datetime
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_month_names
from babel.numbers import format_currency, format_decimal
from fluent.runtime import FluentBundle, FluentResource

from kit.money import Money, exponent

DEFAULT_LOCALE = "en"
_KEPT = 4_096


class MissingText(KeyError):
    """No locale has this key: a bug that the tests find."""


class Texts:
    """All `.ftl` files under `folder/<locale>/`. A missing key falls back to English."""

    def __init__(self, folder: Path) -> None:
        self._bundles = {
            path.name: _bundle(path) for path in sorted(folder.iterdir()) if path.is_dir()
        }
        self._kept = lru_cache(maxsize=_KEPT)(self._format)

    @property
    def locales(self) -> list[str]:
        return list(self._bundles)

    def keys(self, locale: str) -> frozenset[str]:
        return frozenset(self._bundles[locale]._messages)

    def format(self, locale: str, key: str, **params: str | int) -> str:
        # Words may be anybody's: only labels and counts ("question 4 of 17") are kept.
        has_words = any(isinstance(value, str) for value in params.values())
        write = self._format if has_words else self._kept
        return write(locale, key, tuple(params.items()))

    def _format(self, locale: str, key: str, params: tuple[tuple[str, str | int], ...]) -> str:
        for name in (locale, DEFAULT_LOCALE):
            bundle = self._bundles.get(name)
            if bundle is not None and bundle.has_message(key):
                pattern = bundle.get_message(key).value
                if pattern is not None:
                    text, errors = bundle.format_pattern(pattern, dict(params))
                    if errors:
                        raise errors[0]
                    return str(text)
        raise MissingText(key)


def _bundle(folder: Path) -> FluentBundle:
    bundle = FluentBundle([folder.name], use_isolating=False)
    for path in sorted(folder.glob("*.ftl")):
        bundle.add_resource(FluentResource(path.read_text(encoding="utf-8")))
    return bundle


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def money(amount: Money, locale: str) -> str:
    """`KES 1,234.50` in the locale's own order and separators; whole amounts without decimals."""
    scale = 10 ** exponent(amount.currency)
    # Babel divides nothing here: it gets the exact decimal string.
    pattern = "¤ #,##0" if amount.minor % scale == 0 else "¤ #,##0.00"
    text = format_currency(
        amount.major, amount.currency, pattern, locale=_locale(locale), currency_digits=False
    )
    return _plain_spaces(text)


def number(amount: Money, locale: str) -> str:
    """`1,234.50`: for columns below a currency, so with all its decimals."""
    decimals = "0" * exponent(amount.currency)
    pattern = f"#,##0.{decimals}" if decimals else "#,##0"
    return _plain_spaces(format_decimal(amount.major, pattern, locale=_locale(locale)))


def _plain_spaces(text: str) -> str:
    return text.replace("\xa0", " ").replace("\u202f", " ")


def day(value: date, locale: str) -> str:
    return format_date(value, "d MMM y", locale=_locale(locale))


def moment(value: datetime, locale: str, zone: str) -> str:
    return format_datetime(
        value.astimezone(ZoneInfo(zone)), "d MMM y HH:mm", locale=_locale(locale)
    )


def percent(value: Fraction, locale: str, digits: int = 2) -> str:
    """`value` is in percent: Fraction(125, 10) is 12.5 %."""
    rounded = round(value * 10**digits)
    whole = f"{rounded // 10**digits}.{rounded % 10**digits:0{digits}d}"
    return format_decimal(whole, "#,##0.##", locale=_locale(locale)) + " %"


def month(number: int, locale: str) -> str:
    """The name of a month, as it stands alone."""
    name: str = get_month_names("wide", "stand-alone", _locale(locale))[number]
    return name
