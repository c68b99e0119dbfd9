"""From rows of print to one machine-readable zone: lines of the right length, and a vote.

A recognizer loses or invents fillers, and reads noise beside the zone. A line is brought to its
length only within a run of fillers or by cutting what sticks out. When each of several readings
fails a check, they vote letter by letter; still only a zone whose every check holds is accepted.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product

from kyc.documents import countries, mrz
from kyc.documents.mrz import DIGIT_LIKE, ISSUER, LAYOUTS, Layout, Mrz, Repair

_FILLERS = str.maketrans(
    {"\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": "<<"}
    | dict.fromkeys(
        "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}\N{LEFT ANGLE BRACKET}"
        "\N{FULLWIDTH LESS-THAN SIGN}\N{LESS-THAN OR EQUAL TO}\N{HIRAGANA LETTER KU}"
        "\N{HIRAGANA LETTER HE}\N{KATAKANA LETTER HE}",
        "<",
    )
)
"""What recognizers of other scripts take a filler for."""
_NO_LETTERS = re.compile(r"[^A-Z0-9<]")
_LEAST_LENGTH = 18
_DIGIT_CHECKS = ("document_number", "birth_date", "expiry_date")
_LEAST_CHECKS = 2
_MOST_DOUBTS = 5
"""More places in dispute have so many combinations that one may fit the checks by chance."""
_MOST_CHANGED = 6
"""More letters too few or too many are another format's line."""
_LIKELY = {"O": "0", "I": "1"}
_LETTER_LIKE = str.maketrans({digit: letter for letter, digit in DIGIT_LIKE.items()} | {"0": "O"})
_NOISE = 3
"""At most so many letters beside the zone are cut off."""


def clean(line: str) -> str:
    """In the alphabet of machine-readable zones."""
    return _NO_LETTERS.sub("", line.upper().translate(_FILLERS))


def best(lines: Sequence[str], *, on: date) -> Mrz | None:
    """The zone in these rows of print: the accepted one, or the one with most checks.

    The one whose lines had to be changed least; of two that fit as well, neither, for which of
    them is right is not known.
    """
    found = list(_zones(lines, on))
    accepted = [(changed, zone) for changed, zone in found if zone.is_accepted]
    if accepted:
        least = min(changed for changed, _ in accepted)
        fitting = {zone.text: zone for changed, zone in accepted if changed == least}
        return next(iter(fitting.values())) if len(fitting) == 1 else None
    return max(found, key=lambda one: (sum(one[1].checks.values()), -one[0]), default=(0, None))[1]


def is_plausible(zone: Mrz | None) -> bool:
    """Enough check digits hold that it is a zone, well or badly read."""
    return zone is not None and sum(zone.checks[name] for name in _DIGIT_CHECKS) >= _LEAST_CHECKS


def settle(readings: Sequence[Mrz], *, on: date, least: int = 2) -> Mrz | None:
    """The one accepted zone made of letters that were read at each place.

    Where a check digit decides, one reading is enough; everywhere else (names, countries, sex)
    `least` readings have to agree, and more than disagree.
    """
    if not readings:
        return None
    kind = Counter(reading.format for reading in readings).most_common(1)[0][0]
    same = [reading for reading in readings if reading.format is kind]
    layout = LAYOUTS[kind]
    # Where a reading's own digits hold, others that slipped by a letter do not come into it.
    holding = [reading.text for reading in same if _digits_hold(reading)]
    # One that slipped may fit by chance, but then its country is none.
    right = [text for text in holding if _codes_are_known(text, layout)] or holding
    heard = _heard(same, right or [reading.text for reading in same], layout, least)
    zone = _only(heard, layout, on)
    if zone is None and not right:
        zone = _only(_with_likely_digits(heard, layout), layout, on)
    if zone is None:
        return None
    return replace(zone, repairs=(*zone.repairs, *_outvoted(same[0], zone, layout)))


def _heard(
    readings: Sequence[Mrz], deciding: Sequence[str], layout: Layout, least: int
) -> list[str]:
    """At each place what may stand there; empty where the readings do not agree."""
    protected = _protected(layout)
    texts = _with_known_countries([reading.text for reading in readings], layout)
    return [
        "".join(dict.fromkeys(text[place] for text in deciding))
        if place in protected
        else _agreed([text[place] for text in texts], least)
        for place in range(layout.rows * layout.width)
    ]


