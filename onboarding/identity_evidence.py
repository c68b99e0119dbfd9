"""What a person needs to settle a doubtful identity: checks, what was read, likenesses, history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.audit import AuditEvent
from kit.crypto import KeyDestroyed, vault_of
from kyc import checks
from kyc.models import Verification, VerificationCheck
from kyc.screening import hits
from kyc.screening.models import ScreeningHit
from onboarding import screening
from onboarding.models import Borrower, Case

HISTORY = 30


@dataclass(frozen=True)
class Likeness:
    """Another borrower with the same face, document, phone or account."""

    kind: str
    reference: str
    distance: float | None


@dataclass(frozen=True)
class Listed:
    hit: ScreeningHit
    explained: Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    name: str
    read: str
    confidence: float | None
    typed: str | None
    corrected: str | None = None
    """What the borrower says that stands there."""


@dataclass(frozen=True)
class Opened:
    """What is personal: opened for somebody who asked for it, and recorded."""

    fields: Sequence[Field] = ()
    listed: Sequence[Listed] = ()
    found: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


async def latest_checks(
    session: AsyncSession, verification: Verification
) -> list[VerificationCheck]:
    every = await checks.list_checks(session, verification)
    return [each for each in every if each.attempt == verification.attempts]


async def likenesses(session: AsyncSession, verification: Verification) -> list[Likeness]:
    ids = [UUID(each["borrower_id"]) for each in verification.duplicates]
    rows = await session.scalars(select(Borrower).where(Borrower.id.in_(ids)))
    named = {borrower.id: borrower.reference for borrower in rows}
    return [
        Likeness(
            each.get("kind", "face"),
            named.get(UUID(each["borrower_id"]), ""),
            each.get("distance"),
        )
        for each in verification.duplicates
    ]


async def history(
    session: AsyncSession, case: Case, verification: Verification | None
) -> Sequence[AuditEvent]:
    """What happened to the case and the identity, who looked included; newest first."""
    subjects = [f"case:{case.id}"]
    if verification is not None:
        subjects.append(f"verification:{verification.id}")
        blobs = (
            verification.document_blob_id, verification.back_blob_id,
            verification.selfie_blob_id, verification.clip_blob_id,
        )  # fmt: skip
        subjects += [f"blob:{blob_id}" for blob_id in blobs if blob_id is not None]
    query = select(AuditEvent).where(AuditEvent.subject.in_(subjects))
    return (await session.scalars(query.order_by(AuditEvent.id.desc()).limit(HISTORY))).all()


async def opened(
    session: AsyncSession,
    case: Case,
    verification: Verification | None,
    *,
    actor: str,
    now: datetime,
) -> Opened | None:
    """None when the person was erased. That it was looked at is recorded."""
    audit.record(session, actor=actor, action="identity.opened", subject=f"case:{case.id}", now=now)
    try:
        person = await screening.person_of(session, case.borrower_id, now=now)
        known = await hits.of_borrower(session, case.borrower_id)
        listed = [Listed(hit, await hits.explained(session, hit, now=now)) for hit in known]
        found: dict[str, Mapping[str, Any]] = {}
        for check in await latest_checks(session, verification) if verification else ():
            assert verification is not None
            found[check.kind] = await checks.found(
                session, vault_of(session), verification, check, now=now
            )
    except KeyDestroyed:
        return None
    typed = {}
    if person is not None:
        typed = {"name": person.name, "full_name": person.name}
        typed["birth_date"] = person.born.isoformat() if person.born else ""
    return Opened(_fields(found.get("document", {}), typed), listed, found)


def _fields(found: Mapping[str, Any], typed: Mapping[str, str]) -> list[Field]:
    read: Mapping[str, Any] = found.get("fields", {})
    corrected: Mapping[str, str] = found.get("corrected", {})
    fields = [
        Field(
            name,
            str(each.get("value", "")),
            each.get("confidence"),
            typed.get(name),
            corrected.get(name),
        )
        for name, each in read.items()
        if isinstance(each, Mapping)
    ]
    shown = {each.name for each in fields}
    missing = ("full_name" if not shown & {"name", "full_name"} else "", "birth_date")
    return fields + [
        Field(name, "", None, typed[name])
        for name in missing
        if name and name not in shown and typed.get(name)
    ]
