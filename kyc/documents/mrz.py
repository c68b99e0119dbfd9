"""The machine-readable zone of ICAO Doc 9303 (TD1, TD2, TD3, MRV-A, MRV-B): fields and checks.

A zone is accepted only when every check holds. A letter at a place where only a digit may stand
is taken for the digit that it looks like, but only when the field's check digit then holds; each
such repair is recorded. Where letters and digits may both stand, one reading alone repairs
nothing: which of them it was is known only from a second reading (`voices`).
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

Span = tuple[int, int]
"""From, to (not included), counted through the whole zone."""


class Format(StrEnum):
    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"
    MRV_A = "MRV-A"
    MRV_B = "MRV-B"


@dataclass(frozen=True)
class Layout:
    """Where the fields lie. A check digit follows the field that it protects."""

    rows: int
    width: int
    names: Span
    number: Span
    nationality: Span
    birth: Span
    sex: int
    expiry: Span
    optional: tuple[Span, ...]
    optional_check: int | None = None
    composite: tuple[Span, ...] = ()
    composite_check: int | None = None

    @property
    def digits(self) -> Iterator[tuple[Span, tuple[Span, ...]]]:
        """Places where only digits stand, the check digit last, and what it is counted over."""
        for span in (self.birth, self.expiry):
            yield (span[0], span[1] + 1), (span,)
        yield (self.number[1], self.number[1] + 1), (self.number,)
        if self.optional_check is not None:
            yield (self.optional_check, self.optional_check + 1), self.optional
        if self.composite_check is not None:
            yield (self.composite_check, self.composite_check + 1), self.composite


ISSUER: Span = (2, 5)
LAYOUTS = {
    Format.TD1: Layout(
        3, 30, names=(60, 90), number=(5, 14), nationality=(45, 48), birth=(30, 36), sex=37,
        expiry=(38, 44), optional=((15, 30), (48, 59)),
        composite=((5, 37), (38, 45), (48, 59)), composite_check=59,
    ),
    Format.TD2: Layout(
        2, 36, names=(5, 36), number=(36, 45), nationality=(46, 49), birth=(49, 55), sex=56,
        expiry=(57, 63), optional=((64, 71),),
        composite=((36, 46), (49, 56), (57, 71)), composite_check=71,
    ),
    Format.TD3: Layout(
        2, 44, names=(5, 44), number=(44, 53), nationality=(54, 57), birth=(57, 63), sex=64,
        expiry=(65, 71), optional=((72, 86),), optional_check=86,
        composite=((44, 54), (57, 64), (65, 87)), composite_check=87,
    ),
    Format.MRV_A: Layout(
        2, 44, names=(5, 44), number=(44, 53), nationality=(54, 57), birth=(57, 63), sex=64,
        expiry=(65, 71), optional=((72, 88),),
    ),
    Format.MRV_B: Layout(
        2, 36, names=(5, 36), number=(36, 45), nationality=(46, 49), birth=(49, 55), sex=56,
        expiry=(57, 63), optional=((64, 72),),
    ),
}  # fmt: skip

DIGIT_LIKE = {"O": "0", "D": "0", "Q": "0", "I": "1", "Z": "2", "S": "5", "G": "6", "B": "8"}
FILLER_LIKE = frozenset("KCELSXRG")
"""Letters that a row of fillers is misread as."""
EXPIRY_YEARS_AHEAD = 50
"""No document is valid for longer: a year further ahead belongs to the century before."""

_WEIGHTS = (7, 3, 1)
_NAME = re.compile(r"([A-Z]+(?:<[A-Z]+)*)(?:<<([A-Z]+(?:<[A-Z]+)*))?(<*)")
_NAME_AND_NOISE = re.compile(r"([A-Z]+(?:<[A-Z]+)*)(?:<<([A-Z]+(?:<[A-Z]+)*?)(?=<<))?(<<+[A-Z<]*)")
_NO_NAME_BEHIND = "<<<<"
_FIRST_LETTERS = {Format.TD3: "P", Format.MRV_A: "V", Format.MRV_B: "V"}


@dataclass(frozen=True)
class Repair:
    row: int
    column: int
    read: str
    taken: str
    reason: str
    """`check_digit`, `filler` (nothing may follow the names) or `voices`."""


@dataclass(frozen=True)
class Mrz:
    format: Format
    lines: tuple[str, ...]
    document_code: str
    issuer: str
    number: str
    nationality: str
    birth: str
    """ISO, shortened where day or month is unknown, empty where nothing is known."""
    sex: str
    """`M`, `F` or `X` (not given)."""
    expiry: str
    surname: str
    given_names: str
    names_are_cut: bool
    """The field is full: what follows did not fit."""
    optional: str
    checks: dict[str, bool]
    repairs: tuple[Repair, ...]

    @property
    def is_accepted(self) -> bool:
        return all(self.checks.values())

    @property
    def text(self) -> str:
        return "".join(self.lines)


def check_digit(text: str) -> str:
    """Weights 7, 3, 1; a letter counts 10 to 35, a filler nothing."""
    values = (0 if letter == "<" else int(letter, 36) for letter in text)
    return str(sum(value * _WEIGHTS[place % 3] for place, value in enumerate(values)) % 10)


def formats_of(rows: int, width: int, first: str) -> Format | None:
    """The one format with lines of that size that begins with that letter."""
    for kind, layout in LAYOUTS.items():
        is_visa = _FIRST_LETTERS.get(kind) == "V"
        if (layout.rows, layout.width, is_visa) == (rows, width, first == "V"):
            return kind
    return None


def parse(lines: Sequence[str], *, on: date) -> Mrz | None:
    """The fields and which checks hold; None when the lines have no format's size."""
    kind = formats_of(len(lines), len(lines[0]), lines[0][:1]) if lines else None
    if kind is None or any(len(line) != LAYOUTS[kind].width for line in lines):
        return None
    layout, read = LAYOUTS[kind], "".join(lines)
    if not re.fullmatch(r"[A-Z0-9<]+", read):
        return None
    text, reasons = _repaired(read, layout)
    number, number_holds = _number(text, layout)
    surname, given_names, names_hold = _names(text[slice(*layout.names)])
    birth, expiry = _date(_cut(text, layout.birth)), _date(_cut(text, layout.expiry))
    checks = {
        "document_number": number_holds,
        "birth_date": _holds(text, layout.birth) and birth is not None,
        "expiry_date": _holds(text, layout.expiry) and expiry is not None,
        **_more_checks(text, layout),
        "names": names_hold,
        "letters": _letters_hold(kind, text, layout),
    }
    return Mrz(
        format=kind,
        lines=tuple(
            text[start : start + layout.width] for start in range(0, len(text), layout.width)
        ),
        document_code=text[:2].rstrip("<"),
        issuer=_cut(text, ISSUER).rstrip("<"),
        number=number,
        nationality=_cut(text, layout.nationality).rstrip("<"),
        birth=_born(birth, on) if birth else "",
        sex=text[layout.sex].replace("<", "X"),
        expiry=_expires(expiry, on) if expiry else "",
        surname=surname,
        given_names=given_names,
        names_are_cut=text[layout.names[1] - 1] != "<",
        optional=" ".join(filter(None, (_cut(text, span).strip("<") for span in layout.optional))),
        checks=checks,
        repairs=tuple(
            Repair(*divmod(place, layout.width), read[place], text[place], reason)
            for place, reason in sorted(reasons.items())
        ),
    )


