"""What every publisher's list comes down to: entries with names, births and countries."""

import calendar
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from anyascii import anyascii
from babel import Locale

from kit.errors import DomainError


class ListNotReadable(DomainError):
    """The file is not the publisher's list, or only a part of it: nothing of it is loaded."""

    code = "screening_list_not_readable"


class EntryKind(StrEnum):
    PERSON = "person"
    OTHER = "other"
    """An organization, a ship, an aircraft."""


class Strength(StrEnum):
    PRIMARY = "primary"
    STRONG = "strong"
    WEAK = "weak"
    """What the publisher itself calls a weak alias: a nickname, half a name."""


@dataclass(frozen=True, slots=True)
class Alias:
    text: str
    strength: Strength


@dataclass(frozen=True, slots=True)
class Birth:
    """On one of these days, both included; `circa` means about then."""

    first: date
    last: date
    circa: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    uid: str
    """The publisher's own number of it."""
    kind: EntryKind
    names: tuple[Alias, ...]
    """The primary one first."""
    births: tuple[Birth, ...] = ()
    countries: tuple[str, ...] = ()
    """ISO codes of nationality, citizenship, birth and address."""
    program: str = ""
    """Why it is listed, in the publisher's few words."""

    @property
    def name(self) -> str:
        return self.names[0].text


@dataclass(frozen=True, slots=True)
class Listing:
    """One publisher's whole list."""

    publisher: str
    published_on: date | None
    entries: tuple[Entry, ...]


class Draft:
    """An entry while its lines are read: names without repeats, and what is known beside them."""

    def __init__(self, uid: str, kind: EntryKind, program: str = "") -> None:
        self.uid, self.kind, self.program = uid, kind, program
        self._names: dict[str, Strength] = {}
        self._births: dict[Birth, None] = {}
        self._countries: dict[str, None] = {}

    def add_name(self, text: str, strength: Strength) -> None:
        text = " ".join(text.split())
        if text:
            self._names.setdefault(text, strength)

    def add_birth(self, birth: Birth | None) -> None:
        if birth is not None:
            self._births[birth] = None

    def add_country(self, name: str) -> None:
        if code := country_code(name):
            self._countries[code] = None

    def finish(self) -> Entry | None:
        """None for a line without a name, which nobody can be compared with."""
        if not self._names:
            return None
        ordered = sorted(self._names.items(), key=lambda item: item[1] is not Strength.PRIMARY)
        return Entry(
            uid=self.uid[:200],
            kind=self.kind,
            names=tuple(Alias(text, strength) for text, strength in ordered),
            births=tuple(self._births),
            countries=tuple(self._countries),
            program=self.program[:200],
        )


def listing(publisher: str, published_on: date | None, drafts: Iterable[Draft]) -> Listing:
    found = tuple(entry for draft in drafts if (entry := draft.finish()) is not None)
    if not found:
        raise ListNotReadable(why="it has no entry")
    if len({entry.uid for entry in found}) != len(found):
        raise ListNotReadable(why="two entries have one number")
    return Listing(publisher, published_on, found)


_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAY = re.compile(r"(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4})")
_MONTH = re.compile(r"([A-Za-z]{3})[a-z]*\.? (\d{4})")
_YEARS = re.compile(r"(\d{4})(?:\s*(?:-|to|and)\s*(\d{4}))?")
_CIRCA = re.compile(r"\b(?:circa|approximately|ca?\.|between)", re.IGNORECASE)


def birth_in_words(text: str) -> Birth | None:
    """`12 Mar 1960`, `Mar 1960`, `1960`, `circa 1960`, `1958 to 1960`, `1960-03-12`, `12/03/1960`
    (the day first); a day or month of `00`, `dd` or `mm` is not known."""
    circa = bool(_CIRCA.search(text))
    if found := re.search(r"(\d{4})-(\d{2})-(\d{2})", text):
        return birth_on(int(found[1]), int(found[2]), int(found[3]), circa=circa)
    if found := re.search(r"(\d{1,2}|dd)/(\d{1,2}|mm)/(\d{4})", text.lower()):
        day, month = (int(part) if part.isdigit() else 0 for part in (found[1], found[2]))
        return birth_on(int(found[3]), month, day, circa=circa)
    if (found := _DAY.search(text)) and found[2].lower() in _MONTHS:
        return birth_on(int(found[3]), _MONTHS[found[2].lower()], int(found[1]), circa=circa)
    if (found := _MONTH.search(text)) and found[1].lower() in _MONTHS:
        return birth_on(int(found[2]), _MONTHS[found[1].lower()], 0, circa=circa)
    if found := _YEARS.search(text):
        return birth_in_years(int(found[1]), int(found[2] or found[1]), circa=circa)
    return None


