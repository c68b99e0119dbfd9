"""Reading what a borrower typed: each reader returns a clean value or says what was expected."""

import re
import unicodedata
from datetime import date

import phonenumbers

from kit.errors import DomainError
from kit.money import InvalidAmount, Money, exponent
from onboarding.models import age_on

ADULT_YEARS = 18
OLDEST_YEARS = 100
_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_GROUPS = re.compile(r"(?<=\d)[ ,'\u00a0\u202f](?=\d{3}(?:\D|$))")
_DAY_FIRST = re.compile(r"(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4})\Z", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[./\- ](\d{1,2})[./\- ](\d{1,2})\Z", re.ASCII)
_NAME_MARKS = "'\u2019-."
_NUMBER_MARKS = "-/."
_MULTIPLIERS = {"k": 1_000, "m": 1_000_000}


class NameNotReadable(DomainError):
    code = "name_not_readable"


class DateNotReadable(DomainError):
    code = "date_not_readable"


class TooYoung(DomainError):
    code = "too_young"


class TextNotReadable(DomainError):
    code = "text_not_readable"


class AmountNotReadable(DomainError):
    code = "amount_not_readable"


class ChoiceNotKnown(DomainError):
    """The words are none of the answers on the buttons."""

    code = "choice_not_known"


class NotYourContact(DomainError):
    code = "not_your_contact"


class PhoneNotUsable(DomainError):
    code = "phone_not_usable"


class ContactExpected(DomainError):
    """The phone number is shared by the button, not typed."""

    code = "contact_expected"


class PhotoExpected(DomainError):
    code = "photo_expected"


class ConfirmationExpected(DomainError):
    """What was read on the document is right, or one line of it is corrected: by a button."""

    code = "confirmation_expected"


class DocumentNumberNotReadable(DomainError):
    code = "document_number_not_readable"


class VideoNoteExpected(DomainError):
    code = "video_note_expected"


def clean(text: str, longest: int) -> str:
    """One line without control or direction characters, in composed form."""
    normal = unicodedata.normalize("NFKC", text)
    kept = "".join(c if unicodedata.category(c) not in _CONTROLS else " " for c in normal)
    return " ".join(kept.split())[: longest + 1]


def full_name(text: str) -> str:
    """At least two words of letters, as on the document."""
    name = clean(text, 120)
    letters = [c for c in name if not c.isspace()]
    allowed = all(c.isalpha() or c in _NAME_MARKS or unicodedata.combining(c) for c in letters)
    if not allowed or len(name) > 120 or len(name.split()) < 2 or len(letters) < 4:
        raise NameNotReadable()
    return name


def document_number(text: str) -> str:
    """Letters and digits in one writing, with the marks between them that are printed."""
    number = clean(text, 40).upper()
    signs = number.replace(" ", "")
    is_number = all(c.isalnum() or c in _NUMBER_MARKS for c in signs)
    if not is_number or not 4 <= len(signs) <= 30 or not any(c.isdigit() for c in signs):
        raise DocumentNumberNotReadable()
    return number


def region(text: str) -> str:
    place = line(text)
    if not any(c.isalpha() for c in place):
        raise TextNotReadable()
    return place


def line(text: str) -> str:
    """A few words, names or numbers."""
    words = clean(text, 160)
    is_said = any(c.isalnum() for c in words)
    if not 2 <= len(words) <= 160 or not is_said or set(words) & set("<>"):
        raise TextNotReadable()
    return words


def birth_date(text: str, on: date) -> date:
    """An adult alive on `on`."""
    born = day(text)
    years = age_on(born, on)
    if years >= OLDEST_YEARS or born > on:
        raise DateNotReadable()
    if years < ADULT_YEARS:
        raise TooYoung(years=ADULT_YEARS)
    return born


def day(text: str) -> date:
    """Day first (31.12.1990) or year first (1990-12-31)."""
    written = clean(text, 20)
    if match := _DAY_FIRST.match(written):
        of_month, month, year = (int(part) for part in match.groups())
    elif match := _YEAR_FIRST.match(written):
        year, month, of_month = (int(part) for part in match.groups())
    else:
        raise DateNotReadable()
    try:
        return date(year, month, of_month)
    except ValueError:
        raise DateNotReadable() from None


def amount(text: str, currency: str, *, zero: bool = False) -> Money:
    """Reads `12,000`, `12 000.50`, `12k`, `KES 12000`. Negative and unclear amounts are refused."""
    line = clean(text, 40).lower().replace(currency.lower(), "").strip()
    factor = 1
    if line and line[-1] in _MULTIPLIERS:
        factor, line = _MULTIPLIERS[line[-1]], line[:-1].strip()
    try:
        value = Money.parse(_GROUPS.sub("", line), currency) * factor
    except InvalidAmount:
        raise AmountNotReadable() from None
    largest = 10 ** (9 + exponent(currency))
    if value.minor < (0 if zero else 1) or value.minor > largest:
        raise AmountNotReadable()
    return value


def choice(text: str, choices: tuple[str, ...]) -> str:
    """The key of a button. Faces turn a typed label into its key before they ask."""
    key = clean(text, 60).lower()
    if key not in choices:
        raise ChoiceNotKnown()
    return key


def phone(number: str, country: str) -> str:
    """A mobile number that can exist, as E.164."""
    text = number if number.startswith("+") else f"+{number}"
    for candidate, region_code in ((text, None), (number, country)):
        try:
            parsed = phonenumbers.parse(candidate, region_code)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    raise PhoneNotUsable()
