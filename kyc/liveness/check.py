"""The check of an identity's video note. Without one there is nothing to check."""

from collections.abc import Sequence

from kyc import images, workers
from kyc.checks import CheckResult, Evidence
from kyc.liveness import judging
from kyc.liveness.challenge import Act, Challenge
from kyc.liveness.judging import LivenessReport
from kyc.states import CheckKind, CheckVerdict

SOURCE = "kopa-liveness-1"


async def check(evidence: Evidence) -> CheckResult:
    if evidence.clip is None or evidence.challenge is None:
        return CheckResult(CheckKind.LIVENESS, CheckVerdict.SKIPPED, SOURCE)
    asked = Challenge.from_json(evidence.challenge).acts
    return await workers.run(check_here, evidence.clip, asked, evidence.selfie, evidence.document)


def check_here(clip: bytes, asked: Sequence[Act], selfie: bytes, document: bytes) -> CheckResult:
    """`check` in this process."""
    pictures = {"selfie": images.decode(selfie), "document": images.decode(document)}
    return result(judging.judge(clip, asked, **pictures))


def result(report: LivenessReport) -> CheckResult:
    """Clear when nothing speaks against it; else a person looks."""
    return CheckResult(
        kind=CheckKind.LIVENESS,
        verdict=CheckVerdict.CLEAR if report.is_live else CheckVerdict.DOUBT,
        source=SOURCE,
        reasons=report.reasons,
        numbers=report.to_json(),
    )
