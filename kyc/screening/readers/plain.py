"""A table of the lender's own, or of OpenSanctions ("targets.simple.csv"): one row an entry.

Columns: `name`; and where known `id`, `aliases`, `weak_aliases`, `birth_date`, `countries`,
`schema` and `program` (also `position` or `sanctions`). Several values are parted by `;`.
"""

from pathlib import Path

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


def from_csv(path: Path, content: bytes) -> Listing:
    drafts = []
    for number, row in enumerate(tables.records(tables.rows(tables.text_of(content))), 1):
        if not row.get("name"):
            raise ListNotReadable(why=f"entry {number} has no name")
        person = row.get("schema", "Person").lower() in ("", "person")
        draft = Draft(
            row.get("id") or f"{row['name']} {row.get('birth_date', '')}".strip(),
            EntryKind.PERSON if person else EntryKind.OTHER,
            tables.wants(row, "program", "position", "sanctions"),
        )
        draft.add_name(row["name"], Strength.PRIMARY)
        for column, strength in (("aliases", Strength.STRONG), ("weak_aliases", Strength.WEAK)):
            for alias in row.get(column, "").split(";"):
                draft.add_name(alias, strength)
        for born in row.get("birth_date", "").split(";"):
            draft.add_birth(birth_in_words(born))
        for country in tables.wants(row, "countries", "country").split(";"):
            draft.add_country(country)
        drafts.append(draft)
    return listing(f"own:{path.stem.lower()[:40]}", None, drafts)
