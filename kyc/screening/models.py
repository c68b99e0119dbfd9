"""Tables of screening: the versions of each list, and whom they were about."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Row

_CURRENT = text("superseded_at is null")


class Outcome(StrEnum):
    CLEARED = "cleared"
    """Somebody else of that name."""
    CONFIRMED = "confirmed"


class ScreeningList(Row):
    """One version of one publisher's list."""

    __tablename__ = "screening_lists"
    __table_args__ = (
        Index(
            "uq_screening_lists_current",
            "publisher",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
    )

    publisher: Mapped[str] = mapped_column(String(60))
    published_on: Mapped[date | None]
    """As the file says; None where it does not."""
    files: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    entries: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The entries, until the next version: public data, packed."""
    loaded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class ScreeningHit(Row):
    """A borrower looks like an entry. One row for the two of them, whatever is screened again."""

    __tablename__ = "screening_hits"
    __table_args__ = (UniqueConstraint("borrower_id", "publisher", "entry_uid"),)

    borrower_id: Mapped[UUID]
    publisher: Mapped[str] = mapped_column(String(60))
    entry_uid: Mapped[str] = mapped_column(String(200))
    score: Mapped[float]
    found_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Which words, dates and countries agree, sealed with the borrower's key."""
    case_id: Mapped[UUID | None] = mapped_column(index=True)
    outcome: Mapped[Outcome | None]
    """None until staff have decided."""
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