def _cut(text: str, span: Span) -> str:
    return text[span[0] : span[1]]


def _holds(text: str, span: Span) -> bool:
    return text[span[1]] == check_digit(_cut(text, span))


def _more_checks(text: str, layout: Layout) -> dict[str, bool]:
    checks = {}
    if layout.optional_check is not None:
        [span] = layout.optional
        # An empty field may leave its check digit empty too.
        empty = text[layout.optional_check] == "<" and not _cut(text, span).strip("<")
        checks["optional_data"] = empty or _holds(text, span)
    if layout.composite_check is not None:
        together = "".join(_cut(text, span) for span in layout.composite)
        checks["composite"] = text[layout.composite_check] == check_digit(together)
    return checks


def _number(text: str, layout: Layout) -> tuple[str, bool]:
    """A longer number goes on in the optional data, where its check digit follows it."""
    start, end = layout.number
    number = text[start:end]
    if text[end] == "<" and layout.composite and layout.optional_check is None:
        rest = _cut(text, layout.optional[0]).partition("<")[0]
        if len(rest) > 1:
            whole = number + rest[:-1]
            return whole.strip("<"), check_digit(whole) == rest[-1]
    return number.strip("<"), _holds(text, layout.number) and number.strip("<") != ""


def _repaired(read: str, layout: Layout) -> tuple[str, dict[int, str]]:
    """Digits where only digits stand, if the check then holds; fillers behind the names."""
    text = read
    for (start, end), covered in layout.digits:
        digits = "".join(DIGIT_LIKE.get(letter, letter) for letter in text[start:end])
        changed = text[:start] + digits + text[end:]
        if digits[-1] == check_digit("".join(_cut(changed, span) for span in covered)):
            text = changed
    reasons = {place: "check_digit" for place in range(len(read)) if read[place] != text[place]}
    start, end = layout.names
    names = _without_noise(text[start:end])
    reasons |= {start + i: "filler" for i, letter in enumerate(names) if text[start + i] != letter}
    return text[:start] + names + text[end:], reasons


