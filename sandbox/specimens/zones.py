"""Machine-readable zones as ICAO 9303 lays them out, for specimens that can be read."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

COUNTRY = "UTO"
"""Utopia: the country that ICAO 9303 itself uses for examples."""


@dataclass(frozen=True)
class Holder:
    surname: str
    given_names: str
    birth_date: date
    sex: str = "F"
    number: str = "L898902C3"
    expires: date = date(2034, 4, 15)


def passport(holder: Holder) -> list[str]:
    """TD3: two rows of 44."""
    number = holder.number.ljust(9, "<")
    birth, expiry = f"{holder.birth_date:%y%m%d}", f"{holder.expires:%y%m%d}"
    personal = "<" * 14
    checked = _closed(number), _closed(birth), _closed(expiry), personal + "<"
    composite = check_digit("".join(checked))
    row = f"{checked[0]}{COUNTRY}{checked[1]}{holder.sex}{checked[2]}{checked[3]}{composite}"
    return [f"P<{COUNTRY}{_names(holder)}"[:44].ljust(44, "<"), row]


def card(holder: Holder) -> list[str]:
    """TD1: three rows of 30."""
    number = _closed(holder.number.ljust(9, "<"))
    birth, expiry = _closed(f"{holder.birth_date:%y%m%d}"), _closed(f"{holder.expires:%y%m%d}")
    first = f"I<{COUNTRY}{number}".ljust(30, "<")
    composite = check_digit(first[5:30] + birth + expiry + "<" * 11)
    second = f"{birth}{holder.sex}{expiry}{COUNTRY}{'<' * 11}{composite}"
    return [first, second, _names(holder)[:30].ljust(30, "<")]


def check_digit(text: str) -> str:
    """Weights 7, 3, 1; a letter counts from A = 10, a filler 0 (ICAO 9303-3, 4.9)."""
    values = [0 if letter == "<" else int(letter, 36) for letter in text]
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def _closed(text: str) -> str:
    return text + check_digit(text)


def _names(holder: Holder) -> str:
    return f"{_letters(holder.surname)}<<{_letters(holder.given_names)}"


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    return re.sub(r"[^A-Z]+", "<", plain).strip("<")
