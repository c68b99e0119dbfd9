"""The United Kingdom's list: the UK Sanctions List, XML and CSV, and the Treasury's `ConList.csv`.

A table has a row for every name and every address of an entry. No schema of the XML was found:
its elements are those of files published in 2026. The Treasury's list ended in January 2026;
tables of it are still in use.
"""

from xml.etree.ElementTree import Element

from kyc.screening.entries import (
    Draft,
    EntryKind,
    Listing,
    ListNotReadable,
    Strength,
    birth_in_words,
    listing,
)
from kyc.screening.readers import tables, trees

PUBLISHER = "uk"
STARTS = ("last updated", "report date")
_NUMBERS = (1, 2, 3, 4, 5, 6)
_CELLS_OF_A_NAME = tuple(f"name {number}" for number in _NUMBERS)
_PARTS_OF_A_NAME = tuple(f"Name{number}" for number in _NUMBERS)


def from_xml(content: bytes) -> Listing:
    published, drafts = None, []
    for element in trees.elements(content, "DateGenerated", "Designation"):
        if trees.local(element) == "Designation":
            drafts.append(_designation(element))
        else:
            published = birth_in_words(element.text or "")
    return listing(PUBLISHER, published.first if published else None, drafts)


def from_csv(content: bytes) -> Listing:
    table = tables.rows(tables.text_of(content))
    published = birth_in_words(" ".join(next(table, [])).replace("-", " "))
    drafts: dict[str, Draft] = {}
    for row in tables.records(table):
        number = tables.wants(row, "unique id", "group id")
        if number not in drafts:
            drafts[number] = _draft(
                number,
                tables.wants(row, "designation type", "group type"),
                tables.wants(row, "regime name", "regime"),
            )
        _read(drafts[number], row)
    return listing(PUBLISHER, published.first if published else None, drafts.values())


def _designation(element: Element) -> Draft:
    draft = _draft(
        trees.own_text(element, "UniqueID"),
        trees.own_text(element, "IndividualEntityShip"),
        trees.own_text(element, "RegimeName"),
    )
    for names in trees.children(element, "Names"):
        for name in trees.children(names, "Name"):
            draft.add_name(
                " ".join(trees.own_text(name, part) for part in _PARTS_OF_A_NAME),
                _strength(trees.own_text(name, "NameType"), trees.own_text(name, "AliasStrength")),
            )
    for name in trees.children(element, "NameNonLatinScript"):
        draft.add_name(name.text or "", Strength.STRONG)
    for born in trees.children(element, "DOB"):
        draft.add_birth(birth_in_words(born.text or ""))
    for place in ("Nationality", "CountryOfBirth", "AddressCountry"):
        for country in trees.children(element, place):
            draft.add_country(country.text or "")
    return draft


def _read(draft: Draft, row: dict[str, str]) -> None:
    strength = _strength(
        tables.wants(row, "name type", "alias type"),
        tables.wants(row, "alias strength", "alias quality"),
    )
    draft.add_name(" ".join(row.get(cell, "") for cell in _CELLS_OF_A_NAME), strength)
    draft.add_name(row.get("name non-latin script", ""), Strength.STRONG)
    draft.add_birth(birth_in_words(tables.wants(row, "d.o.b", "dob")))
    for column in ("nationality(/ies)", "nationality"):
        for part in row.get(column, "").replace("(", "").split(")"):
            draft.add_country(part.lstrip("0123456789. "))
    for column in ("country of birth", "address country", "country"):
        draft.add_country(row.get(column, ""))


def _draft(number: str, kind: str, program: str) -> Draft:
    if not number:
        raise ListNotReadable(why="an entry has no number")
    is_other = kind.lower() in ("entity", "ship")
    return Draft(number, EntryKind.OTHER if is_other else EntryKind.PERSON, program)


def _strength(name_type: str, alias_strength: str) -> Strength:
    if "low" in alias_strength.lower():
        return Strength.WEAK
    return Strength.PRIMARY if name_type.lower() == "primary name" else Strength.STRONG
