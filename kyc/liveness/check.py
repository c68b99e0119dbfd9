"""The check of an identity's video note. Without one there is nothing to check."""

from kyc import workers
from kyc.checks import CheckResult, Evidence
from kyc.liveness import judging
from kyc.liveness.challenge import Challenge
from kyc.liveness.judging import LivenessReport
from kyc.states import CheckKind, CheckVerdict

SOURCE = "kopa-liveness-1"


async def check(evidence: Evidence) -> CheckResult:
    if evidence.clip is None or evidence.challenge is None:
        return CheckResult(CheckKind.LIVENESS, CheckVerdict.SKIPPED, SOURCE)
    challenge = Challenge.from_json(evidence.challenge)
    report = await workers.run(
        judging.judge, evidence.clip, challenge.acts,
        selfie=evidence.selfie, document=evidence.document,
    )  # fmt: skip
    return result(report)


def result(report: LivenessReport) -> CheckResult:
    """Clear when nothing speaks against it; else a person looks."""
    return CheckResult(
        kind=CheckKind.LIVENESS,
        verdict=CheckVerdict.CLEAR if report.is_live else CheckVerdict.DOUBT,
        source=SOURCE,
        reasons=report.reasons,
        numbers=report.to_json(),
    )
