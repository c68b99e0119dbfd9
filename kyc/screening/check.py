"""The check of an identity against the lists: clear, or a person looks at explained hits."""

from collections.abc import Collection, Sequence
from datetime import date

from kyc.checks import CheckResult, Evidence
from kyc.documents import consistency
from kyc.documents.fields import FieldName
from kyc.embedded import Check
from kyc.screening import matching
from kyc.screening.index import Index
from kyc.screening.matching import Hit, Person
from kyc.states import CheckKind, CheckVerdict

SOURCE = "screening-1"
ON_A_LIST, NAME_UNKNOWN = "name_on_a_list", "name_not_known"


def against(index: Index | None, cleared: Collection[tuple[str, str]] = ()) -> Check:
    """The check against these lists, without entries that staff found to be somebody else.
    SKIPPED when the lender has loaded no list."""

    async def check(evidence: Evidence) -> CheckResult:
        if index is None:
            return CheckResult(CheckKind.SCREENING, CheckVerdict.SKIPPED, SOURCE)
        persons = names(evidence)
        if not persons:
            return CheckResult(CheckKind.SCREENING, CheckVerdict.DOUBT, SOURCE, (NAME_UNKNOWN,))
        found: dict[tuple[str, str], Hit] = {}
        for person in persons:
            for hit in index.search(person, persons_only=True):
                if hit.key not in found or hit.score > found[hit.key].score:
                    found[hit.key] = hit
        hits = sorted(found.values(), key=lambda hit: -hit.score)
        return _result([hit for hit in hits if hit.key not in cleared], len(index))

    return check


def names(evidence: Evidence) -> list[Person]:
    """As the borrower typed the name, as the document has it, and as the borrower corrected that:
    whoever is on a list under any of them is."""
    typed, told = evidence.typed, evidence.told
    said = [(typed.get("full_name"), typed.get("birth_date"))]
    if told is not None:
        read = {name: field.value for name, field in told.read.fields.items()}
        said += [
            (known.get(FieldName.NAME), known.get(FieldName.BIRTH_DATE))
            for known in (read, read | told.corrected)
        ]
    persons = {
        (tuple(sorted(consistency.name_words(name))), born): Person(name, _day(born))
        for name, born in said
        if name
    }
    return list(persons.values())


def _day(born: str | None) -> date | None:
    try:
        return date.fromisoformat(born) if born else None
    except ValueError:
        return None  # A document may say only the year.


def _result(hits: Sequence[Hit], names: int) -> CheckResult:
    return CheckResult(
        kind=CheckKind.SCREENING,
        verdict=CheckVerdict.DOUBT if hits else CheckVerdict.CLEAR,
        source=SOURCE,
        reasons=(ON_A_LIST,) if hits else (),
        numbers={
            "threshold": matching.DOUBT,
            "scores": [hit.score for hit in hits],
            "names_searched": names,
        },
        found={"hits": [hit.explained() for hit in hits]} if hits else {},
    )
