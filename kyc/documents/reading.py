"""Read a document from one or several pictures: machine-readable zone and visual zone in one.

The zone wins where its check digits hold. What both say is surer, what they say differently is a
reason for a person to look.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from kyc.documents import (
    capture,
    consistency,
    countries,
    finding,
    printed_dates,
    visual,
    words,
    zones,
)
from kyc.documents import recognizers as ocr
from kyc.documents.consistency import Reason
from kyc.documents.fields import Field, FieldName, Source
from kyc.documents.labels import Kind
from kyc.documents.mrz import Format, Mrz
from kyc.documents.recognizers import TextLine
from kyc.documents.visual import VisualZone
from kyc.documents.zones import Zone
from kyc.images import Pixels
from kyc.quality import Finding

NOTHING_READ = "nothing_read"
ZONE_DOUBTFUL = "zone_doubtful"
"""A machine-readable zone is there, but not every check holds or the readings do not agree."""

_KINDS = {"P": Kind.PASSPORT, "V": Kind.VISA}
_OWN_CHECK = {
    FieldName.NUMBER: "document_number",
    FieldName.BIRTH_DATE: "birth_date",
    FieldName.EXPIRY_DATE: "expiry_date",
    FieldName.ISSUE_DATE: "expiry_date",
}
_ACCEPTED, _OWN_CHECK_HOLDS, _UNCHECKED = 0.97, 0.8, 0.4
_AGREED = 0.99
_RELIABLE = 0.75
_SURE = 0.85
"""A row read less clearly does not contradict a zone whose checks hold."""
_NAMES = (FieldName.SURNAME, FieldName.GIVEN_NAMES)
_CODES = (FieldName.COUNTRY, FieldName.NATIONALITY)
_KENYAN = re.compile(r"<B0*(\d{5,})")
"""Kenya's identity cards have the size of TD1, but in the second row the day of issue stands where
others have the expiry, and the holder's number behind it; the first row's number is the card's."""
_NEEDED = (FieldName.NAME, FieldName.NUMBER, FieldName.BIRTH_DATE)


