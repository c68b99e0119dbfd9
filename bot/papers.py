"""Key facts as PDF: the sentences of the chat's own screen, and the dates with all their parts."""

import html
import re
from datetime import datetime
from functools import partial

from bot.screens import prices
from bot.screens.base import Paper, Screen
from bot.text import Words
from kit import text
from kit.money import Money
from kit.sheet import Column, Sheet
from onboarding.calculator import KeyFacts

_PARTS = ("principal", "interest", "fees", "due")
_TAG = re.compile(r"</?\w+>")


def key_facts(facts: KeyFacts, words: Words, *, issuer: str, now: datetime) -> Screen:
    printed = partial(_pdf, facts, words, issuer, now)
    return Screen(words("offer-facts-sent"), paper=Paper(f"{facts.product}.pdf", printed))


def _pdf(facts: KeyFacts, words: Words, issuer: str, now: datetime) -> bytes:
    sheet = Sheet(
        words.label("offer-facts-title"),
        subtitle=f"{prices.product_named(facts.product, words)} · {facts.principal.currency}",
        issuer=issuer,
        locale=words.locale,
        made_at=now,
    )
    sheet.facts([_pair(line) for line in prices.cost(facts, words).splitlines() if line])
    sheet.heading(_plain(words("calculator-when")))
    parts = [part for part in _PARTS if any(getattr(row, part) for row in facts.rows)]
    columns = (
        Column(words.label("part-day"), 4, is_number=False),
        *(Column(words.label(f"part-{part}"), 5) for part in parts),
    )

    def written(amount: Money) -> str:
        return text.number(amount, words.locale)

    sheet.table(
        columns,
        [
            (words.day(row.due_on), *(written(getattr(row, part)) for part in parts))
            for row in facts.rows
        ],
    )
    if (late := prices.late(facts, words)) is not None:
        sheet.paragraph(_plain(late))
    return sheet.to_bytes()


def _pair(line: str) -> tuple[str, str]:
    """`You borrow: KES 30,000` in two columns."""
    name, _, value = _plain(line).partition(": ")
    return name, value


def _plain(telegram_html: str) -> str:
    return html.unescape(_TAG.sub("", telegram_html))
