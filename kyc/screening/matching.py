"""How far a person agrees with an entry of a list, and in what: words, birth, country.

The names decide whether there is a hit at all; birth and country move it up or down. Each number
stands in docs/kyc.md with what was measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

from kyc.screening import names
from kyc.screening.entries import Alias, Birth, Entry, Strength
from kyc.screening.names import Word

DOUBT = 0.80
"""From here on a person looks."""
NAME_LEAST = 0.72
"""Less alike names are no hit, whatever else agrees."""
_OTHER_SIDE = 0.3
"""How much the less covered of the two names counts: lists have patronymics, people leave them."""
_LONE_WORD = 0.72
"""The most that one word against a longer name proves."""
_WEAK = 0.90
JOINED, _JOINED_MOST = 0.92, 0.97
_DIFFERENT_WORD, _SAME_WORD = 0.70, 0.95

_Places: TypeAlias = tuple[float, tuple[int, ...], tuple[int, ...]]
"""How alike which words of ours and which of theirs are."""


class BirthAgrees(StrEnum):
    SAME_DAY = "same_day"
    NEARLY = "nearly"
    """Day and month swapped, or one digit off."""
    IN_RANGE = "in_range"
    """The list knows a year, or some years, and this is one of them."""
    CLOSE = "close"
    UNKNOWN = "unknown"
    DIFFERS = "differs"
    FAR = "far"


_BIRTH_WEIGHT = {
    BirthAgrees.SAME_DAY: 0.12,
    BirthAgrees.NEARLY: 0.06,
    BirthAgrees.IN_RANGE: 0.06,
    BirthAgrees.CLOSE: 0.02,
    BirthAgrees.UNKNOWN: 0.0,
    BirthAgrees.DIFFERS: -0.08,
    BirthAgrees.FAR: -0.22,
}
_SAME_COUNTRY, _OTHER_COUNTRY = 0.03, -0.02


@dataclass(frozen=True)
class Person:
    """Whom we ask about."""

    name: str
    born: date | None = None
    country: str | None = None


@dataclass(frozen=True)
class Pair:
    """Words that stand for each other."""

    ours: str
    theirs: str
    likeness: float


@dataclass(frozen=True)
class Hit:
    publisher: str
    uid: str
    name: str
    """The entry's primary name."""
    alias: str
    """The one of its names that is most alike."""
    strength: Strength
    program: str
    kind: str
    score: float
    name_score: float
    pairs: tuple[Pair, ...]
    only_ours: tuple[str, ...]
    only_theirs: tuple[str, ...]
    birth: BirthAgrees
    births: tuple[str, ...]
    """As the list has them."""
    country_agrees: bool | None
    countries: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        """What names the entry in the database."""
        return self.publisher, self.uid

    def explained(self) -> dict[str, Any]:
        """For the record and for machines."""
        return asdict(self)


@dataclass(frozen=True)
class Likeness:
    score: float
    pairs: tuple[Pair, ...]
    only_ours: tuple[str, ...]
    only_theirs: tuple[str, ...]


def compare_names(
    ours: Sequence[Word], theirs: Sequence[Word], weight: Callable[[Word], float]
) -> Likeness:
    """Words paired best first; each name's share of paired words, rare words counting more."""
    pairs: list[_Places] = []
    for n, mine in enumerate(ours):
        for m, other in enumerate(theirs):
            if alike := names.likeness(mine.text, other.text):
                pairs.append((alike, (n,), (m,)))
    pairs += _joined(ours, theirs)
    pairs += [(alike, here, there) for alike, there, here in _joined(theirs, ours)]
    pairs.sort(key=lambda pair: (-pair[0], -len(pair[1]) - len(pair[2]), pair[1], pair[2]))
    free_ours, free_theirs = set(range(len(ours))), set(range(len(theirs)))
    got_ours = got_theirs = 0.0
    chosen = []
    for alike, here, there in pairs:
        if not free_ours.issuperset(here) or not free_theirs.issuperset(there):
            continue
        free_ours.difference_update(here)
        free_theirs.difference_update(there)
        credit = min(1.0, (alike - _DIFFERENT_WORD) / (_SAME_WORD - _DIFFERENT_WORD))
        got_ours += credit * sum(weight(ours[n]) for n in here)
        got_theirs += credit * sum(weight(theirs[m]) for m in there)
        chosen.append(Pair(_said(ours, here), _said(theirs, there), round(alike, 3)))
    share_ours = got_ours / sum(map(weight, ours))
    share_theirs = got_theirs / sum(map(weight, theirs))
    score = combined(share_ours, share_theirs)
    if min(len(ours), len(theirs)) == 1 < max(len(ours), len(theirs)) and not _is_whole(chosen):
        score = min(score, _LONE_WORD)
    return Likeness(
        score,
        tuple(chosen),
        tuple(ours[n].text for n in sorted(free_ours)),
        tuple(theirs[m].text for m in sorted(free_theirs)),
    )


