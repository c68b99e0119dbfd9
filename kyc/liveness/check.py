"""The check of an identity's video note. Where none was wanted there is nothing to check."""

import contextlib

from kyc import workers
from kyc.checks import CheckResult, Evidence
from kyc.liveness import clips, judging
from kyc.liveness.challenge import Challenge
from kyc.liveness.judging import LivenessReport
from kyc.states import CheckKind, CheckVerdict

SOURCE = "kopa-liveness-1"
_TRIES = 2
"""The first worker may have died of another picture."""


async def check(evidence: Evidence) -> CheckResult:
    if evidence.clip is None or evidence.challenge is None:
        if evidence.clip_waived is not None:
            reasons = (evidence.clip_waived,)
            return CheckResult(CheckKind.LIVENESS, CheckVerdict.DOUBT, SOURCE, reasons)
        return CheckResult(CheckKind.LIVENESS, CheckVerdict.SKIPPED, SOURCE)
    if len(evidence.clip) > clips.MAX_BYTES:
        raise clips.ClipTooLarge(limit_mb=clips.MAX_BYTES // 2**20)
    asked = Challenge.from_json(evidence.challenge).acts
    pictures = evidence.selfie, evidence.document
    for _ in range(_TRIES):
        with contextlib.suppress(workers.PictureCheckFailed):
            # A function of this module would have a fresh worker import the database, too.
            return result(await workers.run(judging.judge_sent, evidence.clip, asked, *pictures))
    # It took more memory or time than any film of a phone.
    raise clips.ClipNotReadable()


def result(report: LivenessReport) -> CheckResult:
    """Clear when nothing speaks against it; else a person looks."""
    return CheckResult(
        kind=CheckKind.LIVENESS,
        verdict=CheckVerdict.CLEAR if report.is_live else CheckVerdict.DOUBT,
        source=SOURCE,
        reasons=report.reasons,
        numbers=report.to_json(),
    )
