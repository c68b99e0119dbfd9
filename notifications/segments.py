"""What an SMS costs: its alphabet, its parts, and wording it so that it needs fewer of them."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# 3GPP TS 23.038: the default alphabet, and the table behind the escape (two septets each).
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_TYPOGRAPHY = str.maketrans(
    {
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
        "\u2212": "-",
        "\u00ba": "o",
        "\u00aa": "a",
    }
)


@dataclass(frozen=True)
class Segments:
    encoding: Literal["GSM-7", "UCS-2"]
    count: int


def segments(text: str) -> Segments:
    """The parts that a carrier makes of `text`, as it bills them."""
    if is_gsm(text):
        return Segments("GSM-7", _parts((1 + (c in _EXTENDED) for c in text), 160, 153))
    return Segments("UCS-2", _parts((len(c.encode("utf-16-be")) // 2 for c in text), 70, 67))


def is_gsm(text: str) -> bool:
    return all(c in _BASIC or c in _EXTENDED for c in text)


def plain(text: str) -> str:
    """`text` within GSM-7 where losing an accent is enough; otherwise as it is.

    One `á` or a curly quote turns a message into UCS-2, which more than doubles its parts.
    """
    folded = "".join(_fold(c) for c in unicodedata.normalize("NFC", text.translate(_TYPOGRAPHY)))
    return folded if is_gsm(folded) else text


def _fold(c: str) -> str:
    if is_gsm(c):
        return c
    base = unicodedata.normalize("NFD", c)[0]
    return base if is_gsm(base) else c


def _parts(sizes: Iterable[int], alone: int, joined: int) -> int:
    """A character is never cut in two, so a part may stay one unit short."""
    total, parts, filled = 0, 1, 0
    for size in sizes:
        total += size
        if filled + size > joined:
            parts, filled = parts + 1, 0
        filled += size
    return 1 if total <= alone else parts
