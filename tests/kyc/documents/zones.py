"""Machine-readable zones made by the rules of Doc 9303, field by field, apart from the parser."""

from dataclasses import dataclass, field

from kyc.documents.mrz import Format

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Holder:
    surname: str = "ERIKSSON"
    given_names: str = "ANNA MARIA"
    number: str = "L898902C3"
    issuer: str = "UTO"
    nationality: str = "UTO"
    birth: str = "740812"
    sex: str = "F"
    expiry: str = "120415"
    optional: str = field(default="")


def digit(text: str) -> str:
    total = 0
    for place, letter in enumerate(text):
        value = 0 if letter == "<" else ALPHABET.index(letter)
        total += value * (7, 3, 1)[place % 3]
    return str(total % 10)


def fill(text: str, width: int) -> str:
    return text[:width].ljust(width, "<")


def names(holder: Holder, width: int) -> str:
    joined = holder.surname.replace(" ", "<")
    if holder.given_names:
        joined += "<<" + holder.given_names.replace(" ", "<")
    return fill(joined, width)


def zone(kind: Format, holder: Holder) -> list[str]:
    number, issuer = fill(holder.number, 9), fill(holder.issuer, 3)
    numbered = number + digit(number)
    born = holder.birth + digit(holder.birth)
    expires = holder.expiry + digit(holder.expiry)
    nationality, sex = fill(holder.nationality, 3), holder.sex
    if kind is Format.TD1:
        optional = fill(holder.optional, 15)
        if len(holder.number) > 9:
            numbered = number + "<"
            optional = fill(holder.number[9:] + digit(holder.number) + "<", 15)
        both = digit(numbered + optional + born + expires + "<" * 11)
        return [
            "I<" + issuer + numbered + optional,
            born + sex + expires + nationality + "<" * 11 + both,
            names(holder, 30),
        ]
    width = 44 if kind in (Format.TD3, Format.MRV_A) else 36
    code = {Format.TD3: "P<", Format.TD2: "I<"}.get(kind, "V<")
    first = code + issuer + names(holder, width - 5)
    second = numbered + nationality + born + sex + expires
    if kind in (Format.MRV_A, Format.MRV_B):
        return [first, second + fill(holder.optional, width - len(second))]
    if kind is Format.TD2:
        optional = fill(holder.optional, 7)
        return [first, second + optional + digit(numbered + born + expires + optional)]
    optional = fill(holder.optional, 14)
    checked = optional + digit(optional)
    return [first, second + checked + digit(numbered + born + expires + checked)]
