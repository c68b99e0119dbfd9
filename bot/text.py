"""Sentences for the chat: `kit.text` in one reader's language, safe as Telegram HTML."""

import html
import re
import unicodedata
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

from fluent.runtime.errors import FluentReferenceError

from kit import text
from kit.errors import DomainError
from kit.money import InvalidAmount, Money, exponent
from kit.text import DEFAULT_LOCALE, MissingText, Texts

Value = str | int | Money | date

LOCALES = Path(__file__).resolve().parent / "locales"
LABEL_CHARACTERS = 32
_LONGEST = 2_000
_GROUP = 3
_JOINER = "\u200d"  # Holds emoji and some scripts together; harmless on its own.


@cache
def load() -> Texts:
    return Texts(LOCALES)


def plain(untrusted: str, limit: int = _LONGEST) -> str:
    """What a stranger wrote, on one line, without characters that hide or reverse anything."""
    normal = unicodedata.normalize("NFKC", untrusted[: 4 * limit])
    spaced = " ".join(normal.split())
    kept = (c for c in spaced if c == _JOINER or unicodedata.category(c)[0] != "C")
    return "".join(kept)[:limit]


def plain_amount(typed: str, currency: str) -> str:
    """`30.000`, `30,000` and `30 000,50` in the one form that the journey reads: `30000.50`.

    Half the world groups thousands with a point. A separator before exactly three digits groups,
    since no amount here has three decimals; where a currency does, only the comma groups.
    """
    separators = r"[.,]" if exponent(currency) < _GROUP else r","
    grouped = re.sub(rf"(?<=\d){separators}(?=\d{{3}}(?!\d))", "", typed)
    return re.sub(r"(?<=\d),(?=\d{1,2}(?!\d))", ".", grouped)


def matching_locale(language_code: str | None, texts: Texts) -> str:
    """The locale for what Telegram calls the person's language (`es-MX`), English if we lack it."""
    language = (language_code or "").lower().partition("-")[0]
    return language if language in texts.locales else DEFAULT_LOCALE


class Words:
    """All sentences of one locale. Called, it gives HTML in which every parameter is escaped."""

    def __init__(self, texts: Texts, locale: str) -> None:
        self._texts = texts
        self.locale = locale

    def __call__(self, key: str, **params: Value) -> str:
        written = {name: self._written(value) for name, value in params.items()}
        return self._texts.format(
            self.locale, key, **{name: _escaped(value) for name, value in written.items()}
        )

    def label(self, key: str, **params: Value) -> str:
        """A button's text: Telegram shows it as it is."""
        written = {name: self._written(value) for name, value in params.items()}
        return self._texts.format(self.locale, key, **written)

    def money(self, amount: Money) -> str:
        return text.money(amount, self.locale)

    def number(self, minor: int, currency: str) -> str:
        """An amount without its currency, for small buttons."""
        written = self.money(Money(minor, currency))
        return written.replace(currency, "").strip()

    def day(self, value: date) -> str:
        return text.day(value, self.locale)

    def month(self, key: str) -> str:
        """`7` is July; `2027-07` is July of that year."""
        year, _, month = key.rpartition("-")
        return text.month(int(month), self.locale) + (f" {year}" if year else "")

    def percent(self, value: Fraction, digits: int = 2) -> str:
        return text.percent(value, self.locale, digits)

    def has(self, key: str) -> bool:
        return key in _keys(self._texts, self.locale)

    def refusal(self, error: DomainError) -> str:
        """The kind sentence for an anticipated error."""
        currency = error.params.get("currency")
        params = {name: _value(value, currency) for name, value in error.params.items()}
        try:
            return self(f"error-{error.code.replace('_', '-')}", **params)
        except (MissingText, FluentReferenceError):
            return self("error-something-else")

    def _written(self, value: Value) -> str | int:
        if isinstance(value, Money):
            return self.money(value)
        if isinstance(value, date):
            return self.day(value)
        return plain(value) if isinstance(value, str) else value


@cache
def _keys(texts: Texts, locale: str) -> frozenset[str]:
    return texts.keys(locale)


def _escaped(value: str | int) -> str | int:
    return html.escape(value, quote=False) if isinstance(value, str) else value


def _value(value: object, currency: object) -> Value:
    """Errors carry amounts as decimal strings beside their currency."""
    if isinstance(value, str) and isinstance(currency, str):
        try:
            return Money.parse(value, currency)
        except InvalidAmount:
            return value
    return value if isinstance(value, str | int | Money | date) else str(value)
