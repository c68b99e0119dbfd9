"""What was read on an identity's document, kept sealed, and what the borrower says about it."""

from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import person_key, vault_of
from kyc.documents import confirming
from kyc.documents.confirming import Told
from kyc.documents.fields import FieldName
from kyc.documents.reading import DocumentReading
from kyc.models import Verification

_TOLD = TypeAdapter(Told)


async def keep(
    session: AsyncSession, verification: Verification, read: DocumentReading, *, now: datetime
) -> None:
    """What was read on the newest picture. Nothing is asked of the borrower when that is nothing;
    where the document has another side, that comes first."""
    await _seal(session, verification, Told(read), now)
    verification.wants_back = verification.back_blob_id is None and confirming.has_back(read)
    verification.read_fields = list(confirming.asked(read))
    verification.corrected_fields, verification.fields_confirmed_at = [], None


async def opened(
    session: AsyncSession, verification: Verification, *, now: datetime
) -> Told | None:
    """None when nothing was read in the chat. Raises KeyDestroyed after an erasure."""
    await session.flush()
    await session.refresh(verification, ["reading_sealed"])
    if verification.reading_sealed is None:
        return None
    key = await person_key(session, vault_of(session), verification.borrower_id, now=now)
    return _TOLD.validate_json(key.open_text(_place(verification), verification.reading_sealed))


async def correct(
    session: AsyncSession,
    verification: Verification,
    name: FieldName,
    value: str,
    *,
    now: datetime,
) -> None:
    """The borrower says that this stands there. What was read takes a correction back."""
    told = await opened(session, verification, now=now)
    assert told is not None
    corrected = {known: said for known, said in told.corrected.items() if known is not name}
    if not confirming.same(name, told.read.fields[name].value, value):
        corrected[name] = value
    await _seal(session, verification, Told(told.read, corrected), now)
    verification.corrected_fields = sorted(corrected)
    verification.fields_confirmed_at = None


def forget(verification: Verification) -> None:
    """Another picture is wanted: what was read on this one is nothing to it."""
    set_aside(verification)
    verification.back_blob_id, verification.wants_back = None, False
    verification.back_hash, verification.back_signals = None, []


def set_aside(verification: Verification) -> None:
    """Nothing is asked, and the check reads the pictures by itself."""
    verification.reading_sealed, verification.fields_confirmed_at = None, None
    verification.read_fields, verification.corrected_fields = [], []


async def _seal(
    session: AsyncSession, verification: Verification, told: Told, now: datetime
) -> None:
    key = await person_key(session, vault_of(session), verification.borrower_id, now=now)
    verification.reading_sealed = key.seal(_place(verification), _TOLD.dump_json(told))


def _place(verification: Verification) -> str:
    return f"verifications.reading_sealed.{verification.id}"
