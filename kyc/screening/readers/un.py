"""The United Nations Security Council's consolidated list, XML."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from kyc.screening.entries import (
    Birth,
    Draft,
    EntryKind,
    Listing,
    Strength,
    birth_in_words,
    birth_in_years,
    listing,
)
from kyc.screening.readers import trees

PUBLISHER = "un"
_GIVEN = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def from_xml(content: bytes) -> Listing:
    generated = birth_in_words(trees.root_of(content).get("dateGenerated", ""))
    drafts = [_entry(element) for element in trees.elements(content, "INDIVIDUAL", "ENTITY")]
    return listing(PUBLISHER, generated.first if generated else None, drafts)


def _entry(element: Element) -> Draft:
    kind = trees.local(element)
    draft = Draft(
        trees.own_text(element, "DATAID"),
        EntryKind.PERSON if kind == "INDIVIDUAL" else EntryKind.OTHER,
        " ".join(
            trees.own_text(element, name) for name in ("UN_LIST_TYPE", "REFERENCE_NUMBER")
        ).strip(),
    )
    draft.add_name(" ".join(trees.own_text(element, part) for part in _GIVEN), Strength.PRIMARY)
    draft.add_name(trees.own_text(element, "NAME_ORIGINAL_SCRIPT"), Strength.STRONG)
    for alias in trees.children(element, f"{kind}_ALIAS"):
        weak = trees.text(alias, "QUALITY").lower() == "low"
        for name in _split(trees.text(alias, "ALIAS_NAME")):
            draft.add_name(name, Strength.WEAK if weak else Strength.STRONG)
    for born in trees.children(element, "INDIVIDUAL_DATE_OF_BIRTH"):
        draft.add_birth(_birth(born))
    for nationality in trees.children(element, "NATIONALITY"):
        for value in trees.children(nationality, "VALUE"):
            draft.add_country(value.text or "")
    for country in trees.children(element, "COUNTRY"):
        draft.add_country(country.text or "")
    return draft


def _split(names: str) -> Iterator[str]:
    """Some lines hold several aliases."""
    return (name for part in names.split(";") if (name := part.strip()))


def _birth(born: Element) -> Birth | None:
    circa = trees.text(born, "TYPE_OF_DATE") == "APPROXIMATELY"
    first, last = trees.text(born, "FROM_YEAR"), trees.text(born, "TO_YEAR")
    if first.isdigit() and last.isdigit():
        return birth_in_years(int(first), int(last), circa=circa)
    words = next(
        (found for name in ("DATE", "YEAR", "NOTE") if (found := trees.text(born, name))), ""
    )
    return birth_in_words(f"{'circa ' if circa else ''}{words}")
