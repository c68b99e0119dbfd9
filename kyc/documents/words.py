"""Find labels in a row of print: phrases of `labels`, also with a letter misread."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from anyascii import anyascii
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from kyc.documents import labels
from kyc.documents.fields import FieldName

_HAN = "\N{CJK UNIFIED IDEOGRAPH-4E00}-\N{CJK UNIFIED IDEOGRAPH-9FFF}"
_TOKEN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_LONG_ENOUGH_TO_MISREAD, _LONG_WORD = 7, 8
"""Letters of a phrase, and of a single word: shorter ones are near to names of people."""
_ALSO_NAMES = frozenset({"GROSSE", "HOLDER"})
_SEPARATORS = ":./()°º#0123456789"
_GLUED = 8
"""Letters of a phrase that is known without its spaces too, as recognizers lose them."""
_SHORT = 3
_SAME = re.compile(r"\s*/\s*")
_NUMBERED = re.compile(r"\(?\d{1,2}[a-d]?|\[?[a-z]")
"""Before a label: "02", "(4b", "[a"."""
_AT_START = re.compile(rf"(?:\d{{1,2}}[a-d]?\s?)?({'|'.join(labels.AT_START_ON_LICENCES)})\b")
_LONGEST = 5
"""Words of a phrase."""


@dataclass(frozen=True)
class Mark:
    """A label within a row; `start` and `end` count letters of the row."""

    name: FieldName | None
    start: int
    end: int


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int


def fold(text: str) -> str:
    """Capitals without accents, words parted by one space. Han characters stay."""
    return " ".join(token.text for token in _tokens(text))


def marks(text: str) -> list[Mark]:
    """The labels in a row, from left to right."""
    tokens = _tokens(text)
    found: list[Mark] = []
    place = 0
    while place < len(tokens):
        mark, used = _mark_at(text, tokens, place, after=found[-1].end if found else 0)
        if mark is not None and found and _SAME.fullmatch(text[found[-1].end : mark.start]):
            found[-1] = _merged(found[-1], mark)
        elif mark is not None:
            found.append(mark)
        place += used
    return found


def licence_marks(text: str) -> list[Mark]:
    """The labels in a row of a driving licence, with the short ones of North America in front."""
    found = marks(text)
    begins = _AT_START.match(text)
    if begins is None or (found and found[0].start <= begins.start(1)):
        return found
    name = labels.AT_START_ON_LICENCES[begins[1]]
    rest = [mark for mark in found if mark.start >= begins.end(1)]
    return [Mark(name, begins.start(1), begins.end(1)), *rest]


def _merged(one: Mark, other: Mark) -> Mark:
    """One label in two languages. "Name / Surname" is the surname: the more telling word counts."""
    vague = (FieldName.NAME, FieldName.NUMBER)
    name = other.name if one.name in vague and other.name is not None else one.name
    return Mark(name, one.start, other.end)


def names_a_field(text: str) -> bool:
    """Whether any of its words is a label: then it is no name of a person."""
    single = _phrases()[1].keys() - _ALSO_NAMES
    return any(len(word) > _SHORT + 1 and word in single for word in fold(text).split())


def _mark_at(text: str, tokens: list[_Token], place: int, after: int) -> tuple[Mark | None, int]:
    for length in range(min(_LONGEST, len(tokens) - place), 0, -1):
        taken = tokens[place : place + length]
        start, end = taken[0].start, taken[-1].end
        known, name = _meaning(" ".join(token.text for token in taken), length)
        if known and (length > 1 or _stands_alone(text, start, end, after)):
            return Mark(name, start, end), length
    return None, 1


def _stands_alone(text: str, start: int, end: int, after: int) -> bool:
    """One word is a label only at the beginning or after another label, and the shortest ones
    only when something parts them from what follows: names of people are words too."""
    before, behind = text[after:start].strip(" .:*])"), text[end:].lstrip()
    begins = not before or before[-1] in "/(" or _NUMBERED.fullmatch(before) is not None
    if re.match(rf"[{_HAN}]", text[start]):
        return True
    is_parted = bool(behind) and behind[0] in _SEPARATORS
    if fold(text[start:end]) in _ALSO_NAMES:
        return begins and is_parted
    return begins and (end - start > _SHORT or not behind or is_parted)


def _meaning(phrase: str, length: int) -> tuple[bool, FieldName | None]:
    phrases = _phrases().get(length, {})
    if phrase in phrases:
        return True, phrases[phrase]
    least = _LONG_WORD if length == 1 else _LONG_ENOUGH_TO_MISREAD
    if len(phrase) >= least and not re.search(rf"[{_HAN}]", phrase):
        near = process.extractOne(
            phrase, phrases.keys(), scorer=Levenshtein.distance, score_cutoff=len(phrase) // 7
        )
        if near is not None and len(near[0]) >= least:
            return True, phrases[near[0]]
    return False, None


@cache
def _phrases() -> dict[int, dict[str, FieldName | None]]:
    """By number of words."""
    found: dict[int, dict[str, FieldName | None]] = {}
    for name, phrases in labels.PHRASES.items():
        for phrase in labels.listed(phrases):
            found.setdefault(len(phrase.split()), {}).setdefault(phrase, name)
    glued = {
        phrase.replace(" ", ""): name
        for length, phrases in found.items()
        for phrase, name in phrases.items()
        if length > 1
    }
    found[1] = {phrase: name for phrase, name in glued.items() if len(phrase) >= _GLUED} | found[1]
    return found


@cache
def _han_labels() -> re.Pattern[str]:
    """Chinese has no spaces: labels stand in front of what they name."""
    phrases = [p for words in _phrases().values() for p in words if re.match(rf"[{_HAN}]", p)]
    return re.compile("|".join(sorted(phrases, key=len, reverse=True)))


def _tokens(text: str) -> list[_Token]:
    return list(_split(text))


def _split(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        if not re.match(rf"[{_HAN}]", match[0]):
            plain = re.sub(r"[^A-Z0-9]", "", anyascii(match[0]).upper())
            yield _Token(plain, match.start(), match.end())
            continue
        place = match.start()
        for label in _han_labels().finditer(match[0]):
            if place < match.start() + label.start():
                yield _Token(text[place : match.start() + label.start()], place,
                             match.start() + label.start())  # fmt: skip
            place = match.start() + label.end()
            yield _Token(label[0], match.start() + label.start(), place)
        if place < match.end():
            yield _Token(text[place : match.end()], place, match.end())
