"""What a borrower agrees to before anything is stored: versioned words, kept as hashes."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.text import Texts
from onboarding.models import Borrower, Consent

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Document:
    code: str
    version: int

    @property
    def key(self) -> str:
        return f"{self.code}-{self.version}"


@cache
def required() -> tuple[Document, ...]:
    listed = yaml.safe_load((_HERE / "consents.yaml").read_text())["documents"]
    return tuple(Document(**entry) for entry in listed)


@cache
def _texts() -> Texts:
    return Texts(_HERE / "texts")


def summary(document: Document, locale: str) -> str:
    """One sentence that says what the document means."""
    return _texts().format(locale, f"{document.key}-summary")


def full_text(document: Document, locale: str) -> str:
    return _texts().format(locale, document.key)


async def give_missing(
    session: AsyncSession, borrower: Borrower, *, locale: str, now: datetime
) -> None:
    """Record the agreement to what was shown in `locale` and is not agreed to yet."""
    for document in await missing(session, borrower):
        row = await _row(session, borrower, document)
        row.locale, row.given_at, row.withdrawn_at = locale, now, None
        row.text_sha256 = hashlib.sha256(full_text(document, locale).encode()).hexdigest()
        session.add(row)
        audit.record(
            session, actor=f"borrower:{borrower.id}", action="consent.given",
            subject=f"borrower:{borrower.id}", now=now, document=document.key,
        )  # fmt: skip
    await session.flush()


async def missing(session: AsyncSession, borrower: Borrower) -> list[Document]:
    """Documents whose present version the borrower has not agreed to, or has withdrawn."""
    rows = await session.scalars(
        select(Consent).where(Consent.borrower_id == borrower.id, Consent.withdrawn_at.is_(None))
    )
    given = {(row.document, row.version) for row in rows}
    return [doc for doc in required() if (doc.code, doc.version) not in given]


async def _row(session: AsyncSession, borrower: Borrower, document: Document) -> Consent:
    """The consent that was withdrawn once, or a new one."""
    row: Consent | None = await session.scalar(
        select(Consent).where(
            Consent.borrower_id == borrower.id,
            Consent.document == document.code,
            Consent.version == document.version,
        )
    )
    return row or Consent(borrower_id=borrower.id, document=document.code, version=document.version)
