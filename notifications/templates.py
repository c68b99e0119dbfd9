"""The words of a notification: `<template>-<channel>` in the reader's language.

A parameter `money:12345:KES` or `date:2026-11-21` is written as the locale writes it. Chat texts
are HTML, so parameters are escaped there; SMS texts stay within one GSM-7 part where they can.
"""

import html
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import get_currency_symbol
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from kit import text
from kit.money import Money
from notifications import segments
from notifications.states import Channel

FOLDER = Path(__file__).with_name("templates")
TEXTS = text.Texts(FOLDER)
# Given by us to every text, never by the caller.
IMPLICIT = frozenset({"lender", "site"})
# Templates whose words nobody but their reader may see.
SECRET = frozenset({"otp_code"})
Params = Mapping[str, str | int]


class TemplateUnknown(ValueError):
    """No text of this name for this channel: a slip in the calling code."""


class ParameterMissing(ValueError):
    """The text needs a parameter that the caller did not give: a slip in the calling code."""


@dataclass(frozen=True)
class Words:
    text: str
    button: str | None = None


def check(template: str, channels: Iterable[Channel], params: Params) -> None:
    """Refuse at the moment of asking what could not be rendered later."""
    known = supported(template)
    if missing := [channel for channel in channels if channel not in known]:
        raise TemplateUnknown(f"{template} has no text for {', '.join(missing)}")
    needed: set[str] = set()
    for channel in known:
        needed |= variables(text.DEFAULT_LOCALE)[f"{template}-{channel}"]
    if missing_params := needed - IMPLICIT - params.keys():
        raise ParameterMissing(f"{template} needs {', '.join(sorted(missing_params))}")
    if "button" in params and f"{template}-button" not in variables(text.DEFAULT_LOCALE):
        raise TemplateUnknown(f"{template} has no button")


def supported(template: str) -> frozenset[Channel]:
    """The channels that `template` has words for."""
    keys = variables(text.DEFAULT_LOCALE)
    return frozenset(channel for channel in Channel if f"{template}-{channel}" in keys)


def render(
    template: str,
    channel: Channel,
    locale: str,
    params: Params,
    *,
    lender: str,
    site: str = "",
) -> Words:
    locale = best_locale(locale)
    given = {name: _spoken(value, channel, locale) for name, value in params.items()}
    given |= {"lender": _spoken(lender, channel, locale), "site": site}
    words = TEXTS.format(locale, f"{template}-{channel}", **given)
    if channel is Channel.SMS:
        return Words(segments.plain(words))
    button = TEXTS.format(locale, f"{template}-button", **given) if "button" in params else None
    return Words(words, button)


def best_locale(wanted: str) -> str:
    """`es-MX` reads Spanish; a language that we do not speak reads English."""
    for name in (wanted, wanted.replace("_", "-").partition("-")[0].lower()):
        if name in TEXTS.locales:
            return name
    return text.DEFAULT_LOCALE


@cache
def variables(locale: str) -> dict[str, frozenset[str]]:
    """Every message of a locale with the names of the parameters that it uses."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted((FOLDER / locale).glob("*.ftl")):
        for entry in FluentParser().parse(path.read_text(encoding="utf-8")).body:
            if isinstance(entry, ast.Message):
                collector = _Variables()
                collector.visit(entry)
                found[entry.id.name] = frozenset(collector.names)
    return found


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def visit_VariableReference(self, node: Any) -> None:  # noqa: N802 (the library's name)
        self.names.add(node.id.name)


def _spoken(value: str | int, channel: Channel, locale: str) -> str | int:
    if isinstance(value, int):
        return value
    kind, _, rest = value.partition(":")
    if kind == "money":
        return _money(rest, channel, locale)
    if kind == "date":
        return text.day(date.fromisoformat(rest), locale)
    visible = "".join(c for c in value if c == "\n" or unicodedata.category(c) not in _INVISIBLE)
    return html.escape(visible, quote=False) if channel is Channel.TELEGRAM else visible


# Control and format characters: a right-to-left override would rewrite the sentence around it.
_INVISIBLE = frozenset({"Cc", "Cf"})


def _money(value: str, channel: Channel, locale: str) -> str:
    minor, _, currency = value.partition(":")
    written = text.money(Money(int(minor), currency), locale)
    if channel is Channel.SMS:
        # Signs such as the naira's are not in GSM-7, and `$` is the sign of twenty currencies.
        symbol = get_currency_symbol(currency, Locale.parse(locale))
        written = written.replace(symbol, currency)
    return written