def birth_in_years(first: int, last: int, *, circa: bool = False) -> Birth | None:
    if not 1850 <= first <= last <= 2100:
        return None
    return Birth(date(first, 1, 1), date(last, 12, 31), circa)


def birth_on(year: int, month: int, day: int, *, circa: bool = False) -> Birth | None:
    """A month or a day of 0 is not known."""
    if not month:
        return birth_in_years(year, year, circa=circa)
    try:
        if day:
            known = date(year, month, day)
            return Birth(known, known, circa)
        last = calendar.monthrange(year, month)[1]
        return Birth(date(year, month, 1), date(year, month, last), circa)
    except (ValueError, calendar.IllegalMonthError):
        return None


# What publishers write instead of the names that Unicode's tables have.
_OTHER_COUNTRY_NAMES = {
    "bolivia plurinational state of": "BO",
    "bosnia and herzegovina": "BA",
    "burma": "MM",
    "central african republic": "CF",
    "congo": "CG",
    "congo democratic republic": "CD",
    "congo democratic republic of the": "CD",
    "democratic peoples republic of korea": "KP",
    "democratic republic of the congo": "CD",
    "dr congo": "CD",
    "great britain": "GB",
    "gaza": "PS",
    "iran islamic republic of": "IR",
    "islamic republic of iran": "IR",
    "ivory coast": "CI",
    "korea north": "KP",
    "korea south": "KR",
    "libyan arab jamahiriya": "LY",
    "moldova republic of": "MD",
    "myanmar": "MM",
    "palestinian": "PS",
    "peoples republic of china": "CN",
    "republic of korea": "KR",
    "republic of the congo": "CG",
    "russian federation": "RU",
    "state of palestine": "PS",
    "syrian arab republic": "SY",
    "taiwan province of china": "TW",
    "tanzania united republic of": "TZ",
    "the gambia": "GM",
    "turkey": "TR",
    "united republic of tanzania": "TZ",
    "united states of america": "US",
    "venezuela bolivarian republic of": "VE",
    "viet nam": "VN",
    "west bank": "PS",
}


def country_code(name: str) -> str | None:
    """`KE` for `KE`, `Kenya` or `KENYA`; None for what is no country."""
    text = _plain(name)
    if len(text) == 2:
        return text.upper() if text.upper() in _codes() else None
    return _by_name().get(text)


@cache
def _codes() -> frozenset[str]:
    return frozenset(code for code in _territories() if len(code) == 2)


@cache
def _by_name() -> dict[str, str]:
    return {_plain(_territories()[code]): code for code in _codes()} | _OTHER_COUNTRY_NAMES


@cache
def _territories() -> dict[str, str]:
    return {str(code): str(name) for code, name in Locale("en").territories.items()}


@cache
def _plain(name: str) -> str:
    letters = anyascii(name).lower().replace("'", "").replace("&", "and")
    return " ".join(re.findall(r"[a-z]+", letters))


def packed(entries: Sequence[Entry]) -> bytes:
    """For the database: a version of a list is one value, there or not there."""
    rows = [
        [
            entry.uid,
            entry.kind,
            [[alias.text, alias.strength] for alias in entry.names],
            [[b.first.isoformat(), b.last.isoformat(), b.circa] for b in entry.births],
            entry.countries,
            entry.program,
        ]
        for entry in entries
    ]
    return zlib.compress(json.dumps(rows, ensure_ascii=False).encode())


def unpacked(content: bytes) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            uid=uid,
            kind=EntryKind(kind),
            names=tuple(Alias(text, Strength(strength)) for text, strength in names),
            births=tuple(
                Birth(date.fromisoformat(first), date.fromisoformat(last), circa)
                for first, last, circa in births
            ),
            countries=tuple(countries),
            program=program,
        )
        for uid, kind, names, births, countries, program in json.loads(zlib.decompress(content))
    )
