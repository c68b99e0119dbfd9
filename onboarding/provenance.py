"""Who told each input of a snapshot, and when: answers by their events, the rest by its check."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kyc.models import Verification
from kyc.states import VerificationStatus
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
        found |= _of_identity(verification, identity, told)
    return found


def _of_identity(
    verification: Verification, identity: Identity, told: Mapping[str, datetime]
) -> dict[str, Given]:
    at = verification.concluded_at or verification.created_at
    readable = identity.document_quality
    by_person = (verification.decided_by or "").startswith("staff:")
    found = {
        "document_quality": Given(Source.DOCUMENT, at, readable),
        "face_distance": Given(Source.FACE_CHECK, at, readable),
        "face_verdict": Given(Source.STAFF if by_person else Source.FACE_CHECK, at, readable),
    }
    if CONTRADICTIONS["birth_date"] in verification.reasons and "birth_date" in told:
        found["age_years"] = Given(Source.TYPED, told["birth_date"], 0.0)
    elif _vouches_for_birth(verification):
        found["age_years"] = Given(Source.DOCUMENT, at, readable)
    return found


def _vouches_for_birth(verification: Verification) -> bool:
    """It was read as it was typed, and nobody corrected it."""
    return (
        verification.status is VerificationStatus.PASSED
        and "birth_date" in verification.read_fields
        and "birth_date" not in verification.corrected_fields
    )
