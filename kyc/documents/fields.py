"""What is known of a document, field by field: the value, how sure, from where, and what agrees."""

from dataclasses import dataclass
from enum import StrEnum


class FieldName(StrEnum):
    NAME = "name"
    """The whole name, given names first."""
    SURNAME = "surname"
    GIVEN_NAMES = "given_names"
    NUMBER = "number"
    """Of the document."""
    NATIONAL_NUMBER = "national_number"
    """Of the person, in the country's register."""
    BIRTH_DATE = "birth_date"
    EXPIRY_DATE = "expiry_date"
    ISSUE_DATE = "issue_date"
    SEX = "sex"
    """`M`, `F` or `X`."""
    COUNTRY = "country"
    """That issued the document: three letters, as in machine-readable zones."""
    NATIONALITY = "nationality"
    ADDRESS = "address"


class Source(StrEnum):
    MRZ = "mrz"
    VISUAL = "visual"
    NATIONAL_NUMBER = "national_number"
    """Told by the digits of the person's number."""
    BORROWER = "borrower"
    """Corrected by whose document it is: nothing vouches for it."""


@dataclass(frozen=True)
class Field:
    value: str
    """Dates in ISO, shortened where a part is not known."""
    confidence: float
    """0 to 1: how sure the recognizer is, and what else says the same."""
    source: Source
    checks: tuple[str, ...] = ()
    """What was checked and holds."""
