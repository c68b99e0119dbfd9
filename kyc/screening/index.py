"""All lists in memory, found by the sounds of their words. Rebuilt when a list changes."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kyc.screening import matching, names
from kyc.screening.entries import Alias, Entry, EntryKind
from kyc.screening.matching import Hit, Person
from kyc.screening.names import Word

MOST_HITS = 20
_PATRONYMIC_WEIGHT = 0.5
_LEAST_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class _Name:
    publisher: str
    entry: Entry
    alias: Alias
    words: tuple[Word, ...]


class _Vocabulary:
    """The words of the names, found by their keys, and the names that have each."""

    def __init__(self) -> None:
        self._alike: dict[str, list[str]] = defaultdict(list)
        self._places: dict[str, list[int]] = {}

    def add(self, word: Word, number: int) -> None:
        places = self._places.setdefault(word.text, [])
        if not places:
            for key in word.keys:
                self._alike[key].append(word.text)
        if not places or places[-1] != number:
            places.append(number)

    def like(self, asked: str, least: float = names.UNLIKE) -> Iterator[tuple[str, list[int]]]:
        """Words that may be this one, each with its names."""
        for other in {text for key in names.word(asked).keys for text in self._alike.get(key, ())}:
            if names.likeness(asked, other) >= least:
                yield other, self._places[other]

    def written_apart(self, asked: str) -> set[int]:
        """Names with this word as two, as it is spelled here."""
        found: set[int] = set()
        for at in range(2, len(asked) - 1):
            one, other = self._places.get(asked[:at]), self._places.get(asked[at:])
            if one and other:
                found |= set(one) & set(other)
        return found


class Index:
    def __init__(self, lists: Iterable[tuple[str, Sequence[Entry]]]) -> None:
        self._names: list[_Name] = []
        self._words = _Vocabulary()
        seen: Counter[str] = Counter()
        for publisher, entries in lists:
            for entry in entries:
                for alias in entry.names:
                    if found := names.words(alias.text):
                        self._add(_Name(publisher, entry, alias, found))
                        seen.update({word.sound for word in found})
        self._seen, self._all = seen, math.log(len(self._names) + 2)
        self._totals = [sum(map(self.weight, name.words)) for name in self._names]

    def __len__(self) -> int:
        return len(self._names)

    def search(self, person: Person, *, persons_only: bool = False) -> list[Hit]:
        """Entries that a person should look at, most alike first; one hit an entry."""
        asked = names.words(person.name)
        best: dict[tuple[str, str], Hit] = {}
        for number in self._candidates(asked):
            name = self._names[number]
            if persons_only and name.entry.kind is not EntryKind.PERSON:
                continue
            found = matching.compare_names(asked, name.words, self.weight)
            if found.score < matching.NAME_LEAST:
                continue
            hit = matching.judge(person, name.publisher, name.entry, name.alias, found)
            known = best.get((hit.publisher, hit.uid))
            if hit.score >= matching.DOUBT and (known is None or hit.score > known.score):
                best[hit.publisher, hit.uid] = hit
        ordered = sorted(best.values(), key=lambda hit: (-hit.score, hit.publisher, hit.uid))
        return ordered[:MOST_HITS]

    def weight(self, word: Word) -> float:
        """How much a word tells: 0.25 when half the names have it, 1 when hardly any has."""
        if word.is_initial:
            return _LEAST_WEIGHT
        rarity = 1 - math.log(self._seen[word.sound] + 1) / self._all
        told = max(_LEAST_WEIGHT, min(1.0, 1.4 * rarity))
        return told * _PATRONYMIC_WEIGHT if word.is_patronymic else told

    def _add(self, name: _Name) -> None:
        number = len(self._names)
        self._names.append(name)
        for word in name.words:
            self._words.add(word, number)

    def _candidates(self, asked: Sequence[Word]) -> list[int]:
        """Names whose words could reach the least score if each were spelled as ours."""
        ours: dict[int, float] = defaultdict(float)
        theirs: dict[int, float] = defaultdict(float)
        for word in asked:
            mine, touched = self.weight(word), set()
            for other, places in () if word.is_initial else self._words.like(word.text):
                told = self.weight(names.word(other))
                for number in places:
                    theirs[number] += told
                    if number not in touched:
                        touched.add(number)
                        ours[number] += mine
        total = sum(map(self.weight, asked))
        # An initial may stand for any word; what it can add is not looked up.
        spare = sum(word.is_initial for word in asked)
        found = {
            number
            for number, share in ours.items()
            if matching.combined(
                min(1.0, (share + spare) / total),
                min(1.0, (theirs[number] + spare) / self._totals[number]),
            )
            >= matching.NAME_LEAST
        }
        for one, next_one in itertools.pairwise(asked):
            both = one.text + next_one.text
            found.update(n for _, places in self._words.like(both, matching.JOINED) for n in places)
        for word in asked:
            found |= self._words.written_apart(word.text)
        return sorted(found)
