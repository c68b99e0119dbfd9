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


def give_all(session: AsyncSession, borrower: Borrower, *, now: datetime) -> None:
    for document in required():
        words = full_text(document, borrower.locale)
        session.add(
            Consent(
                borrower_id=borrower.id,
                document=document.code,
                version=document.version,
                locale=borrower.locale,
                text_sha256=hashlib.sha256(words.encode()).hexdigest(),
                given_at=now,
            )
        )
        audit.record(
            session, actor=f"borrower:{borrower.id}", action="consent.given",
            subject=f"borrower:{borrower.id}", now=now, document=document.key,
        )  # fmt: skip


async def missing(session: AsyncSession, borrower: Borrower) -> list[Document]:
    """Documents whose present version the borrower has not agreed to, or has withdrawn."""
    rows = await session.scalars(
        select(Consent).where(Consent.borrower_id == borrower.id, Consent.withdrawn_at.is_(None))
    )
    given = {(row.document, row.version) for row in rows}
    return [doc for doc in required() if (doc.code, doc.version) not in given]
