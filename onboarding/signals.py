"""What other applications say about this one: shared phones, wallets, files, faces, and haste."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.storage import Blob
from kyc.duplicates import Seen
from kyc.states import VerificationStatus
from onboarding.dossiers import Dossier
from onboarding.models import Application, Borrower
from onboarding.provenance import CONTRADICTIONS, is_by_person
from scoring.snapshot import Signal

VELOCITY_WINDOW = timedelta(days=7)
VELOCITY_LIMIT = 3
"""More applications than this in the window is not how people borrow."""
_CONTRADICTIONS = {
    Signal.NAME_CONTRADICTS: CONTRADICTIONS["full_name"],
    Signal.BIRTH_DATE_CONTRADICTS: CONTRADICTIONS["birth_date"],
}
_UNSURE_STATUSES = frozenset({VerificationStatus.CHECKING, VerificationStatus.NEEDS_PERSON})


async def of(session: AsyncSession, dossier: Dossier, *, now: datetime) -> frozenset[str]:
    found: set[str] = set()
    others = await shared(session, dossier)
    if others[Seen.PHONE]:
        found.add(Signal.PHONE_SHARED)
    if others[Seen.ACCOUNT]:
        found.add(Signal.WALLET_SHARED)
    if await _file_is_shared(session, dossier):
        found.add(Signal.DOCUMENT_SHARED)
    if await _applications_since(session, dossier.borrower, now - VELOCITY_WINDOW) > VELOCITY_LIMIT:
        found.add(Signal.MANY_APPLICATIONS)
    return frozenset(found | _identity_signals(dossier))


def _identity_signals(dossier: Dossier) -> set[str]:
    verification = dossier.verification
    if verification is None:
        return set()
    found: set[str] = set()
    if any(hit.get("kind", Seen.FACE) == Seen.FACE for hit in verification.duplicates):
        found.add(Signal.FACE_SHARED)
    if verification.corrected_fields:
        found.add(Signal.DOCUMENT_CORRECTED)
    if verification.status in _UNSURE_STATUSES:
        found.add(Signal.FACE_UNSURE)
    elif is_by_person(verification):
        found.add(Signal.KYC_BY_PERSON)
        return found  # Who has seen both settled it.
    return found | {
        signal for signal, reason in _CONTRADICTIONS.items() if reason in verification.reasons
    }


async def shared(session: AsyncSession, dossier: Dossier) -> dict[Seen, list[UUID]]:
    """Other borrowers with the same telephone, or who asked for money to the same account."""
    borrower, application = dossier.borrower, dossier.draft
    phones = select(Borrower.id).where(
        Borrower.phone_index == borrower.phone_index, Borrower.id != borrower.id
    )
    accounts = select(Application.borrower_id).where(
        Application.wallet_index == application.wallet_index,
        Application.borrower_id != application.borrower_id,
    )
    # Without a proven telephone, or when a shop is paid, there is nothing to compare.
    return {
        Seen.PHONE: list(await session.scalars(phones)) if borrower.phone_index else [],
        Seen.ACCOUNT: list(await session.scalars(accounts.distinct()))
        if application.wallet_index
        else [],
    }


async def _file_is_shared(session: AsyncSession, dossier: Dossier) -> bool:
    """The very same file, of a side of the document or of the face, was sent by somebody else."""
    verification = dossier.verification
    if verification is None:
        return False
    sent = (verification.document_blob_id, verification.back_blob_id, verification.selfie_blob_id)
    mine = select(Blob.fingerprint).where(Blob.id.in_(sent))
    others = await session.scalar(
        select(func.count(Blob.id)).where(
            Blob.fingerprint.in_(mine), Blob.person_id != dossier.borrower.id
        )
    )
    return bool(others)


async def _applications_since(session: AsyncSession, borrower: Borrower, since: datetime) -> int:
    count = await session.scalar(
        select(func.count(Application.id)).where(
            Application.borrower_id == borrower.id, Application.created_at >= since
        )
    )
    return count or 0