@dataclass(frozen=True)
class DocumentReading:
    kind: Kind
    mrz: Mrz | None
    is_mrz_accepted: bool
    fields: Mapping[FieldName, Field]
    findings: tuple[Reason, ...]
    """Where its parts say different things."""
    quality: tuple[tuple[Finding, ...], ...]
    """What is wrong with each picture as a photograph."""
    notes: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Read with all its checks: nothing is doubtful and name, number and birth are known."""
        reliable = [name for name, field in self.fields.items() if field.confidence >= _RELIABLE]
        return (
            (self.is_mrz_accepted if self.mrz is not None else True)
            and all(name in reliable for name in _NEEDED)
            and not self.findings
        )


@dataclass(frozen=True)
class Side:
    zone: Zone
    lines: tuple[TextLine, ...]
    visual: VisualZone
    quality: tuple[Finding, ...]


def read(images: Sequence[Pixels], *, on: date) -> DocumentReading:
    """`images` are the pages or sides of one document, in any order and turn."""
    return combine([_side(pixels, on) for pixels in images], on=on)


def combine(sides: Sequence[Side], *, on: date) -> DocumentReading:
    """What was read of each page or side, as one document."""
    best = max(sides, key=lambda side: (side.zone.is_accepted, side.zone.mrz is not None))
    zone = best.zone
    printed: dict[FieldName, Field] = {}
    for side in sides:
        for name, field in side.visual.fields.items():
            printed.setdefault(name, field)
    page = _Page([line for side in sides for line in side.lines], on)
    told = dict(_from_zone(zone, page)) if zone.mrz is not None else {}
    kinds = [side.visual.kind for side in sides if side.visual.kind is not Kind.UNKNOWN]
    fields = _completed(_merged(told, printed, zone))
    return DocumentReading(
        kind=_kind(zone.mrz, kinds),
        mrz=zone.mrz,
        is_mrz_accepted=zone.is_accepted,
        fields=fields,
        findings=(
            *_differing(told, printed, page),
            *(_other_people(zone, fields, sides, on) if len(sides) > 1 else ()),
            *(finding for side in sides for finding in side.visual.findings),
        ),
        quality=tuple(side.quality for side in sides),
        notes=tuple(_notes(zone, fields)),
    )


def _side(pixels: Pixels, on: date) -> Side:
    found = finding.find(pixels)
    if finding.is_too_thin(pixels):
        return Side(
            Zone(None, None, ()), (), VisualZone(Kind.UNKNOWN, {}), capture.check(pixels, found)
        )
    zone = zones.read(pixels, on=on)
    # The zone knows better than the portrait which way is up.
    turns = 0 if zone.quarters is None else (zone.quarters - found.quarters) % 4
    page = np.ascontiguousarray(np.rot90(found.page, turns))
    quality = capture.check(pixels, found)
    lines = ocr.page_lines(page)
    if not zone.is_accepted:
        zone = zones.read_again(zone, page, lines, on=on)
    return Side(zone, tuple(lines), visual.read(_without_zone(lines), on=on), quality)


def _without_zone(lines: Sequence[TextLine]) -> list[TextLine]:
    return [line for line in lines if "<<" not in line.text.replace(" ", "")]


def _kind(mrz: Mrz | None, printed: Sequence[Kind]) -> Kind:
    if mrz is not None and mrz.document_code[:1] in _KINDS:
        return _KINDS[mrz.document_code[:1]]
    if printed:
        return printed[0]
    return Kind.UNKNOWN if mrz is None else Kind.IDENTITY_CARD


def _from_zone(zone: Zone, page: "_Page") -> Iterator[tuple[FieldName, Field]]:
    mrz = zone.mrz
    assert mrz is not None
    for name, value in _said(mrz, page).items():
        if not value or (name in _CODES and not re.fullmatch(r"[A-Z]{1,3}", value)):
            continue
        check = _OWN_CHECK.get(name)
        if name is FieldName.NUMBER and value != mrz.number:
            check = None
        checks = [check] if check and mrz.checks[check] else []
        sure = _OWN_CHECK_HOLDS if checks else _UNCHECKED
        if zone.is_accepted:
            sure = _ACCEPTED
            checks += [
                check for check in ("composite",) if check in mrz.checks and name in _OWN_CHECK
            ]
        if page.shows(name, value):
            sure, checks = (
                (_AGREED if zone.is_accepted else max(sure, 0.9)),
                [*checks, "visual_zone"],
            )
        yield name, Field(value, sure, Source.MRZ, tuple(checks))


def _said(mrz: Mrz, page: "_Page") -> dict[FieldName, str]:
    holder = {
        FieldName.SURNAME: mrz.surname,
        FieldName.GIVEN_NAMES: mrz.given_names,
        FieldName.BIRTH_DATE: page.born(mrz.birth),
        FieldName.SEX: mrz.sex,
    }
    is_kenyan = mrz.format is Format.TD1 and mrz.issuer in ("KYA", "KEN")
    if is_kenyan and (own := _KENYAN.match(mrz.lines[1], 15)):
        return holder | {
            FieldName.NUMBER: own[1],
            FieldName.ISSUE_DATE: mrz.expiry,
            FieldName.COUNTRY: "KEN",
            FieldName.NATIONALITY: "KEN",
        }
    return holder | {
        FieldName.NUMBER: mrz.number,
        FieldName.EXPIRY_DATE: mrz.expiry,
        FieldName.NATIONALITY: mrz.nationality,
        FieldName.COUNTRY: mrz.issuer,
    }


class _Page:
    """What is printed outside the machine-readable zone, to look values up in."""

    def __init__(self, lines: Sequence[TextLine], on: date) -> None:
        texts = [line.text for line in _without_zone(lines)]
        self._words = set(consistency.name_words(" ".join(texts)))
        self._compact = [consistency.compact(text) for text in texts]
        self._dates = {iso for text in texts for iso in printed_dates.find(text, on=on)}
        self._dates |= {iso for text in texts for iso in printed_dates.find(text, on=on, past=True)}
        self._countries = {countries.mentioned(words.fold(text)) for text in texts} | self._words

    def born(self, birth: str) -> str:
        """A zone has no century: the page says when it was the one before."""
        if not birth:
            return birth
        earlier = f"{int(birth[:4]) - 100}{birth[4:]}"
        return earlier if earlier in self._dates and birth not in self._dates else birth

    def shows(self, name: FieldName, value: str) -> bool:
        match name:
            case FieldName.NAME | FieldName.SURNAME | FieldName.GIVEN_NAMES:
                return set(consistency.name_words(value)) <= self._words
            case FieldName.NUMBER:
                return any(consistency.compact(value) in text for text in self._compact)
            case FieldName.BIRTH_DATE | FieldName.EXPIRY_DATE | FieldName.ISSUE_DATE:
                return value in self._dates
            case FieldName.COUNTRY | FieldName.NATIONALITY:
                return value in self._countries
        return False


def _merged(
    told: Mapping[FieldName, Field], printed: Mapping[FieldName, Field], zone: Zone
) -> dict[FieldName, Field]:
    merged = dict(printed) | {
        name: field
        for name, field in told.items()
        if name not in printed or _outweighs(name, field, printed[name], zone)
    }
    surname = told.get(FieldName.SURNAME)
    if surname and surname.confidence >= _OWN_CHECK_HOLDS:
        # The page's own row may hold the names in another order or script.
        merged.pop(FieldName.NAME, None)
    if zone.is_accepted and FieldName.GIVEN_NAMES not in told and not _is_cut(zone):
        # A person with one name: pages print it again beside the other label.
        merged.pop(FieldName.GIVEN_NAMES, None)
    return merged


def _outweighs(name: FieldName, field: Field, other: Field, zone: Zone) -> bool:
    """Whether the zone's value counts, and not the printed one."""
    if name in _NAMES and _is_cut(zone) and other.confidence >= _RELIABLE:
        return not _goes_on(field.value, other.value)
    is_other_form = zone.mrz is not None and not zone.mrz.checks["letters"]
    if is_other_form and name in (FieldName.NUMBER, FieldName.EXPIRY_DATE):
        # No codes where codes stand: what stands elsewhere may be something else too.
        return other.confidence < _RELIABLE
    return field.confidence >= _OWN_CHECK_HOLDS or other.confidence < _UNCHECKED


