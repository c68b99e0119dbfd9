"""Does a document agree with itself, with the day, and with what the borrower typed?

Each disagreement is a reason with its evidence for a person to look at, never a refusal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from anyascii import anyascii
from rapidfuzz import fuzz

from kyc.documents.fields import Field, FieldName

ADULT_YEARS = 18
OLDEST_YEARS = 110
_ALIKE = 85.0
"""Of 100: two spellings of one name, or one letter of it misread."""
_SQUASHED = (("AE", "A"), ("OE", "O"), ("UE", "U"), ("AA", "A"), ("IJ", "Y"), ("PH", "F"))
"""Doc 9303 writes Ä as AE, other people as A: both become A."""


@dataclass(frozen=True)
class Reason:
    code: str
    field: FieldName
    evidence: Mapping[str, str]
    """What says what: values by where they come from."""


def rules(fields: Mapping[FieldName, Field], *, on: date) -> Iterator[Reason]:
    """Expiry and age on that day."""
    expiry, birth = fields.get(FieldName.EXPIRY_DATE), fields.get(FieldName.BIRTH_DATE)
    # A date without its day lasts until the month is over: text sorts as its digits do.
    if expiry and expiry.value and expiry.value < on.isoformat()[: len(expiry.value)]:
        yield Reason("document_expired", FieldName.EXPIRY_DATE, {"document": expiry.value})
    if birth and birth.value:
        age = age_on(birth.value, on)
        if age < ADULT_YEARS:
            yield Reason("holder_under_age", FieldName.BIRTH_DATE, {"document": birth.value})
        elif age > OLDEST_YEARS:
            yield Reason("holder_too_old", FieldName.BIRTH_DATE, {"document": birth.value})


def age_on(birth: str, on: date) -> int:
    """In whole years; of a shortened date, the oldest that it may mean."""
    year, month, day = (*map(int, birth.split("-")), 1, 1)[:3]
    return on.year - year - ((on.month, on.day) < (month, day))


def against_typed(fields: Mapping[FieldName, Field], typed: Mapping[str, str]) -> Iterator[Reason]:
    """Where the document says something else than the borrower. `typed` may be in part."""
    name, birth = fields.get(FieldName.NAME), fields.get(FieldName.BIRTH_DATE)
    said = typed.get("full_name", "")
    if name and said and not same_name(name.value, said):
        yield Reason("typed_name_differs", FieldName.NAME, {"document": name.value, "typed": said})
    said = typed.get("birth_date", "")
    if birth and birth.value and said and not said.startswith(birth.value):
        evidence = {"document": birth.value, "typed": said}
        yield Reason("typed_birth_date_differs", FieldName.BIRTH_DATE, evidence)
    said = typed.get("number", "")
    numbers = [
        fields[n].value for n in (FieldName.NUMBER, FieldName.NATIONAL_NUMBER) if n in fields
    ]
    if numbers and said and compact(said) not in map(compact, numbers):
        evidence = {"document": numbers[0], "typed": said}
        yield Reason("typed_number_differs", FieldName.NUMBER, evidence)


def same_name(one: str, other: str) -> bool:
    """One person's name in two spellings: order, accents, apostrophes and missing middle names
    do not matter, but at least two words (or the only one) have to be there on both sides."""
    fewer, more = sorted((name_words(one), name_words(other)), key=len)
    if not fewer or (len(fewer) == 1 and len(more) > 1):
        # Written together or apart: "Vander Berg", "Van Der Berg".
        return bool(fewer) and fuzz.ratio("".join(fewer), "".join(more)) >= _ALIKE
    joined = fuzz.ratio("".join(sorted(fewer)), "".join(sorted(more)))
    return _occur(fewer, more) or joined >= _ALIKE


def is_part(part: str, name: str) -> bool:
    """Whether no word of `part` is strange to the name: a row of it may not have been read."""
    return _occur(name_words(part), name_words(name))


def _occur(fewer: Sequence[str], more: Sequence[str]) -> bool:
    left = list(more)
    for word in fewer:
        best = max(left, key=lambda candidate: fuzz.ratio(word, candidate), default="")
        if fuzz.ratio(word, best) < _ALIKE:
            return False
        left.remove(best)
    return True


def name_words(name: str) -> list[str]:
    """Capitals without accents; an apostrophe parts nothing, a hyphen does."""
    plain = anyascii(name).upper()
    for mark in "'`":
        plain = plain.replace(mark, "")
    words = "".join(letter if letter.isalpha() else " " for letter in plain).split()
    return [_squashed(word) for word in words]


def compact(number: str) -> str:
    return "".join(letter for letter in number.upper() if letter.isalnum())


def _squashed(word: str) -> str:
    for pair, single in _SQUASHED:
        word = word.replace(pair, single)
    return word
