"""How long one name takes against 20,000 listed persons, how many strangers it takes for them, and
how many listed people it finds again. The tables of docs/screening.md."""

import random
import time
from collections.abc import Callable
from datetime import date

from rapidfuzz import fuzz, process

from bench import people
from bench.people import Named
from bench.report import Goal, Line
from kyc.screening.entries import Alias, Birth, Entry, EntryKind, Strength
from kyc.screening.index import Index
from kyc.screening.matching import Person

_LISTED, _ASKING = 20_000, 400
_GOAL_SECONDS = Goal("at most", 0.1)
_AT_HOME = Goal("at most", 3.0)
_FOUND = Goal("at least", 90.0)
_CHANGES: dict[str, Callable[[str, random.Random], str]] = {
    "in another order": lambda name, _: " ".join(reversed(name.split())),
    "without the middle name": lambda name, _: f"{name.split()[0]} {name.split()[-1]}",
    "with an initial": lambda name, _: f"{name[0]}. {name.partition(' ')[2]}",
    "with a slip": people.misspelled,
}


def lines(*, tiny: bool = False) -> list[Line]:
    listed = people.listed(500 if tiny else _LISTED)
    began = time.process_time()
    index = Index([("bench", [_entry(str(n), one) for n, one in enumerate(listed)])])
    built = time.process_time() - began
    asking = 20 if tiny else _ASKING
    seconds: list[float] = []
    rates = [_rates(index, culture, asking, seconds) for culture in people.CULTURES]
    seconds.sort()
    return [
        Line("screening: lists indexed", "processor s", built),
        Line(
            "screening: a name, the middle", "processor s", seconds[len(seconds) // 2],
            _peer_seconds(listed), "rapidfuzz token_sort_ratio over all names",
        ),
        Line(
            "screening: a name, the slowest in a hundred", "processor s",
            seconds[len(seconds) * 99 // 100], goal=_GOAL_SECONDS,
        ),
        *(line for pair in rates for line in pair),
        *_found(index, listed, asking),
    ]  # fmt: skip


def _peer_seconds(listed: list[Named]) -> float:
    """What is mostly done: every name scored against every other."""
    names = [one.name.lower() for one in listed]
    asking = people.asking(20)
    began = time.process_time()
    for one in asking:
        process.extract(
            one.name.lower(), names, scorer=fuzz.token_sort_ratio, score_cutoff=85, limit=20
        )
    return (time.process_time() - began) / len(asking)


def _rates(index: Index, culture: str, count: int, seconds: list[float]) -> list[Line]:
    by_name = by_birth = 0
    for one in people.asking(count, [culture]):
        began = time.process_time()
        by_name += bool(index.search(Person(one.name)))
        seconds.append(time.process_time() - began)
        by_birth += bool(index.search(Person(one.name, date(one.year, 7, 9))))
    at_home = _AT_HOME if culture in ("east_african", "english") else None
    return [
        Line(f"screening: {culture} strangers hit by name", "percent", 100 * by_name / count),
        Line(
            f"screening: {culture} strangers hit with birth date", "percent",
            100 * by_birth / count, goal=at_home,
        ),
    ]  # fmt: skip


def _found(index: Index, listed: list[Named], count: int) -> list[Line]:
    rng = random.Random(5)
    sample = rng.sample(listed, count)
    return [
        Line(
            f"screening: listed people found {change}", "percent",
            100 * sum(_is_found(index, one, spell(one.name, rng)) for one in sample) / count,
            goal=_FOUND,
        )
        for change, spell in _CHANGES.items()
    ]  # fmt: skip


def _is_found(index: Index, one: Named, spelled: str) -> bool:
    hits = index.search(Person(spelled, date(one.year, 3, 4)))
    return any(hit.name == one.name for hit in hits)


def _entry(uid: str, one: Named) -> Entry:
    born = date(one.year, 3, 4)
    names = (Alias(one.name, Strength.PRIMARY),)
    return Entry(uid, EntryKind.PERSON, names, (Birth(born, born),))
