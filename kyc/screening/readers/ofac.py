"""The United States' lists (OFAC): `sdn.csv` with `alt.csv` and `add.csv`, `sdn.xml`, and the same
of the consolidated list.

Data specification: https://ofac.treasury.gov/media/29976/download ("-0-" is nothing; aliases in the
remarks are the weak ones; `publshInformation` is spelled so).
"""

import re
from collections.abc import Iterator
from datetime import date
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

SDN, CONSOLIDATED = "us_ofac_sdn", "us_ofac_consolidated"
_NOTHING = "-0-"
_REMARK_ALIAS = re.compile(r"[afn]\.k\.a\. '(.+?)'(?=[;.]|$)")
_REMARK_COUNTRY = re.compile(r"^(?:alt\. )?(?:nationality|citizen|POB) (.+)$")


def from_csv(publisher: str, entries: bytes, aliases: bytes, addresses: bytes) -> Listing:
    drafts: dict[str, Draft] = {}
    for number, name, kind, program, *rest in _rows(entries, cells=12):
        if number in drafts:
            raise ListNotReadable(why="two entries have one number")
        draft = drafts[number] = Draft(number, _kind(kind), program.replace("] [", ", "))
        draft.add_name(_turned(name), Strength.PRIMARY)
        _read_remarks(draft, rest[-1])
    for number, _, _, name, _ in _rows(aliases, cells=5):
        _known(drafts, number).add_name(_turned(name), Strength.STRONG)
    for number, _, _, _, country, _ in _rows(addresses, cells=6):
        _known(drafts, number).add_country(country)
    return listing(publisher, None, drafts.values())


def from_xml(content: bytes, publisher: str = SDN) -> Listing:
    promised, published = None, None
    drafts = []
    for element in trees.elements(content, "publshInformation", "sdnEntry"):
        if trees.local(element) == "sdnEntry":
            drafts.append(_entry(element))
            continue
        promised = int(trees.text(element, "Record_Count") or 0)
        published = _published(trees.text(element, "Publish_Date"))
    if promised is not None and promised != len(drafts):
        raise ListNotReadable(why=f"it promises {promised} entries and has {len(drafts)}")
    return listing(publisher, published, drafts)


def _entry(element: Element) -> Draft:
    programs = [found.text or "" for found in trees.children(element, "program")]
    draft = Draft(
        trees.own_text(element, "uid"), _kind(trees.own_text(element, "sdnType")),
        ", ".join(programs),
    )  # fmt: skip
    draft.add_name(_full(element), Strength.PRIMARY)
    for alias in trees.children(element, "aka"):
        weak = trees.own_text(alias, "category").lower() == "weak"
        draft.add_name(_full(alias), Strength.WEAK if weak else Strength.STRONG)
    for born in trees.children(element, "dateOfBirth"):
        draft.add_birth(birth_in_words(born.text or ""))
    for country in trees.children(element, "country"):
        draft.add_country(country.text or "")
    for place in trees.children(element, "placeOfBirth"):
        draft.add_country((place.text or "").rpartition(",")[2])
    return draft


def _full(element: Element) -> str:
    return f"{trees.own_text(element, 'firstName')} {trees.own_text(element, 'lastName')}"


def _published(text: str) -> date | None:
    found = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text)
    return date(int(found[3]), int(found[1]), int(found[2])) if found else None


def _rows(content: bytes, *, cells: int) -> Iterator[list[str]]:
    for row in tables.rows(tables.text_of(content)):
        if len(row) != cells or not row[0].isdigit():
            raise ListNotReadable(why=f"a row is not a number and {cells - 1} more cells")
        yield ["" if cell == _NOTHING else cell for cell in row]


def _known(drafts: dict[str, Draft], number: str) -> Draft:
    if number not in drafts:
        raise ListNotReadable(why="an alias or address belongs to no entry: files of two days?")
    return drafts[number]


def _kind(word: str) -> EntryKind:
    return EntryKind.PERSON if word.lower() == "individual" else EntryKind.OTHER


def _turned(name: str) -> str:
    """`CRUZ, Juan M. de la` as it is said."""
    family, comma, given = name.partition(", ")
    return f"{given} {family}" if comma else name


def _read_remarks(draft: Draft, remarks: str) -> None:
    for alias in _REMARK_ALIAS.findall(remarks):
        draft.add_name(alias, Strength.WEAK)
    for part in remarks.rstrip(".").split("; "):
        if part.removeprefix("alt. ").startswith("DOB "):
            draft.add_birth(birth_in_words(part))
        elif found := _REMARK_COUNTRY.match(part):
            draft.add_country(found[1].rpartition(",")[2])
