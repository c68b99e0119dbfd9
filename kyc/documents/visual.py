"""Read the visual zone: what stands beside or under a label is its value, on any layout."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kyc.documents import countries, labels, numbers, values, words
from kyc.documents.consistency import Reason
from kyc.documents.fields import Field, FieldName, Source
from kyc.documents.labels import Kind
from kyc.documents.recognizers import TextLine
from kyc.documents.values import Context, Value
from kyc.documents.words import Mark


@dataclass(frozen=True)
class VisualZone:
    kind: Kind
    fields: Mapping[FieldName, Field]
    findings: tuple[Reason, ...] = ()
    """Where what is printed contradicts itself."""


@dataclass(frozen=True)
class _Row:
    line: TextLine
    marks: tuple[Mark, ...]

    def at(self, letter: int) -> float:
        """Where a letter of the row stands on the page."""
        share = letter / max(1, len(self.line.text))
        return self.line.left + share * (self.line.right - self.line.left)


NUMBERED = {
    "1": FieldName.SURNAME, "2": FieldName.GIVEN_NAMES, "3": FieldName.BIRTH_DATE,
    "4A": FieldName.ISSUE_DATE, "4B": FieldName.EXPIRY_DATE, "4C": None,
    "4D": FieldName.NATIONAL_NUMBER, "5": FieldName.NUMBER, "7": None, "8": FieldName.ADDRESS,
    "9": None,
}  # fmt: skip
"""The fields of driving licences by Directive 2006/126/EC, which many other countries follow."""
_NUMBERS = re.compile(
    # A day is no number of a field: "3. 5.2.1978".
    r"(?<![\w.])(?!\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:\d{4}(?!\d)|\d{2}(?!\d|\s?[./-]\s?\d)))"
    r"(1|2|3|4\s?[abcdABCD]|5|7|8|9)[.,:]\s*(?=\S|$)|(?<![\w.])(4[abcd])\s+"
)
_LEAST_NUMBERED = 3
_NEAR_ROWS = 2.2
"""A value stands under its label by at most so many heights of it."""
_CONTRADICTED = 0.5
NUMBER_DIFFERS = "number_and_print_differ"
"""A valid national number says another birth date or sex than the print."""
_PAN = re.compile(r"\b[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]\b")


def read(lines: Sequence[TextLine], *, on: date) -> VisualZone:
    folded = [words.fold(line.text) for line in lines]
    kind = _kind(folded)
    country = next(filter(None, map(countries.find, folded)), "")
    if any("公民身份号码" in line.text or "居民身份证" in line.text for line in lines):
        country = "CHN"
    context = Context(country, on, kind)
    fields: dict[FieldName, Field] = {}
    for name, field in (*_labelled(lines, kind, context), *_unlabelled(lines, kind, context)):
        fields.setdefault(name, field)
    if country:
        fields.setdefault(FieldName.COUNTRY, Field(country, 0.8, Source.VISUAL))
    return VisualZone(kind, *_by_number(fields, context))


def _kind(folded: Sequence[str]) -> Kind:
    text = f" {' '.join(folded)} "
    for kind, titles in labels.TITLES.items():
        for title in labels.listed(titles):
            if f" {title} " in text or (not title.isascii() and title in text):
                return kind
    return Kind.UNKNOWN


def _labelled(
    lines: Sequence[TextLine], kind: Kind, context: Context
) -> Iterator[tuple[FieldName, Field]]:
    numbered = [_Row(line, tuple(_numbered(line.text))) for line in lines]
    if kind is Kind.DRIVING_LICENCE or _many_numbers(numbered):
        yield from _beside_marks(numbered, context)
    find = words.licence_marks if kind is Kind.DRIVING_LICENCE else words.marks
    rows = [_Row(line, tuple(find(line.text))) for line in lines]
    yield from _beside_marks(rows, context)


def _many_numbers(rows: Sequence[_Row]) -> bool:
    found = [mark.name for row in rows for mark in row.marks if mark.start == 0]
    return (
        FieldName.SURNAME in found
        and FieldName.BIRTH_DATE in found
        and len(set(found)) >= _LEAST_NUMBERED
    )


def _numbered(text: str) -> Iterator[Mark]:
    for match in _NUMBERS.finditer(text):
        key = re.sub(r"\s", "", match[1] or match[2]).upper()
        yield Mark(NUMBERED[key], match.start(), match.end())


def _beside_marks(rows: Sequence[_Row], context: Context) -> Iterator[tuple[FieldName, Field]]:
    taken: set[TextLine] = set()
    for row in rows:
        for place, mark in enumerate(row.marks):
            if mark.name is None:
                continue
            for text, line in _candidates(rows, row, place):
                value = values.parse(mark.name, text, context)
                if value is not None and (line is row.line or line not in taken):
                    if line is not row.line:
                        taken.add(line)
                    whole = _with_more_rows(mark.name, value, line, rows)
                    yield mark.name, _field(whole, line)
                    break


def _field(value: Value, line: TextLine) -> Field:
    sure = 0.99 if "national_number" in value.checks else 0.9
    return Field(value.value, round(line.confidence * sure, 3), Source.VISUAL, value.checks)


def _candidates(rows: Sequence[_Row], row: _Row, place: int) -> Iterator[tuple[str, TextLine]]:
    """What may be the label's value: behind it, on its right, under it."""
    mark, line = row.marks[place], row.line
    end = row.marks[place + 1].start if place + 1 < len(row.marks) else len(line.text)
    behind = line.text[mark.end : end].lstrip(" .:)°º#*")
    if behind.startswith(("/", "(")):
        # The label in another language; a value may stand behind a colon.
        behind = behind.partition(":")[2]
    if behind.strip():
        yield behind, line
    free = [other for other in rows if other is not row and not _is_label(other)]
    is_last = place + 1 == len(row.marks)
    if is_last:
        for other in sorted(free, key=lambda other: other.line.left):
            if _is_right_of(other.line, line):
                yield other.line.text, other.line
                break
    start, stop = row.at(mark.start), row.at(end)
    under = [other for other in free if _is_under(other.line, line, start, stop)]
    for other in sorted(under, key=lambda other: (other.line.top, abs(other.line.left - start))):
        yield other.line.text, other.line


