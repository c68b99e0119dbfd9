"""A verification's video note: one challenge at a time, each answered once, three at most.

Nobody fails here: who has used up the challenges, or cannot do such acts, is looked at by a person.
"""

import secrets
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.errors import DomainError, Kind
from kyc.checks import CheckResult
from kyc.liveness import challenge as challenges
from kyc.liveness.challenge import Challenge
from kyc.models import Verification

MOST_CHALLENGES = 3


class ClipNotAsked(DomainError):
    """No challenge is open: it was answered, or none was given yet."""

    kind = Kind.CONFLICT
    code = "clip_not_asked"


class Waiver(StrEnum):
    """Why a person looks where a video note was wanted."""

    CANNOT_DO_ACTS = "cannot_do_acts"
    CHALLENGES_USED_UP = "challenges_used_up"


def current(verification: Verification) -> Challenge | None:
    """What was asked for last and is not answered yet, in time or not."""
    document = verification.challenge
    return Challenge.from_json(document) if document is not None else None


def are_used_up(verification: Verification) -> bool:
    return verification.challenges >= MOST_CHALLENGES


def give(session: AsyncSession, verification: Verification, *, now: datetime) -> None:
    """Ask for other acts. The challenge before, answered or not, counts no more."""
    issued = challenges.issue(secrets.SystemRandom(), now)
    verification.challenge = issued.to_json()
    verification.challenges += 1
    _record(session, verification, "challenge", now, number=verification.challenges)


def require_answer(verification: Verification, *, sent_at: datetime, forwarded: bool) -> Challenge:
    """The challenge that a clip answers. Refuses one that cannot have been made for it."""
    asked = current(verification)
    if asked is None:
        raise ClipNotAsked()
    challenges.require_fresh(asked, sent_at=sent_at, forwarded=forwarded)
    return asked


def ask_again(
    session: AsyncSession, verification: Verification, reasons: list[str], *, now: datetime
) -> bool:
    """Whether the borrower should record another one: it answers another challenge."""
    if are_used_up(verification):
        return False
    _record(session, verification, "clip_not_good", now, reasons=reasons)
    verification.challenge = None
    return True


def take_back(session: AsyncSession, verification: Verification, *, now: datetime) -> None:
    """The answer was lost on its way to us: the challenge does not count."""
    _record(session, verification, "challenge_taken_back", now, number=verification.challenges)
    verification.challenge = None
    verification.challenges -= 1


def attach(
    session: AsyncSession, verification: Verification, blob_id: UUID, *, now: datetime
) -> None:
    verification.clip_blob_id = blob_id
    _record(session, verification, "clip", now, blob_id=str(blob_id))


def waive(session: AsyncSession, verification: Verification, why: Waiver, *, now: datetime) -> None:
    """Do without: a person looks."""
    verification.challenge, verification.clip_waived = None, why
    # The trail is kept for ever, and must not tell of anybody's health.
    _record(session, verification, "clip_waived", now)


def is_worth_another(result: CheckResult) -> bool:
    """A clip in which only the face is not that of the pictures is no better the next time."""
    about_pictures = ("selfie_", "document_")
    return any(not reason.startswith(about_pictures) for reason in result.reasons)


def _record(
    session: AsyncSession, verification: Verification, what: str, now: datetime, **facts: object
) -> None:
    audit.record(
        session, actor=f"borrower:{verification.borrower_id}", action=f"verification.{what}",
        subject=f"verification:{verification.id}", now=now, **facts,
    )  # fmt: skip
