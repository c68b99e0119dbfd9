"""Proofs that are asked for again after the application was sent: new pictures, another phone."""

from kyc.states import VerificationStatus
from onboarding import steps
from onboarding.dossiers import Dossier
from onboarding.models import is_open
from onboarding.states import ApplicationStatus
from onboarding.steps import Step


def current(dossier: Dossier) -> Step | None:
    """The question that the borrower is asked now, in the draft or after it."""
    return steps.next_step(dossier) if dossier.is_drafting else asked(dossier)


def asked(dossier: Dossier) -> Step | None:
    """The proof that is wanted beside an application that was sent, or a loan."""
    if dossier.is_drafting or not _is_under_way(dossier):
        return None
    for name in _wanted(dossier):
        if not steps.BY_NAME[name].is_answered(dossier):
            return steps.BY_NAME[name]
    return None


def _is_under_way(dossier: Dossier) -> bool:
    application = dossier.application
    return dossier.loan is not None or (application is not None and is_open(application))


def _wanted(dossier: Dossier) -> tuple[str, ...]:
    if dossier.borrower.phone_reset_at is not None and dossier.borrower.phone_verified_at is None:
        return ("phone", "phone_code")
    verification = dossier.verification
    is_retaking = (
        dossier.draft.status is ApplicationStatus.QUESTIONED
        and verification is not None
        and verification.status is VerificationStatus.COLLECTING
    )
    return ("document", "selfie") if is_retaking else ()
