"""Who told each input of a snapshot, and when: answers by their events, the rest by its check."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kyc import checks
from kyc.models import Verification
from kyc.states import CheckKind, VerificationStatus
from onboarding import telemetry
from onboarding.dossiers import Dossier
from scoring.snapshot import Given, Identity, Source

_ANSWERS = {
    "amount_minor": "amount",
    "term_days": "term",
    "purpose": "purpose",
    "monthly_income_minor": "income",
    "monthly_obligations_minor": "obligations",
    "employment": "employment_since",
    "employment_type": "employment",
    "residence": "residence",
    "dependents": "dependents",
    "age_years": "birth_date",
}
"""Inputs, and the questions that they answer."""
CONTRADICTIONS = {"full_name": "typed_name_differs", "birth_date": "typed_birth_date_differs"}
"""Questions, and how a check calls it when the document says something else."""


async def of(session: AsyncSession, dossier: Dossier, identity: Identity) -> dict[str, Given]:
    told = await telemetry.told_at(session, dossier.borrower.id)
    found = {
        name: Given(Source.TYPED, told[step]) for name, step in _ANSWERS.items() if step in told
    }
    if (verification := dossier.verification) is not None:
        looked = await checks.find(session, verification, CheckKind.FACE)
        at = looked.created_at if looked else verification.concluded_at or verification.created_at
        found |= _of_identity(verification, identity, told, at)
    return found


def is_by_person(verification: Verification) -> bool:
    """Staff saw all of it and decided."""
    return (verification.decided_by or "").startswith("staff:")


def _of_identity(
    verification: Verification, identity: Identity, told: Mapping[str, datetime], looked: datetime
) -> dict[str, Given]:
    readable = identity.document_quality
    by_machine = Given(Source.FACE_CHECK, looked, readable)
    by_person = None
    if is_by_person(verification):
        by_person = Given(Source.STAFF, verification.concluded_at or looked, readable)
    found = {
        "document_quality": Given(Source.DOCUMENT, looked, readable),
        "face_distance": by_machine,
        "face_verdict": by_person or by_machine,
    }
    passed = verification.status is VerificationStatus.PASSED
    if CONTRADICTIONS["birth_date"] in verification.reasons and "birth_date" in told:
        if by_person is None:
            found["age_years"] = Given(Source.TYPED, told["birth_date"], 0.0)
        elif passed:  # Who has seen both settled it.
            found["age_years"] = by_person
    elif passed and _is_read_as_typed(verification):
        found["age_years"] = Given(Source.DOCUMENT, looked, readable)
    return found


def _is_read_as_typed(verification: Verification) -> bool:
    return (
        "birth_date" in verification.read_fields
        and "birth_date" not in verification.corrected_fields
    )
