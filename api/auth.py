"""Logging in: a name and a password for a token that lives for a working day.

Who a bearer token belongs to is asked in one place, `identify`: another way to log in (OIDC)
ends in a `StaffSession` of the same kind.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import staff
from api.models import LoginAttempt, StaffMember, StaffSession
from api.roles import Role
from kit import audit
from kit.crypto import Vault
from kit.db import Sessions, lock_key, unit_of_work
from kit.errors import DomainError, Kind
from kit.ids import new_id

SESSION_LIFE = timedelta(hours=8)
WINDOW = timedelta(minutes=15)
FAILURES_FROM_ONE_ADDRESS = 30
FAILURES_OF_ONE_NAME = 20
FAILURES_OF_ONE_NAME_FROM_ONE_ADDRESS = 5
"""Far fewer than for the name alone: a stranger elsewhere does not lock the member out."""
_ATTEMPTS_KEPT = timedelta(days=1)


class NotLoggedIn(DomainError):
    """The token is missing, unknown, too old or revoked."""

    kind = Kind.UNAUTHENTICATED
    code = "not_logged_in"


class LoginRefused(DomainError):
    """The same words for an unknown name, a wrong password and a disabled account."""

    kind = Kind.UNAUTHENTICATED
    code = "login_refused"


class TooManyLogins(DomainError):
    kind = Kind.TOO_MANY
    code = "too_many_logins"


class RoleForbids(DomainError):
    kind = Kind.FORBIDDEN
    code = "role_forbids"


@dataclass(frozen=True)
class Staff:
    """Who is calling."""

    id: UUID
    session_id: UUID
    name: str
    role: Role

    @property
    def actor(self) -> str:
        return f"staff:{self.id}"


@dataclass(frozen=True)
class Granted:
    token: str
    expires_at: datetime
    must_choose_password: bool
    """The member came in with the one-time token, which is used up now."""


@dataclass(frozen=True)
class _Candidate:
    attempt_id: UUID
    member: StaffMember | None


async def log_in(
    sessions: Sessions, vault: Vault, *, name: str, password: str, address: str, now: datetime
) -> Granted:
    """Two short transactions; the slow comparison happens between them."""
    async with unit_of_work(sessions) as session:
        candidate = await _admit(session, vault, name=name, address=address, now=now)
    member = candidate.member
    by_token = member is not None and _is_one_time(member, password, now)
    by_password = await staff.matches(member.password_hash if member else None, password)
    if member is None or member.disabled_at is not None or not (by_token or by_password):
        raise LoginRefused()
    async with unit_of_work(sessions) as session:
        if by_token and not await _use_up(session, member):
            raise LoginRefused()
        attempt = await session.get_one(LoginAttempt, candidate.attempt_id)
        attempt.succeeded = True
        return _grant(session, member, by_token=by_token, now=now)


async def log_out(session: AsyncSession, who: Staff, *, now: datetime) -> None:
    held = await session.get_one(StaffSession, who.session_id)
    held.revoked_at = now
    audit.record(session, actor=who.actor, action="staff.log_out", subject=who.actor, now=now)


async def identify(session: AsyncSession, token: str, *, now: datetime) -> Staff:
    """Asked anew for each request: a revoked token or a changed role counts at once."""
    row = (
        await session.execute(
            select(StaffSession, StaffMember)
            .join(StaffMember, StaffMember.id == StaffSession.staff_id)
            .where(StaffSession.token_sha256 == staff.sha256(token))
        )
    ).one_or_none()
    if row is None:
        raise NotLoggedIn()
    held, member = row
    if held.revoked_at is not None or held.expires_at <= now or member.disabled_at is not None:
        raise NotLoggedIn()
    return Staff(id=member.id, session_id=held.id, name=member.name, role=member.role)


async def _admit(
    session: AsyncSession, vault: Vault, *, name: str, address: str, now: datetime
) -> _Candidate:
    """Count the attempt before it is tried. Raises TooManyLogins."""
    name_index = vault.blind_index("login_attempts.name", staff.name_key(name))
    address_index = vault.blind_index("login_attempts.address", address)
    await lock_key(session, "login_attempts")
    this_name = LoginAttempt.name_index == name_index
    this_address = LoginAttempt.address_index == address_index
    for failures, limit in (
        (this_address, FAILURES_FROM_ONE_ADDRESS),
        (this_name, FAILURES_OF_ONE_NAME),
        (this_name & this_address, FAILURES_OF_ONE_NAME_FROM_ONE_ADDRESS),
    ):
        await _refuse_above(session, failures, limit, now)
    await session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - _ATTEMPTS_KEPT))
    attempt = LoginAttempt(id=new_id(), name_index=name_index, address_index=address_index, at=now)
    session.add(attempt)
    return _Candidate(attempt.id, await staff.find(session, name))


async def _refuse_above(
    session: AsyncSession, failures: ColumnElement[bool], limit: int, now: datetime
) -> None:
    row = await session.execute(
        select(func.count(LoginAttempt.id), func.min(LoginAttempt.at)).where(
            failures, LoginAttempt.succeeded.is_(False), LoginAttempt.at > now - WINDOW
        )
    )
    number, oldest = row.one()
    if number >= limit:
        wait = (oldest + WINDOW - now).total_seconds()
        raise TooManyLogins(retry_after_seconds=max(1, int(wait) + 1))


def _is_one_time(member: StaffMember, token: str, now: datetime) -> bool:
    kept, expires_at = member.one_time_sha256, member.one_time_expires_at
    if kept is None or expires_at is None or expires_at <= now:
        return False
    return hmac.compare_digest(kept, staff.sha256(token))


async def _use_up(session: AsyncSession, member: StaffMember) -> bool:
    """False when somebody came in with the same one-time token a moment before."""
    used = await session.execute(
        update(StaffMember)
        .where(StaffMember.id == member.id, StaffMember.one_time_sha256 == member.one_time_sha256)
        .values(one_time_sha256=None)
        .returning(StaffMember.id)
    )
    return used.first() is not None


def _grant(session: AsyncSession, member: StaffMember, *, by_token: bool, now: datetime) -> Granted:
    token = secrets.token_urlsafe(32)
    expires_at = now + SESSION_LIFE
    session.add(
        StaffSession(
            staff_id=member.id, token_sha256=staff.sha256(token), created_at=now,
            expires_at=expires_at,
        )
    )  # fmt: skip
    subject = f"staff:{member.id}"
    audit.record(session, actor=subject, action="staff.log_in", subject=subject, now=now)
    return Granted(token, expires_at, must_choose_password=by_token)
