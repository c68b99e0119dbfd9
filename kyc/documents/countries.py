"""Countries as documents name them: the three letters of machine-readable zones and plain words."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from anyascii import anyascii
from babel import Locale
from babel.core import get_global

from kyc.documents import labels
from kyc.documents.fields import FieldName

_LANGUAGES = ("en", "fr", "es", "pt", "de", "it", "nl", "pl", "cs", "sk", "hu", "ro", "hr", "sl",
              "sv", "da", "fi", "et", "lv", "lt", "tr", "sw", "id", "is")  # fmt: skip
_OF_THE_PAST = frozenset({"BUR", "DDR", "FXX", "YMD", "ZAR", "TMP", "ROM", "ANT", "SUN", "VDR",
                          "RHO", "DHY", "HVO", "NHB", "QUU", "PCZ"})  # fmt: skip
_SPECIAL = ("UTO", "XXA", "XXB", "XXC", "XXX", "UNO", "UNA", "UNK", "EUE", "XOM", "XPO", "XCC",
            "XBA", "XIM", "XCE", "XCO", "XEC", "XDC", "XMP", "RKS", "IAO", "GBD", "GBN", "GBO",
            "GBP", "GBS", "D")  # fmt: skip
"""Codes of Doc 9303 part 3 that no country has in ISO 3166."""
_OTHER_NAMES = {
    "CZECH REPUBLIC": "CZE", "REPUBLIC OF CHINA": "TWN", "PEOPLE S REPUBLIC OF CHINA": "CHN",
    "GOVT OF INDIA": "IND", "GOVERNMENT OF INDIA": "IND", "JAMHURI YA KENYA": "KEN",
    "USA": "USA", "UNITED STATES OF AMERICA": "USA", "UK": "GBR", "ESPANA": "ESP",
    "BUNDESREPUBLIK DEUTSCHLAND": "D", "MEXICO": "MEX", "BRASIL": "BRA", "SUOMI": "FIN",
    "INCOME TAX DEPARTMENT": "IND", "UTOPIA": "UTO", "NEDERLANDEN": "NLD",
    "REPUBLIQUE FRANCAISE": "FRA", "REPUBBLICA ITALIANA": "ITA", "RUSSIAN FEDERATION": "RUS",
    "REPUBLIC OF KOREA": "KOR", "DEMOCRATIC PEOPLE S REPUBLIC OF KOREA": "PRK",
    "ESTADOS UNIDOS MEXICANOS": "MEX", "UNITED MEXICAN STATES": "MEX",
    "REPUBLICA ARGENTINA": "ARG", "ARGENTINE REPUBLIC": "ARG", "REPUBLICA PORTUGUESA": "PRT",
    "PORTUGUESE REPUBLIC": "PRT", "SLOVAK REPUBLIC": "SVK", "SLOVENSKA REPUBLIKA": "SVK",
    "CESKA REPUBLIKA": "CZE", "LIETUVOS RESPUBLIKA": "LTU", "LATVIJAS REPUBLIKA": "LVA",
    "HELLENIC REPUBLIC": "GRC", "SWISS CONFEDERATION": "CHE", "KYRGYZ REPUBLIC": "KGZ",
    "SYRIAN ARAB REPUBLIC": "SYR", "LAO PEOPLE S DEMOCRATIC REPUBLIC": "LAO",
    "SOCIALIST REPUBLIC OF VIET NAM": "VNM",
}  # fmt: skip
_ABBREVIATED = frozenset({"USA", "UK"})
_SHORT, _LONGEST = 3, 6
"""Letters and words of a name."""
_STATE = frozenset(
    labels.listed(
        """REPUBLIC|REPUBLIQUE|REPUBLICA|REPUBBLICA|REPUBLIK|REPUBLIKA|RESPUBLIKA|REPUBLIEK|VABARIIK|
    RZECZPOSPOLITA|CUMHURIYETI|KINGDOM|ROYAUME|REINO|REGNO|KONINKRIJK|KONGERIGET|KONGERIKET|
    KONUNGARIKET|STATE|FEDERATION|CONFEDERATION|COMMONWEALTH|PRINCIPALITY|SULTANATE|EMIRATE|
    UNION|GOVERNMENT|GOVT"""
    )
)
_BETWEEN = frozenset(
    labels.listed(
        "OF|THE|AND|DE|DU|DES|LA|LE|EL|DEL|DI|DA|DO|DER|YA|FEDERAL|DEMOCRATIC|ISLAMIC|UNITED"
    )
)


def is_code(code: str) -> bool:
    return code in _SPECIAL or code in _by_name().values()


def find(folded: str) -> str | None:
    """The country that the words name, if they name one. `folded`: capitals without accents.

    People and places are called as countries are: a name of one word counts when the row says
    nothing else, names it again in another language, or calls it a state. Of several the last one
    counts, as the country stands behind the place.
    """
    words = folded.split()
    named = list(_named(words))
    covered = {place for start, end, _ in named for place in range(start, end)}
    rest = " ".join(word for place, word in enumerate(words) if place not in covered)
    codes = [code for _, _, code in named]
    is_alone = set(_around().sub(" ", rest).split()) <= _STATE | _BETWEEN
    sure = [
        code
        for start, end, code in named
        if is_alone
        or end - start > 1
        or codes.count(code) > 1
        or words[start] in _ABBREVIATED
        or _is_beside_state(words, start, end)
    ]
    return sure[-1] if sure else None


def mentioned(folded: str) -> str | None:
    """The first country among other words, where a country is what they are about."""
    return next((code for _, _, code in _named(folded.split())), None)


def _is_beside_state(words: Sequence[str], start: int, end: int) -> bool:
    before = [word for word in words[:start] if word not in _BETWEEN]
    return bool(_STATE.intersection([*before[-1:], *words[end : end + 1]]))


@cache
def _around() -> re.Pattern[str]:
    """What stands beside a country's name on its documents: the title, or that it is one."""
    phrases = [phrase for titles in labels.TITLES.values() for phrase in labels.listed(titles)]
    phrases += labels.listed(labels.PHRASES[FieldName.NATIONALITY])
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")


def _named(words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """From, to and code of each country's name; a longer name wins over one inside it."""
    start = 0
    while start < len(words):
        for length in range(min(_LONGEST, len(words) - start), 0, -1):
            if found := _by_name().get(" ".join(words[start : start + length])):
                yield start, start + length, found
                break
        else:
            length = 1
        start += length


def same(one: str, other: str) -> bool:
    """Germany is `D` in machine-readable zones and `DEU` elsewhere."""
    return one.replace("DEU", "D") == other.replace("DEU", "D")


@cache
def _by_name() -> dict[str, str]:
    codes = {
        two[0]: three
        for three, two in get_global("territory_aliases").items()
        if len(three) == 3 and three.isalpha() and len(two) == 1 and three not in _OF_THE_PAST
    }
    names = dict(_OTHER_NAMES)
    for language in _LANGUAGES:
        for territory, name in Locale(language).territories.items():
            if territory in codes:
                plain = "".join(c if c.isalnum() else " " for c in anyascii(name).upper())
                if len(plain) > _SHORT:  # People have names like Oma and Tai.
                    names.setdefault(" ".join(plain.split()), codes[territory])
    return names
