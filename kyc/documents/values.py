"""What a label's value may look like, and what it means: dates, sex, numbers, names."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from kyc.documents import countries, numbers, printed_dates, words
from kyc.documents.fields import FieldName
from kyc.documents.labels import Kind

MALE = frozenset(
    ["M", "MALE", "MASCULIN", "MASCULINO", "MASCULINE", "MANNLICH", "HOMME", "HOMBRE", "H", "MAN",
     "MUZ", "MUSKI", "MASC", "男"]
)  # fmt: skip
FEMALE = frozenset(
    ["F", "FEMALE", "FEMININ", "FEMININO", "FEMENINO", "FEMININE", "WEIBLICH", "W", "FEMME",
     "KVINNA", "KVINDE", "K", "KVK", "V", "Z", "N", "MUJER", "VROUW", "ZENA", "ZENSKI", "FEM", "女"]
)  # fmt: skip
_MEXICAN = {"M": "MUJER"}
"""Cards there print H and M; passports M and F as everywhere."""
_NAME = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[ '\N{RIGHT SINGLE QUOTATION MARK}.,-])*")
_TITLE = re.compile(r"^(MR|MRS|MISS|MS|DR|SHRI|SMT|SRI)\.? (?=\w)", re.IGNORECASE)
_BRITISH_DRIVER = re.compile(r"[A-Z9]{5}\d{6}[A-Z9]{2}[A-Z0-9]{3}")
"""The number of a British driver; the licence's own issue number is printed behind it."""
_MOST_SEX_LETTERS = 12
_PRINTED_OVER = frozenset({"SPECIMEN", "CIMEN", "SPECI", "SAMPLE", "VOID"})


@dataclass(frozen=True)
class Context:
    country: str
    on: date
    kind: Kind = Kind.UNKNOWN


@dataclass(frozen=True)
class Value:
    value: str
    checks: tuple[str, ...] = ()


def parse(name: FieldName, text: str, context: Context) -> Value | None:
    """The value in the text, or None when this is no value of that field."""
    reader = _READERS.get(name, _name)
    return reader(name, text.strip(" :;.,*-/|"), context)


def _date(name: FieldName, text: str, context: Context) -> Value | None:
    past = name is not FieldName.EXPIRY_DATE
    found = printed_dates.find(text, on=context.on, country=context.country, past=past)
    if not found or (past and found[0] > context.on.isoformat()):
        return None
    # "from - to" on one row: the later one is when it ends.
    return Value(max(found) if name is FieldName.EXPIRY_DATE else found[0], ("calendar",))


def _sex(name: FieldName, text: str, context: Context) -> Value | None:
    tokens = words.fold(text).split()
    if not tokens or len(tokens[0]) > _MOST_SEX_LETTERS:
        return None
    if context.country == "MEX" and context.kind not in (Kind.PASSPORT, Kind.VISA):
        tokens = [_MEXICAN.get(word, word) for word in tokens]
    first = [token for token in tokens[:2] if token in MALE or token in FEMALE]
    # "K/F" names it twice; F is the international one, M as well.
    for token in sorted(first, key=lambda token: token not in ("M", "F")):
        return Value("M" if token in MALE else "F")
    if tokens[0] == "X":
        return Value("X")
    # Chinese stands without spaces: sex and then people in one row.
    return Value("M" if text[0] == "男" else "F") if text[:1] in ("男", "女") else None


def _number(name: FieldName, text: str, context: Context) -> Value | None:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9 /.-]*", text)
    number = re.sub(r"[^A-Z0-9]", "", match[0].upper()) if match else ""
    if not 5 <= len(number) <= 20 or sum(letter.isdigit() for letter in number) < 3:
        return None
    if printed_dates.find(text, on=context.on):
        return None
    if context.country == "GBR" and (driver := _BRITISH_DRIVER.match(number)):
        number = driver[0]
    known = numbers.read(context.country, number)
    return Value(number, ("national_number",) if known else ())


def _name(name: FieldName, text: str, context: Context) -> Value | None:
    match = _NAME.match(text)
    if match is None or len(match[0]) < 0.8 * len(text):
        return None
    plain = _TITLE.sub("", " ".join(match[0].split())).strip(" .,-")
    if len(plain) < 2 or words.names_a_field(plain) or words.fold(plain) in _PRINTED_OVER:
        return None
    return Value(plain)


def _nationality(name: FieldName, text: str, context: Context) -> Value | None:
    folded = words.fold(text)
    for word in folded.split():
        if len(word) == 3 and countries.is_code(word):
            return Value(word, ("country",))
    if found := countries.mentioned(folded):
        return Value(found, ("country",))
    named = _name(name, text, context)
    return named and Value(named.value.upper())


def _address(name: FieldName, text: str, context: Context) -> Value | None:
    return Value(text) if len(text) >= 4 and not words.marks(text) else None


_READERS: dict[FieldName, Callable[[FieldName, str, Context], Value | None]] = {
    FieldName.BIRTH_DATE: _date,
    FieldName.EXPIRY_DATE: _date,
    FieldName.ISSUE_DATE: _date,
    FieldName.SEX: _sex,
    FieldName.NUMBER: _number,
    FieldName.NATIONAL_NUMBER: _number,
    FieldName.NATIONALITY: _nationality,
    FieldName.ADDRESS: _address,
}
