"""Identity verifications (pictures, numbers, verdict and why) and what each check found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Row
from kyc.states import CheckKind, CheckVerdict, VerificationStatus

_OPEN = text("status IN ('collecting', 'checking', 'needs_person')")


class Verification(Row):
    __tablename__ = "verifications"
    __table_args__ = (
        # A borrower has one verification under way at a time.
        Index(
            "uq_verifications_open",
            "borrower_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_verifications_template", "template_engine", "template_at"),
    )

    borrower_id: Mapped[UUID] = mapped_column(index=True)
    status: Mapped[VerificationStatus] = mapped_column(
        default=VerificationStatus.COLLECTING, index=True
    )
    document_blob_id: Mapped[UUID | None]
    back_blob_id: Mapped[UUID | None]
    """The other side of a document that has two."""
    wants_back: Mapped[bool] = mapped_column(default=False, server_default=false())
    selfie_blob_id: Mapped[UUID | None]
    clip_blob_id: Mapped[UUID | None]
    """The video note that answers the challenge."""
    challenge: Mapped[dict[str, Any] | None]
    """What was asked for in the video note, when, and until when it counts."""
    challenges: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many challenges were given: each may be answered once."""
    clip_wanted: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a video note belongs to it: the lender's rule when it was opened."""
    clip_waived: Mapped[str | None] = mapped_column(String(40))
    """Why a person looks where a video note was wanted: a code of `kyc.liveness.asking`."""
    document_retakes: Mapped[int] = mapped_column(default=0)
    """How often the borrower was asked for a better picture of the document."""
    selfie_retakes: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    """How many pairs of pictures were checked."""
    engine: Mapped[str | None] = mapped_column(String(60))
    """Name and version of what compared the faces."""
    distance: Mapped[float | None]
    threshold: Mapped[float | None]
    fmr: Mapped[float | None]
    """The share of strangers that lies within `threshold`."""
    problems: Mapped[list[Any]] = mapped_column(default=list)
    """`{shot, problem, measured, limit}` for each shortcoming of the pictures that were checked."""
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    """Codes that explain the verdict, in the order in which they were found out."""
    duplicates: Mapped[list[Any]] = mapped_column(default=list)
    """`{kind, verification_id, borrower_id, distance}` of other borrowers with this face, document,
    phone or account; without `kind` a face."""
    document_hash: Mapped[str | None] = mapped_column(String(16))
    """Of the picture as it came, to know it again: 64 bits in hexadecimal."""
    document_signals: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """`{side, reason, measured, limit}` for what was odd about the upload; `side` is the picture's
    kind, and older rows have none."""
    back_hash: Mapped[str | None] = mapped_column(String(64))
    """Of the other side, finer: 256 bits in hexadecimal."""
    back_signals: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    reading_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """What was read on the document and how the borrower corrected it (`kyc.readings`)."""
    read_fields: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Names of the fields that the borrower is shown."""
    corrected_fields: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Names of those that the borrower corrected."""
    fields_confirmed_at: Mapped[datetime | None]
    document_index: Mapped[str | None] = mapped_column(String(64), index=True)
    """Blind index of the document's country and number."""
    template: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The selfie's face as numbers, sealed with the borrower's key."""
    template_engine: Mapped[str | None] = mapped_column(String(60))
    """Name and version of what made the template: later than `engine` when made again."""
    template_at: Mapped[datetime | None]
    """When the template was written, for those who keep a copy in memory."""
    created_at: Mapped[datetime]
    concluded_at: Mapped[datetime | None]
    """When it was passed or refused."""
    decided_by: Mapped[str | None] = mapped_column(String(80))
    """`system` or `staff:<id>`."""


class VerificationCheck(Row):
    __tablename__ = "verification_checks"
    __table_args__ = (UniqueConstraint("verification_id", "attempt", "kind"),)

    verification_id: Mapped[UUID]
    attempt: Mapped[int]
    """Which pair of pictures, counted from 1."""
    kind: Mapped[CheckKind]
    verdict: Mapped[CheckVerdict] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(80))
    """Name and version of the engine or provider."""
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    """Codes, in the order in which they were found out."""
    numbers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was measured and against which limits: no personal data."""
    found_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """What was read, sealed with the borrower's key."""
    created_at: Mapped[datetime]
