"""What the borrower is asked about a document that was read, and what a correction means.

Whoever corrects a field that a check digit vouches for contradicts arithmetic: a person looks. Any
other correction counts, beside what was read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from kyc.documents import consistency
from kyc.documents.consistency import Reason
from kyc.documents.fields import Field, FieldName, Source
from kyc.documents.labels import Kind
from kyc.documents.reading import DocumentReading

CORRECTED_CHECKED = "corrected_against_check_digit"
CORRECTED_OTHERWISE = "correction_differs_from_document"
SURE_ENOUGH = 0.6
"""What was read less surely is not shown: to correct a guess is no signal."""
_ASKED = (FieldName.NAME, FieldName.NUMBER, FieldName.BIRTH_DATE, FieldName.EXPIRY_DATE)
_DATES = frozenset({FieldName.BIRTH_DATE, FieldName.EXPIRY_DATE})
_CHECK_DIGITS = frozenset(
    {"document_number", "birth_date", "expiry_date", "composite", "national_number"}
)


@dataclass(frozen=True)
class Told:
    """What a document says, and what its holder says that it says."""

    read: DocumentReading
    """Never changed: it stays evidence."""
    corrected: dict[FieldName, str] = field(default_factory=dict)


def asked(read: DocumentReading) -> tuple[FieldName, ...]:
    """The fields that the borrower confirms: read well enough, and dates only whole."""
    return tuple(
        name
        for name in _ASKED
        if (known := read.fields.get(name)) is not None
        and known.confidence >= SURE_ENOUGH
        and (name not in _DATES or _is_day(known.value))
    )


def has_back(read: DocumentReading) -> bool:
    """An identity card without a machine-readable zone in sight: those lie on the other side."""
    is_card = read.kind in (Kind.IDENTITY_CARD, Kind.RESIDENCE_PERMIT)
    return is_card and read.mrz is None and FieldName.NATIONAL_NUMBER not in read.fields


def same(name: FieldName, one: str, other: str) -> bool:
    """Whether to write `other` changes nothing."""
    if name is FieldName.NUMBER:
        return consistency.compact(one) == consistency.compact(other)
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def counting(
    fields: Mapping[FieldName, Field], corrected: Mapping[FieldName, str]
) -> dict[FieldName, Field]:
    """With the corrections, except those of fields that a check digit vouches for."""
    return dict(fields) | {
        name: Field(value, 0.0, Source.BORROWER)
        for name, value in corrected.items()
        if not _is_checked(name, fields.get(name))
    }


def reasons(
    fields: Mapping[FieldName, Field], corrected: Mapping[FieldName, str]
) -> Iterator[Reason]:
    """Corrections that a person has to look at."""
    for name, value in corrected.items():
        known = fields.get(name)
        if known is None:
            continue
        evidence = {"document": known.value, "corrected": value}
        if _is_checked(name, known):
            yield Reason(CORRECTED_CHECKED, name, evidence)
        elif name is FieldName.NAME and not consistency.same_name(known.value, value):
            yield Reason(CORRECTED_OTHERWISE, name, evidence)


def _is_checked(name: FieldName, known: Field | None) -> bool:
    """Zones close numbers and dates with a check digit, also where it does not hold."""
    if known is None:
        return False
    in_zone = known.source is Source.MRZ and name is not FieldName.NAME
    return in_zone or not _CHECK_DIGITS.isdisjoint(known.checks)


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