def _only(heard: Sequence[str], layout: Layout, on: date) -> Mrz | None:
    if not all(heard) or sum(len(letters) > 1 for letters in heard) > _MOST_DOUBTS:
        return None
    accepted = {
        zone.text: zone
        for letters in product(*heard)
        if (zone := _parsed("".join(letters), layout, on)) is not None and zone.is_accepted
    }
    return next(iter(accepted.values())) if len(accepted) == 1 else None


def _with_likely_digits(heard: Sequence[str], layout: Layout) -> list[str]:
    """States avoid O and I in numbers: an O that everybody read may be a zero, never the other
    way round."""
    start, end = layout.number
    return [
        letters + _LIKELY.get(letters, "") if start <= place < end else letters
        for place, letters in enumerate(heard)
    ]


def _digits_hold(zone: Mrz) -> bool:
    return all(holds for name, holds in zone.checks.items() if name not in ("names", "letters"))


def _codes_are_known(text: str, layout: Layout) -> bool:
    codes = (_code(text, span) for span in (ISSUER, layout.nationality))
    return all(countries.is_code(code.rstrip("<")) for code in codes)


def _code(text: str, span: tuple[int, int]) -> str:
    """Only letters stand there: a digit is the letter that it looks like."""
    return text[slice(*span)].translate(_LETTER_LIKE)


def _with_known_countries(texts: Sequence[str], layout: Layout) -> list[str]:
    """A code that no country has, where another reading has one, is misread."""
    for start, end in (ISSUER, layout.nationality):
        read = [_code(text, (start, end)) for text in texts]
        known = [code for code in read if countries.is_code(code.rstrip("<"))]
        if known:
            texts = [
                text if text[start:end] in known else text[:start] + known[0] + text[end:]
                for text in texts
            ]
    return list(texts)


def _agreed(letters: Sequence[str], least: int) -> str:
    """A digit counts for the letter that looks like it and that another reading saw."""
    seen = {DIGIT_LIKE[letter]: letter for letter in letters if letter in DIGIT_LIKE}
    counted = Counter(seen.get(letter, letter) for letter in letters).most_common(2)
    first, votes = counted[0]
    rivals = counted[1][1] if len(counted) > 1 else 0
    return first if votes >= least and votes > rivals else ""


def _protected(layout: Layout) -> frozenset[int]:
    covered = [span for place, spans in layout.digits for span in (place, *spans)]
    codes = range(*layout.nationality)
    return frozenset(
        place for start, end in covered for place in range(start, end) if place not in codes
    ) - {layout.sex}


def _outvoted(first: Mrz, zone: Mrz, layout: Layout) -> Iterator[Repair]:
    """Where the first reading was another one."""
    known = {(repair.row, repair.column) for repair in zone.repairs}
    for place, (read, taken) in enumerate(zip(first.text, zone.text, strict=True)):
        row, column = divmod(place, layout.width)
        if read != taken and (row, column) not in known:
            yield Repair(row, column, read, taken, "voices")


def _parsed(text: str, layout: Layout, on: date) -> Mrz | None:
    return mrz.parse(
        [text[start : start + layout.width] for start in range(0, len(text), layout.width)], on=on
    )


def _zones(lines: Sequence[str], on: date) -> Iterator[tuple[int, Mrz]]:
    """Each with how many letters had to be put in or left out."""
    cleaned = [line for line in map(clean, lines) if len(line) >= _LEAST_LENGTH]
    sizes = dict.fromkeys((layout.rows, layout.width) for layout in LAYOUTS.values())
    for rows, width in sizes:
        for start in range(len(cleaned) - rows + 1):
            raw = cleaned[start : start + rows]
            changed = sum(abs(len(line) - width) for line in raw)
            for combination in product(*(fit(line, width) for line in raw)):
                if (zone := mrz.parse(combination, on=on)) is not None:
                    yield changed, zone


def fit(line: str, width: int) -> list[str]:
    """The line in that length, in each way that loses nothing but fillers and noise."""
    if len(line) == width:
        return [line]
    if abs(len(line) - width) > _MOST_CHANGED:
        return []
    ways = []
    if runs := sorted(re.finditer(r"<{2,}", line), key=lambda run: -len(run[0])):
        start, end = runs[0].span()
        ways.append(line[:start] + "<" * (width - len(line) + end - start) + line[end:])
    if width < len(line) <= width + _NOISE:
        ways += [line[:width], line[-width:]]
    return [way for way in dict.fromkeys(ways) if len(way) == width]
