"""The European Union's consolidated list: the financial sanctions files, XML 1.1 and CSV."""

from datetime import date
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
from kyc.screening.readers import tables, trees

PUBLISHER = "eu"


def from_xml(content: bytes) -> Listing:
    generated = trees.root_of(content).get("generationDate", "")
    drafts = [_entity(element) for element in trees.elements(content, "sanctionEntity")]
    return listing(PUBLISHER, _day(generated), drafts)


def from_csv(content: bytes) -> Listing:
    drafts: dict[str, Draft] = {}
    generated = ""
    for row in tables.records(tables.rows(tables.text_of(content), delimiter=";")):
        generated = generated or tables.wants(row, "filegenerationdate")
        number = row["entity_logicalid"]
        if number not in drafts:
            person = tables.wants(
                row, "entity_subjecttype", "entity_subjecttype_classificationcode"
            )
            drafts[number] = Draft(
                number, _kind(person), tables.wants(row, "entity_regulation_programme")
            )
        _read_row(drafts[number], row)
    return listing(PUBLISHER, _day(generated), drafts.values())


def _entity(element: Element) -> Draft:
    subject = next(trees.children(element, "subjectType"), None)
    programs = {found.get("programme", "") for found in trees.children(element, "regulation")}
    kind = _kind(subject.get("code", "") if subject is not None else "")
    draft = Draft(element.get("logicalId", ""), kind, ", ".join(sorted(programs - {""})))
    for number, name in enumerate(trees.children(element, "nameAlias")):
        given = [name.get(part, "") for part in ("firstName", "middleName", "lastName")]
        weak = name.get("strong", "true") == "false"
        draft.add_name(name.get("wholeName") or " ".join(given), _strength(number == 0, weak))
    for born in trees.children(element, "birthdate"):
        draft.add_birth(_birth(born))
        draft.add_country(born.get("countryIso2Code", ""))
    for part in ("citizenship", "address"):
        for place in trees.children(element, part):
            draft.add_country(place.get("countryIso2Code", ""))
    return draft


def _birth(born: Element) -> Birth | None:
    if known := born.get("birthdate"):
        return birth_in_words(known)
    years = [born.get(name, "") for name in ("yearRangeFrom", "yearRangeTo")]
    if not all(year.isdigit() for year in years):
        years = [born.get("year", "")] * 2
    if not all(year.isdigit() for year in years):
        return None
    return birth_in_years(int(years[0]), int(years[1]), circa=born.get("circa") == "true")


def _read_row(draft: Draft, row: dict[str, str]) -> None:
    """One row has a name, or a birth, or an address of the entity."""
    parts = [row.get(f"namealias_{part}", "") for part in ("firstname", "middlename", "lastname")]
    whole = tables.wants(row, "namealias_wholename") or " ".join(parts)
    if whole.strip():
        weak = row.get("namealias_strong", "true").lower() == "false"
        draft.add_name(whole, _strength(draft.finish() is None, weak))
    draft.add_birth(birth_in_words(tables.wants(row, "birthdate_birthdate", "birthdate_year")))
    for column in ("citizenship", "birthdate", "address"):
        draft.add_country(row.get(f"{column}_countryiso2code", ""))


def _strength(is_first: bool, is_weak: bool) -> Strength:
    if is_weak:
        return Strength.WEAK
    return Strength.PRIMARY if is_first else Strength.STRONG


def _kind(word: str) -> EntryKind:
    return EntryKind.PERSON if word.lower() in ("person", "p") else EntryKind.OTHER


def _day(text: str) -> date | None:
    born = birth_in_words(text)
    return born.first if born is not None and born.first == born.last else None
