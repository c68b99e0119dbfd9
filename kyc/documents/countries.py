"""Countries as documents name them: the three letters of machine-readable zones and plain words."""

from functools import cache

from anyascii import anyascii
from babel import Locale
from babel.core import get_global

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
    "REPUBLIQUE FRANCAISE": "FRA", "REPUBBLICA ITALIANA": "ITA",
}  # fmt: skip


def is_code(code: str) -> bool:
    return code in _SPECIAL or code in _by_name().values()


def find(folded: str) -> str | None:
    """The country that the words name, if they name one. `folded`: capitals without accents."""
    words = folded.split()
    for length in range(min(6, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            if found := _by_name().get(" ".join(words[start : start + length])):
                return found
    return None


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
                names.setdefault(" ".join(plain.split()), codes[territory])
    return names
