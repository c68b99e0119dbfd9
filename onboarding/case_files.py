"""Photographs and documents that a borrower sends to staff: cleaned, sealed, kept with the case."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import storage
from kit.crypto import vault_of
from kit.errors import DomainError
from kyc import pictures
from kyc.images import MAX_BYTES, PictureTooLarge
from onboarding import cases
from onboarding.models import Case

KIND = "case_file"
JPEG, PDF = "image/jpeg", "application/pdf"
_PDF_STARTS = b"%PDF-"


class FileFormatUnsupported(DomainError):
    """Staff get photographs and PDF documents, and nothing that their machine might run."""

    code = "file_format_unsupported"


@dataclass(frozen=True)
class Clean:
    content: bytes
    media_type: str


async def cleaned(content: bytes) -> Clean:
    """A picture anew without its metadata; a PDF as it is, which is only ever downloaded."""
    if len(content) > MAX_BYTES:
        raise PictureTooLarge(limit_mb=MAX_BYTES // 2**20)
    if content.startswith(_PDF_STARTS):
        return Clean(content, PDF)
    return Clean(await pictures.clean(content), JPEG)


async def keep(session: AsyncSession, case_id: UUID, file: Clean, *, now: datetime) -> Case:
    """Seal it with the case. The same file again, also after a crash, is kept once."""
    case = await cases.get(session, case_id, lock=True)
    vault, person_id = vault_of(session), case.borrower_id
    kept = await storage.find(session, vault, person_id=person_id, kind=KIND, content=file.content)
    if kept is not None and await cases.holds(session, case, kept.id):
        return case
    blob = await storage.put(
        session, vault, person_id=person_id, kind=KIND, content=file.content,
        media_type=file.media_type, now=now,
    )  # fmt: skip
    await cases.reply(session, case, "", blob_id=blob.id, now=now)
    return case
