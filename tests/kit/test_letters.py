"""The font that ships with the product has the letters that people read."""

import pytest
from babel.core import get_global
from fontTools.ttLib import TTFont

from kit import text
from kit.letters import BOLD, REGULAR, written
from kit.money import Money
from servicing.papers.words import LOCALES

KNOWN = frozenset.intersection(*(frozenset(TTFont(path).getBestCmap()) for path in (REGULAR, BOLD)))


def lacking(text: str) -> set[str]:
    return {letter for letter in text if ord(letter) not in KNOWN}


def in_use() -> set[str]:
    """Currencies that are money somewhere today."""
    found = get_global("territory_currencies").values()
    return {code for spans in found for code, _, end, tender in spans if tender and end is None}


@pytest.mark.parametrize(
    "letters",
    [
        "Żółć naïve año São Tomé Đặng çığ ăț",
        "Щербаківна ґрунт, Қазақстан, Өнер, Ўзбек, Ѓорѓи",
        "Ελληνικά",
        "0123456789 · … « » “ ” ₹ ₦ € £ ₽ ₴ ₺ ₫",
    ],
)
def test_letters_of_many_languages(letters: str) -> None:
    assert lacking(letters) == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_signs_of_every_currency(locale: str) -> None:
    amounts = [text.money(Money(123_456, code), locale) for code in sorted(in_use())]

    assert lacking(written("".join(amounts))) == set()