def _is_cut(zone: Zone) -> bool:
    return zone.mrz is not None and zone.mrz.names_are_cut


def _goes_on(cut: str, whole: str) -> bool:
    return "".join(consistency.name_words(whole)).startswith("".join(consistency.name_words(cut)))


def _completed(fields: dict[FieldName, Field]) -> dict[FieldName, Field]:
    """The whole name from its parts; a number of the person where the document has no other."""
    surname, given = fields.get(FieldName.SURNAME), fields.get(FieldName.GIVEN_NAMES)
    if surname and FieldName.NAME not in fields:
        parts = [part for part in (given, surname) if part is not None]
        fields[FieldName.NAME] = Field(
            " ".join(part.value for part in parts),
            min(part.confidence for part in parts),
            surname.source,
            tuple(check for check in surname.checks if all(check in p.checks for p in parts)),
        )
    national = fields.get(FieldName.NATIONAL_NUMBER)
    if national and FieldName.NUMBER not in fields:
        fields[FieldName.NUMBER] = replace(national)
    return {name: fields[name] for name in FieldName if name in fields}


def _differing(
    told: Mapping[FieldName, Field], printed: Mapping[FieldName, Field], page: _Page
) -> Iterator[Reason]:
    for name, field in told.items():
        other = printed.get(name)
        if other is None or page.shows(name, field.value) or other.confidence < _SURE:
            continue
        if not _alike(name, field.value, other.value):
            evidence = {"mrz": field.value, "visual": other.value}
            yield Reason("mrz_and_visual_zone_differ", name, evidence)


def _other_people(
    zone: Zone, fields: Mapping[FieldName, Field], sides: Sequence[Side], on: date
) -> Iterator[Reason]:
    """Pages and sides beside an accepted zone that say who somebody else is."""
    for side in sides if zone.is_accepted else ():
        page = _Page(side.lines, on)
        has_zone = side.zone.is_accepted
        own = dict(_from_zone(side.zone, page) if has_zone else side.visual.fields)
        is_whole = FieldName.NAME in own or FieldName.GIVEN_NAMES in own
        own = _completed(own)
        for name in (FieldName.NAME if is_whole else FieldName.SURNAME, FieldName.BIRTH_DATE):
            one, other = fields.get(name), own.get(name)
            if one is None or other is None or other.confidence < _SURE:
                continue
            is_shown = not has_zone and page.shows(name, one.value)
            if not is_shown and _contradicts(name, one.value, other.value):
                evidence = {"document": one.value, "other_side": other.value}
                yield Reason("sides_differ", name, evidence)


def _contradicts(name: FieldName, one: str, other: str) -> bool:
    """A row of the other side's name that was not read contradicts nobody."""
    is_row = name is not FieldName.BIRTH_DATE and consistency.is_part(other, one)
    return not is_row and not _alike(name, one, other)


def _alike(name: FieldName, one: str, other: str) -> bool:
    if name in (FieldName.NAME, *_NAMES):
        return consistency.same_name(one, other)
    if name in _CODES:
        return countries.same(one, other) or not countries.is_code(other)
    return other.startswith(one) or consistency.compact(one) in consistency.compact(other)


def _notes(zone: Zone, fields: Mapping[FieldName, Field]) -> Iterator[str]:
    if not ocr.has_tesseract():
        yield ocr.TESSERACT_MISSING
    if zone.mrz is not None and not zone.is_accepted:
        yield ZONE_DOUBTFUL
    if not fields:
        yield NOTHING_READ
