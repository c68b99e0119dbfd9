"""The United Kingdom's list: the UK Sanctions List, and the Treasury's older `ConList`, as CSV.

Each entry has a row for every name and every address. The Treasury's list ended in January 2026;
files of it are still in use.
"""

from kyc.screening.entries import (
    Draft,
    EntryKind,
    Listing,
    ListNotReadable,
    Strength,
    birth_in_words,
    listing,
)
from kyc.screening.readers import tables

PUBLISHER = "uk"
STARTS = ("last updated", "report date")
_GIVEN = tuple(f"name {number}" for number in (1, 2, 3, 4, 5, 6))


def from_csv(content: bytes) -> Listing:
    table = tables.rows(tables.text_of(content))
    published = birth_in_words(" ".join(next(table, [])).replace("-", " "))
    drafts: dict[str, Draft] = {}
    for row in tables.records(table):
        number = tables.wants(row, "unique id", "group id")
        if not number:
            raise ListNotReadable(why="a row has no number")
        if number not in drafts:
            kind = tables.wants(row, "designation type", "group type").lower()
            drafts[number] = Draft(
                number,
                EntryKind.PERSON if kind == "individual" else EntryKind.OTHER,
                tables.wants(row, "regime name", "regime"),
            )
        _read(drafts[number], row)
    return listing(PUBLISHER, published.first if published else None, drafts.values())


def _read(draft: Draft, row: dict[str, str]) -> None:
    is_primary = tables.wants(row, "name type", "alias type").lower() == "primary name"
    weak = "low" in tables.wants(row, "alias strength", "alias quality").lower()
    strength = Strength.WEAK if weak else Strength.PRIMARY if is_primary else Strength.STRONG
    draft.add_name(" ".join(row.get(part, "") for part in _GIVEN), strength)
    draft.add_name(row.get("name non-latin script", ""), Strength.STRONG)
    draft.add_birth(birth_in_words(tables.wants(row, "d.o.b", "dob")))
    for column in ("nationality(/ies)", "nationality"):
        for part in row.get(column, "").replace("(", "").split(")"):
            draft.add_country(part.lstrip("0123456789. "))
    for column in ("country of birth", "address country", "country"):
        draft.add_country(row.get(column, ""))
