"""The checks that Kopa makes itself. A provider can take the place of any of them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from kyc import originals, pictures
from kyc.checks import CheckResult, Evidence
from kyc.documents import check as documents
from kyc.faces import FaceComparison, Verdict
from kyc.liveness import check as liveness
from kyc.quality import Shot
from kyc.states import CheckKind, CheckVerdict

Check: TypeAlias = Callable[[Evidence], Awaitable[CheckResult]]
"""Looks at the evidence, outside any transaction. Raises a DomainError when it cannot."""


async def face(evidence: Evidence) -> CheckResult:
    return face_result(await pictures.compare(evidence.document, evidence.selfie))


def face_result(comparison: FaceComparison) -> CheckResult:
    """A clear match of good pictures is clear; everything else is for a person."""
    problems = [
        {
            "shot": shot,
            "problem": finding.problem,
            "measured": finding.measured,
            "limit": finding.limit,
        }
        for shot in Shot
        for finding in comparison.quality[shot]
    ]
    shortcomings = [f"{problem['shot']}_{problem['problem']}" for problem in problems]
    is_good = comparison.verdict is Verdict.SAME and not problems
    template = comparison.template
    return CheckResult(
        kind=CheckKind.FACE,
        verdict=CheckVerdict.CLEAR if is_good else CheckVerdict.DOUBT,
        source=comparison.engine,
        reasons=tuple(dict.fromkeys([*comparison.explanation, *shortcomings])),
        numbers={
            "distance": comparison.distance,
            "threshold": comparison.threshold,
            "fmr": comparison.fmr,
            "problems": problems,
        },
        template=None if template is None else template.tobytes(),
    )


CHECKS: Mapping[CheckKind, Check] = {
    CheckKind.DOCUMENT: documents.check,
    CheckKind.AUTHENTICITY: originals.check,
    CheckKind.FACE: face,
    CheckKind.LIVENESS: liveness.check,
}
"""In the order in which they are made."""