def combined(share_ours: float, share_theirs: float) -> float:
    """All of one name in the other is much; the other's further words take some of it away."""
    more, less = max(share_ours, share_theirs), min(share_ours, share_theirs)
    return more * (1 - _OTHER_SIDE + _OTHER_SIDE * less)


def _joined(split: Sequence[Word], whole: Sequence[Word]) -> list[_Places]:
    """Two words here that are one there: Xiao Ping and Xiaoping."""
    found: list[_Places] = []
    for n in range(len(split) - 1):
        both = split[n].text + split[n + 1].text
        for m, other in enumerate(whole):
            alike = names.likeness(both, other.text)
            if len(other.text) > 4 and alike >= JOINED:
                found.append((min(alike, _JOINED_MOST), (n, n + 1), (m,)))
    return found


def _is_whole(chosen: Sequence[Pair]) -> bool:
    return len(chosen) == 1 and (" " in chosen[0].ours or " " in chosen[0].theirs)


def _said(name: Sequence[Word], places: Sequence[int]) -> str:
    return " ".join(name[n].text for n in places)


def judge(person: Person, publisher: str, entry: Entry, alias: Alias, found: Likeness) -> Hit:
    """The name's likeness, moved by what else is known on both sides."""
    birth = compare_births(person.born, entry.births)
    country = None
    if person.country is not None and entry.countries:
        country = person.country in entry.countries
    score = found.score * (_WEAK if alias.strength is Strength.WEAK else 1.0)
    score += _BIRTH_WEIGHT[birth]
    if country is not None:
        score += _SAME_COUNTRY if country else _OTHER_COUNTRY
    return Hit(
        publisher=publisher,
        uid=entry.uid,
        name=entry.name,
        alias=alias.text,
        strength=alias.strength,
        program=entry.program,
        kind=entry.kind,
        score=round(min(1.0, max(0.0, score)), 3),
        name_score=round(found.score, 3),
        pairs=found.pairs,
        only_ours=found.only_ours,
        only_theirs=found.only_theirs,
        birth=birth,
        births=tuple(_birth_said(birth) for birth in entry.births),
        country_agrees=country,
        countries=entry.countries,
    )


def compare_births(born: date | None, births: Sequence[Birth]) -> BirthAgrees:
    """The best agreement with any of the births that the list knows."""
    if born is None or not births:
        return BirthAgrees.UNKNOWN
    order = list(BirthAgrees)
    return min((_compare_birth(born, birth) for birth in births), key=order.index)


def _compare_birth(born: date, birth: Birth) -> BirthAgrees:
    is_day = birth.first == birth.last
    if birth.first <= born <= birth.last:
        return BirthAgrees.SAME_DAY if is_day else BirthAgrees.IN_RANGE
    if is_day and _is_slip(born, birth.first):
        return BirthAgrees.NEARLY
    years = max(birth.first.year - born.year, born.year - birth.last.year, 0)
    if years <= (2 if birth.circa else 1):
        return BirthAgrees.CLOSE if not is_day or birth.circa else BirthAgrees.DIFFERS
    return BirthAgrees.DIFFERS if years <= 3 else BirthAgrees.FAR


def _is_slip(a: date, b: date) -> bool:
    if (a.year, a.month, a.day) == (b.year, b.day, b.month):
        return True
    ours, theirs = a.isoformat(), b.isoformat()
    return sum(x != y for x, y in zip(ours, theirs, strict=True)) == 1


def _birth_said(birth: Birth) -> str:
    if birth.first == birth.last:
        return birth.first.isoformat()
    first, last = birth.first.year, birth.last.year
    years = str(first) if first == last else f"{first}-{last}"
    return f"about {years}" if birth.circa else years
