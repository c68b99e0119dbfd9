"""What each check of an identity found: one row a check and attempt, with personal data sealed.

A check never refuses anybody: it is clear, or a person looks.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import Vault, person_key
from kit.ids import new_id
from kyc.documents.confirming import Told
from kyc.models import Verification, VerificationCheck
from kyc.states import CheckKind, CheckVerdict


@dataclass(frozen=True)
class Evidence:
    """What the checks look at. Pictures are upright JPEGs without metadata."""

    document: bytes
    selfie: bytes
    back: bytes | None = None
    """The other side of the document."""
    told: Told | None = field(default=None, repr=False)
    """What was read in the chat, and how the borrower corrected it."""
    clip: bytes | None = None
    """The video note, as it came."""
    challenge: Mapping[str, Any] | None = None
    """What was asked for in it."""
    clip_waived: str | None = None
    """Why there is none although one was wanted."""
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the borrower said: `full_name`, `birth_date`."""
    noticed: Sequence[Mapping[str, Any]] = ()
    """What spoke against the document's upload, before it was cleaned."""
    on: date | None = None
    """The lender's day, for ages and expiry."""


@dataclass(frozen=True)
class CheckResult:
    kind: CheckKind
    verdict: CheckVerdict
    source: str
    """Name and version of what checked: the embedded engine, or a provider."""
    reasons: tuple[str, ...] = ()
    """Codes, in the order in which they were found out."""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """What was measured and against which limits: no personal data."""
    found: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What was read: personal, kept sealed."""
    template: bytes | None = field(default=None, repr=False)
    """The selfie's face as numbers, for the search whether it was seen before."""


async def keep(
    session: AsyncSession,
    vault: Vault,
    verification: Verification,
    result: CheckResult,
    *,
    now: datetime,
) -> VerificationCheck:
    """Write the result of this attempt down. A repeat takes its place."""
    check = await find(session, verification, result.kind)
    if check is None:
        check = VerificationCheck(
            id=new_id(), verification_id=verification.id, attempt=verification.attempts,
            kind=result.kind,
        )  # fmt: skip
        session.add(check)
    check.verdict, check.source, check.created_at = result.verdict, result.source, now
    check.reasons, check.numbers = list(result.reasons), dict(result.numbers)
    check.found_sealed = None
    if result.found:
        key = await person_key(session, vault, verification.borrower_id, now=now)
        check.found_sealed = key.seal(_place(check), json.dumps(dict(result.found)))
    await session.flush()
    return check


async def find(
    session: AsyncSession, verification: Verification, kind: CheckKind
) -> VerificationCheck | None:
    """Of the latest attempt."""
    return await session.scalar(
        select(VerificationCheck).where(
            VerificationCheck.verification_id == verification.id,
            VerificationCheck.attempt == verification.attempts,
            VerificationCheck.kind == kind,
        )
    )


async def made(session: AsyncSession, verification: Verification) -> list[CheckResult]:
    """What was found out in the latest attempt so far, but what is personal."""
    return [
        CheckResult(row.kind, row.verdict, row.source, tuple(row.reasons), row.numbers)
        for row in await list_checks(session, verification)
        if row.attempt == verification.attempts
    ]


async def list_checks(session: AsyncSession, verification: Verification) -> list[VerificationCheck]:
    """Of every attempt, first to last."""
    rows = await session.scalars(
        select(VerificationCheck)
        .where(VerificationCheck.verification_id == verification.id)
        .order_by(VerificationCheck.attempt, VerificationCheck.id)
    )
    return list(rows)


async def found(
    session: AsyncSession,
    vault: Vault,
    verification: Verification,
    check: VerificationCheck,
    *,
    now: datetime,
) -> dict[str, Any]:
    """What this check read. Raises KeyDestroyed after an erasure."""
    await session.refresh(check, ["found_sealed"])
    if check.found_sealed is None:
        return {}
    key = await person_key(session, vault, verification.borrower_id, now=now)
    opened: dict[str, Any] = json.loads(key.open_text(_place(check), check.found_sealed))
    return opened


def _place(check: VerificationCheck) -> str:
    return f"verification_checks.found.{check.id}"


IS_FINE = frozenset({CheckVerdict.CLEAR, CheckVerdict.SKIPPED})
"""With nothing but these an identity passes without a person."""
