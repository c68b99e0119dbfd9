"""How long pictures and films are kept, by country, and their destruction when the time is over."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from kit import audit, storage
from kit.storage import Blob
from kyc import readings, verifications
from kyc.liveness.asking import Waiver
from kyc.models import Verification, VerificationCheck
from kyc.states import VerificationStatus

PICTURES = ("selfie", "clip")
"""Kinds of files that no law asks for once the identity is concluded."""
_REASON = "time_over"
_AT_ONCE = 200
_WAITING = (VerificationStatus.COLLECTING, VerificationStatus.NEEDS_PERSON)
"""For a borrower, or for staff who have no case any more."""


@dataclass(frozen=True)
class Retention:
    pictures_days: int
    """Selfies and films, after the conclusion that they served."""
    unfinished_days: int
    """Pictures of a verification that the borrower never completed."""
    applicant_days: int
    """Everything about a person who never got a loan, after their last application."""
    records_years: int
    """Everything about a person, the document's copy included, after their last loan ended."""
    law: str
    url: str

    def keeps_until(self, ended: date) -> date:
        """The day after which the law asks no more for a relationship that ended then."""
        try:
            return ended.replace(year=ended.year + self.records_years)
        except ValueError:  # The 29th of February.
            return ended.replace(year=ended.year + self.records_years, day=28)

    def ended_before(self, on: date) -> date:
        """Relationships that ended before this day need no longer be kept on `on`."""
        try:
            return on.replace(year=on.year - self.records_years)
        except ValueError:
            return on.replace(year=on.year - self.records_years, day=28)


@cache
def retention(country: str) -> Retention:
    """Of the country, and of nobody's law in particular where it is not listed."""
    return Retention(**(_table()["default"] | _table().get(country, {})))


@cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = yaml.safe_load(
        Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    )
    return table


async def erase_pictures(
    session: AsyncSession, keeping: Retention, *, held: Select[UUID], now: datetime
) -> int:
    """Destroy selfies and films whose time is over, except those of persons that are `held`;
    how many. Call it again until it finds none."""
    due = select(Blob).where(
        Blob.kind.in_((*PICTURES, "document", "document_back")),
        Blob.erased_at.is_(None),
        Blob.person_id.not_in(held),
        or_(_served(keeping, now), _abandoned(keeping, now)),
    )
    rows = (await session.scalars(due.order_by(Blob.id).limit(_AT_ONCE))).all()
    await _ask_again(session, {blob.id for blob in rows}, now)
    for blob in rows:
        storage.erase(session, blob, reason=_REASON, now=now)
    await session.flush()
    return len(rows)


async def _ask_again(session: AsyncSession, destroyed: Collection[UUID], now: datetime) -> None:
    """Who comes back to a verification under way is asked for these pictures as if for the first
    time: nothing could be checked without them."""
    places = (
        Verification.document_blob_id, Verification.selfie_blob_id, Verification.clip_blob_id
    )  # fmt: skip
    incomplete = select(Verification).where(
        Verification.status.in_(_WAITING), or_(*(place.in_(destroyed) for place in places))
    )
    for verification in await session.scalars(incomplete.with_for_update()):
        if verification.status is VerificationStatus.NEEDS_PERSON:
            verifications.send_back(
                session, verification, (), actor=audit.SYSTEM, reason=_REASON, now=now
            )
        for place in places:
            if getattr(verification, place.key) in destroyed:
                setattr(verification, place.key, None)
        if verification.document_blob_id is None:
            readings.forget(verification)
        if verification.clip_blob_id is None:
            verification.challenge, verification.challenges = None, 0


def _served(keeping: Retention, now: datetime) -> ColumnElement[bool]:
    """A verification that it may have been for was concluded long enough ago."""
    ended = select(Verification.id).where(
        Verification.borrower_id == Blob.person_id,
        Verification.created_at <= Blob.created_at,
        Verification.concluded_at >= Blob.created_at,
        Verification.concluded_at < now - timedelta(days=keeping.pictures_days),
    )
    return and_(Blob.kind.in_(PICTURES), ended.exists())


def _abandoned(keeping: Retention, now: datetime) -> ColumnElement[bool]:
    """It waits for a borrower who does not come back, or for a person who has nothing to decide."""
    waiting = select(Verification.id).where(
        Verification.borrower_id == Blob.person_id,
        Verification.created_at <= Blob.created_at,
        Verification.status.in_(_WAITING),
    )
    return and_(Blob.created_at < now - timedelta(days=keeping.unfinished_days), waiting.exists())


async def forget(session: AsyncSession, borrower_id: UUID) -> None:
    """Of an erased person: what their key had sealed, who looked like them, and what tells of
    their health."""
    verifications_of = select(Verification).where(Verification.borrower_id == borrower_id)
    for verification in await session.scalars(verifications_of):
        verification.reasons = without_health(verification.reasons)
    of_person = select(Verification.id).where(Verification.borrower_id == borrower_id)
    checks_of = select(VerificationCheck).where(VerificationCheck.verification_id.in_(of_person))
    for check in await session.scalars(checks_of):
        check.reasons = without_health(check.reasons)
    await session.flush()
    await session.execute(
        update(VerificationCheck)
        .where(VerificationCheck.verification_id.in_(of_person))
        .values(found_sealed=None)
    )
    await session.execute(
        update(Verification)
        .where(Verification.borrower_id == borrower_id)
        .values(
            template=None,
            duplicates=[],
            challenge=None,
            clip_waived=None,
            document_hash=None,
            back_hash=None,
            document_index=None,
            reading_sealed=None,
        )
    )


def without_health(reasons: Collection[str]) -> list[str]:
    """Codes of reasons, but for what a body cannot do."""
    return [code for code in reasons if code != Waiver.CANNOT_DO_ACTS]