def _is_label(row: _Row) -> bool:
    """Whether the row begins with a label and says nothing more."""
    if not row.marks or row.marks[0].start > 4:
        return False
    if row.marks[0].start == 0 and row.line.text[0].isdigit():
        return True  # What has a number of its own is nobody else's value.
    rest = row.line.text[row.marks[-1].end :].strip(" .:)°º*")
    return not rest or rest[0] in "/(" or len(row.marks) > 1 or ":" in row.line.text


def _is_right_of(other: TextLine, line: TextLine) -> bool:
    level = abs(other.middle - line.middle) < 0.6 * max(line.height, other.height)
    return level and line.right - line.height < other.left < line.right + 8 * line.height


def _is_under(other: TextLine, line: TextLine, start: float, stop: float) -> bool:
    height = max(line.height, other.height)
    gap = other.top - line.bottom
    return (
        other.middle > line.bottom - 0.1 * height
        and gap < _NEAR_ROWS * height
        and start - 2.5 * height < other.left < stop + 0.5 * height
    )


def _with_more_rows(name: FieldName, value: Value, line: TextLine, rows: Sequence[_Row]) -> Value:
    """An address goes on in the rows under it that begin at the same place."""
    if name in (FieldName.SURNAME, FieldName.GIVEN_NAMES):
        return _with_second_name(value, line, rows)
    if name is not FieldName.ADDRESS:
        return value
    parts, last = [value.value], line
    for other in rows:
        below = other.line
        if (
            not other.marks
            and 0 < below.middle - last.middle < 2 * last.height
            and below.left > line.left - line.height
            and below.left < line.right
        ):
            parts.append(below.text)
            last = below
    return Value(("" if not value.value.isascii() else ", ").join(parts))


def _with_second_name(value: Value, line: TextLine, rows: Sequence[_Row]) -> Value:
    """Two surnames stand in two rows of the same print, one right under the other."""
    for other in rows:
        below = other.line
        if (
            not other.marks
            and 0 < below.top - line.top < 1.6 * line.height
            and abs(below.left - line.left) < 0.5 * line.height
            and abs(below.height - line.height) < 0.25 * line.height
            and re.fullmatch(r"[^\W\d_]+", below.text)
            and not words.names_a_field(below.text)
        ):
            return Value(f"{value.value} {below.text}", value.checks)
    return value


def _unlabelled(
    lines: Sequence[TextLine], kind: Kind, context: Context
) -> Iterator[tuple[FieldName, Field]]:
    """Numbers that are known by their form alone, and the rows of cards without labels."""
    known = [(line, _PAN.search(line.text.upper().replace(" ", ""))) for line in lines]
    may_be_one = kind is Kind.UNKNOWN and context.country in ("IND", "")
    if kind is not Kind.TAX_CARD and not (may_be_one and any(found for _, found in known)):
        return
    for line, found in known:
        if found:
            yield FieldName.NATIONAL_NUMBER, _field(Value(found[0], ("national_number",)), line)
    dates = [
        (line, value)
        for line in lines
        if (value := values.parse(FieldName.BIRTH_DATE, line.text, context))
    ]
    if not dates:
        return
    born, birth = dates[0]
    yield FieldName.BIRTH_DATE, _field(birth, born)
    above = [
        (line, value)
        for line in lines
        if line.middle < born.top
        and abs(line.left - born.left) < 3 * born.height
        and line.text.isupper()
        and not words.marks(line.text)
        and countries.find(words.fold(line.text)) is None
        and (value := values.parse(FieldName.NAME, line.text, context))
    ]
    if above:
        line, value = above[0]
        yield FieldName.NAME, _field(value, line)


def _by_number(
    fields: Mapping[FieldName, Field], context: Context
) -> tuple[dict[FieldName, Field], tuple[Reason, ...]]:
    """What the person's number says of birth date and sex is a check of both."""
    merged, differing = dict(fields), []
    source = merged.get(FieldName.NATIONAL_NUMBER) or merged.get(FieldName.NUMBER)
    told = numbers.read(context.country, source.value) if source else None
    if told is None:
        return merged, ()
    known = {
        FieldName.BIRTH_DATE: told.birth.isoformat() if told.birth else None,
        FieldName.SEX: told.sex,
    }
    for name, value in known.items():
        field = merged.get(name)
        if not value:
            continue
        if field is None:
            merged[name] = Field(value, 0.9, Source.NATIONAL_NUMBER, ("national_number",))
        elif field.value == value:
            checks = (*field.checks, "national_number")
            merged[name] = Field(value, 0.99, field.source, checks)
        else:
            merged[name] = replace(field, confidence=min(field.confidence, _CONTRADICTED))
            evidence = {"national_number": value, "visual": field.value}
            differing.append(Reason(NUMBER_DIFFERS, name, evidence))
    return merged, tuple(differing)
