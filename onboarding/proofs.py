"""Proofs that are asked for again after the application was sent: new pictures, another phone."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.config import Settings
from kit.crypto import vault_of
from kyc.states import VerificationStatus
from onboarding import codes, dossiers, saving, steps
from onboarding.dossiers import Dossier
from onboarding.models import is_open
from onboarding.states import ApplicationStatus
from onboarding.steps import Step, StepKind


def current(dossier: Dossier) -> Step | None:
    """The question that the borrower is asked now, in the draft or after it."""
    return steps.next_step(dossier) if dossier.is_drafting else asked(dossier)


def asked(dossier: Dossier) -> Step | None:
    """The proof that is wanted beside an application that was sent, or a loan."""
    if dossier.is_drafting or not _is_under_way(dossier):
        return None
    wanted = _wanted(dossier)
    correction = steps.find(dossier, dossier.draft.asked_step or "")
    if correction in steps.CORRECTIONS and "read_fields" in wanted:
        return correction
    for name in wanted:
        step = steps.BY_NAME[name]
        if step.applies(dossier) and not step.is_answered(dossier):
            return step
    return None


def is_missing(dossier: Dossier, name: str) -> bool:
    """Whether this picture is wanted and not there, also while something else is asked again."""
    step = steps.find(dossier, name)
    if step is None or step.is_answered(dossier):
        return False
    return dossier.is_drafting or (_is_under_way(dossier) and name in _wanted(dossier))


async def give(
    session: AsyncSession,
    dossier: Dossier,
    *,
    step: str,
    settings: Settings,
    text: str | None = None,
    contact: saving.Contact | None = None,
    now: datetime,
) -> Dossier:
    """Take the phone or its code. A wrong code is a `problem`; other refusals change nothing."""
    wanted = asked(dossier)
    if wanted is None or wanted.name != step:
        raise saving.StepNotAsked(step=step)
    problem = await saving.save(session, dossier, wanted, settings, text, contact, now)
    if problem is not None:
        return dossier.with_problem(problem)
    if step == "phone_code" and _lacks_wallet(dossier):
        wallet = steps.BY_NAME["wallet"]
        await saving.save(session, dossier, wallet, settings, saving.MY_PHONE, None, now)
    return await _moved(session, dossier)


async def leave(session: AsyncSession, dossier: Dossier) -> Dossier:
    """Correct nothing: what was read is asked about again."""
    return await _moved(session, dossier)


async def resend_code(session: AsyncSession, dossier: Dossier, *, now: datetime) -> Dossier:
    _require_code_asked(dossier)
    await codes.issue(session, vault_of(session), dossier.borrower, "phone", now=now)
    return dossier


async def change_phone(session: AsyncSession, dossier: Dossier) -> Dossier:
    """Share another number, before the code of this one was typed."""
    _require_code_asked(dossier)
    dossier.borrower.phone_sealed = dossier.borrower.phone_index = None
    return await _moved(session, dossier)


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
    return _PICTURES if is_retaking else ()


_PICTURES = ("document", "document_back", "read_fields", "selfie", "video")


def _lacks_wallet(dossier: Dossier) -> bool:
    """The money of an application that was sent goes to the wallet of the new number."""
    application, wallet = dossier.draft, steps.BY_NAME["wallet"]
    return is_open(application) and wallet.applies(dossier) and not wallet.is_answered(dossier)


def _require_code_asked(dossier: Dossier) -> None:
    wanted = asked(dossier)
    if wanted is None or wanted.kind is not StepKind.CODE:
        raise saving.StepNotAsked(step="phone_code")


async def _moved(session: AsyncSession, dossier: Dossier) -> Dossier:
    dossier.draft.asked_step = None
    dossier.draft.version += 1
    await session.flush()
    return await dossiers.of(session, dossier.borrower)
