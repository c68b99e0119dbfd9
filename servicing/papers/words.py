"""The sentences of papers in one language, with amounts and days as its locale writes them."""

from datetime import date
from pathlib import Path

from kit import text
from kit.money import Money

_TEXTS = text.Texts(Path(__file__).with_name("locales"))
LOCALES = tuple(_TEXTS.locales)


class Words:
    def __init__(self, locale: str) -> None:
        language = locale.partition("-")[0]
        self.locale = language if language in LOCALES else text.DEFAULT_LOCALE

    def __call__(self, key: str, **params: str | int) -> str:
        return _TEXTS.format(self.locale, key, **params)

    def kind(self, kind: str) -> str:
        """What a movement of the ledger is called on a statement."""
        key = f"kind-{kind.replace('_', '-')}"
        return self(key if key in _TEXTS.keys(self.locale) else "kind-other")

    def money(self, amount: Money) -> str:
        return text.money(amount, self.locale)

    def number(self, minor: int, currency: str) -> str:
        """An amount without its currency, which the paper names once."""
        return text.number(Money(minor, currency), self.locale)

    def day(self, value: date) -> str:
        return text.day(value, self.locale)
