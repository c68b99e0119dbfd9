"""The check of an identity against the lists: clear, or a person looks at explained hits."""

from collections.abc import Collection, Sequence
from datetime import date

from kyc.checks import CheckResult, Evidence
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
        if not (name := evidence.typed.get("full_name")):
            return CheckResult(CheckKind.SCREENING, CheckVerdict.DOUBT, SOURCE, (NAME_UNKNOWN,))
        born = evidence.typed.get("birth_date")
        person = Person(name, date.fromisoformat(born) if born else None)
        found = index.search(person, persons_only=True)
        return _result([hit for hit in found if hit.key not in cleared], len(index))

    return check


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