def _without_noise(names: str) -> str:
    """Nothing follows the given names: single letters there that look like fillers are fillers.

    Right behind a surname they may be a given name, with a filler too many before it.
    """
    found = None if _NAME.fullmatch(names) else _NAME_AND_NOISE.fullmatch(names)
    if found is None:
        return names
    tail = found[3]
    noise = re.findall(r"[^<]+", tail)
    if noise and found[2] is None and not tail.startswith(_NO_NAME_BEHIND):
        return names
    if all(len(run) <= 2 and set(run) <= FILLER_LIKE for run in noise) and len(noise) <= 3:
        return names[: found.start(3)] + "<" * len(tail)
    return names


def _names(field: str) -> tuple[str, str, bool]:
    found = _NAME.fullmatch(field)
    if found is None:
        surname, _, given_names = field.partition("<<")
        return _spaced(surname), _spaced(given_names), False
    return _spaced(found[1]), _spaced(found[2] or ""), True


def _spaced(name: str) -> str:
    return " ".join(name.replace("<", " ").split())


def _letters_hold(kind: Format, text: str, layout: Layout) -> bool:
    """Only letters stand in the codes, and a sex is M, F, X or not given."""
    codes = _cut(text, ISSUER) + _cut(text, layout.nationality)
    return (
        text[0] in _FIRST_LETTERS.get(kind, "ACIP")
        and re.fullmatch(r"[A-Z][A-Z<]{2}([A-Z][A-Z<]{2}|<<<)", codes) is not None
        and text[layout.sex] in "MFX<"
    )


def _date(field: str) -> tuple[int, int, int] | None:
    """Year of the century, month, day; 0 for an unknown month or day, (-1, 0, 0) for nothing
    known; None for what is no date."""
    if not field.strip("<0") and field in ("<<<<<<", "000000"):
        return -1, 0, 0
    if not re.fullmatch(r"\d\d(\d\d|<<)(\d\d|<<)", field):
        return None
    year, month, day = (int(field[i : i + 2].replace("<", "0")) for i in (0, 2, 4))
    # Whether the year is a leap year depends on the century: 2000 was one, as 00 would be.
    longest = calendar.monthrange(2000 + year, month)[1] if 1 <= month <= 12 else 0
    if month > 12 or day > longest:
        return None
    return year, month, day


def _born(found: tuple[int, int, int], on: date) -> str:
    """In the last hundred years, never in the future."""
    century = on.year // 100 * 100
    year, month, day = found
    if (century + year, month, day) > (on.year, on.month, on.day):
        century -= 100
    return _iso(century, found)


def _expires(found: tuple[int, int, int], on: date) -> str:
    century = on.year // 100 * 100
    if century + found[0] > on.year + EXPIRY_YEARS_AHEAD:
        century -= 100
    elif century + found[0] + 100 <= on.year + EXPIRY_YEARS_AHEAD:
        century += 100
    return _iso(century, found)


def _iso(century: int, found: tuple[int, int, int]) -> str:
    year, month, day = found
    if year < 0:
        return ""
    parts = [f"{century + year:04}", *(f"{part:02}" for part in (month, day) if part)]
    return "-".join(parts)
