"""Files of persons (photographs, documents), sealed with the person's key.

They live in the database: written and rolled back with the facts about them, seen by every
worker on every machine, and part of the one backup.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, undefer

from kit import audit
from kit.crypto import Vault, person_key
from kit.db import Row
from kit.errors import DomainError, Kind
from kit.ids import new_id


class BlobNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "file_not_found"


class FileErased(DomainError):
    """The time for which it may be kept is over."""

    kind = Kind.NOT_FOUND
    code = "file_erased"


class Blob(Row):
    __tablename__ = "blobs"

    person_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(40))
    media_type: Mapped[str] = mapped_column(String(80))
    size_bytes: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    """Keyed hash of the content: the same file sent twice is found without reading it."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """When its content was destroyed, because its time was over."""


async def put(
    session: AsyncSession,
    vault: Vault,
    *,
    person_id: UUID,
    kind: str,
    content: bytes,
    media_type: str,
    now: datetime,
) -> Blob:
    key = await person_key(session, vault, person_id, now=now)
    blob_id = new_id()
    blob = Blob(
        id=blob_id,
        person_id=person_id,
        kind=kind,
        media_type=media_type,
        size_bytes=len(content),
        fingerprint=_fingerprint(vault, content),
        sealed=key.seal(f"blobs.sealed.{blob_id}", content),
        created_at=now,
    )
    session.add(blob)
    await session.flush()
    return blob


async def find(
    session: AsyncSession, vault: Vault, *, person_id: UUID, kind: str, content: bytes
) -> Blob | None:
    """The same file of the same person and kind, when it was kept before."""
    found: Blob | None = await session.scalar(
        select(Blob)
        .where(
            Blob.person_id == person_id,
            Blob.kind == kind,
            Blob.fingerprint == _fingerprint(vault, content),
        )
        .limit(1)
    )
    return found


async def read(
    session: AsyncSession, vault: Vault, blob_id: UUID, *, actor: str, purpose: str, now: datetime
) -> bytes:
    """The file's content. Every read is written to the audit trail."""
    blob = await session.get(Blob, blob_id, options=[undefer(Blob.sealed)])
    if blob is None:
        raise BlobNotFound(blob_id=blob_id)
    if blob.erased_at is not None:
        raise FileErased(blob_id=blob_id)
    key = await person_key(session, vault, blob.person_id, now=now)
    audit.record(
        session, actor=actor, action="blob.read", subject=f"blob:{blob_id}", now=now,
        kind=blob.kind, purpose=purpose,
    )  # fmt: skip
    return key.open(f"blobs.sealed.{blob_id}", blob.sealed)


def erase(session: AsyncSession, blob: Blob, *, reason: str, now: datetime) -> None:
    """Destroy the content. The row stays, so that what referred to the file says that it was."""
    blob.sealed, blob.erased_at = b"", now
    audit.record(
        session, actor=audit.SYSTEM, action="blob.erased", subject=f"blob:{blob.id}", now=now,
        kind=blob.kind, reason=reason,
    )  # fmt: skip


def _fingerprint(vault: Vault, content: bytes) -> str:
    return vault.blind_index("blobs.content", content.hex())
