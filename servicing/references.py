"""A loan's reference as people type it: found where it can only be one, proposed where it may be.

References have no letter or digit that is easily taken for another of them by ear; those of today
end in a check character, so that no single slip makes one valid reference of another.
"""

import re
from itertools import pairwise

from kit.ids import ALPHABET, check_character

PREFIX = "L"
_LENGTHS = (7, 8)
"""Without a check character, as they were at first, and with it."""
# People read the prefix as a one, and write it or leave it out.
_PREFIXES = ("", "L", "1", "I")
_WORD = re.compile(r"[0-9A-Z]+")


def named_in(typed: str) -> set[str]:
    """Every reference that the text may mean as it stands: case, spaces and dashes do not count."""
    words = _WORD.findall(typed.upper())
    texts = {"".join(words), *words, *(first + second for first, second in pairwise(words))}
    found = {_reference(text, prefix) for text in texts for prefix in _PREFIXES}
    return {reference for reference in found if reference is not None}


def near(typed: str) -> set[str]:
    """References that are one slip away: a sign wrong, missing, too many, or two exchanged."""
    text = "".join(_WORD.findall(typed.upper()))
    codes = {text.removeprefix(prefix) for prefix in _PREFIXES if text.startswith(prefix)}
    slips = {slip for code in codes if 6 <= len(code) <= 9 for slip in _slips(code)}
    return {found for slip in slips if (found := _reference(slip, "")) is not None}


def _reference(text: str, prefix: str) -> str | None:
    code = text.removeprefix(prefix)
    if not text.startswith(prefix) or len(code) not in _LENGTHS or not set(code) <= set(ALPHABET):
        return None
    if len(code) == _LENGTHS[-1] and check_character(code[:-1]) != code[-1]:
        return None
    return f"{PREFIX}-{code}"


def _slips(code: str) -> set[str]:
    places = range(len(code))
    return {
        *(code[:at] + sign + code[at + 1 :] for at in places for sign in ALPHABET),
        *(code[:at] + code[at + 1 :] for at in places),
        *(code[:at] + sign + code[at:] for at in range(len(code) + 1) for sign in ALPHABET),
        *(code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in places[:-1]),
    }
