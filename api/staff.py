"""Staff accounts: made by an administrator, opened once with a token, then with a password."""

import asyncio
import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import StaffMember, StaffSession
from api.roles import Role
from kit import audit
from kit.errors import DomainError, Kind

ONE_TIME_TOKEN_LIFE = timedelta(hours=24)
PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 200
# OWASP's smallest argon2id setting: a log-in must not take the machine's memory away.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_HASHING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


class InvalidStaffName(DomainError):
    code = "invalid_staff_name"


class StaffNameTaken(DomainError):
    kind = Kind.CONFLICT
    code = "staff_name_taken"


class StaffNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "staff_not_found"


class PasswordTooWeak(DomainError):
    code = "password_too_weak"


async def add(
    session: AsyncSession, *, name: str, role: Role, now: datetime, actor: str = audit.SYSTEM
) -> tuple[StaffMember, str]:
    """The new account and the token that opens it once. The token is not kept readable."""
    shown = " ".join(name.split())
    if not 2 <= len(shown) <= 80 or not shown.isprintable():
        raise InvalidStaffName()
    if await find(session, shown) is not None:
        raise StaffNameTaken()
    member = StaffMember(name=shown, name_key=name_key(shown), role=role, created_at=now)
    session.add(member)
    await session.flush()
    audit.record(
        session, actor=actor, action="staff.add", subject=f"staff:{member.id}", now=now, role=role
    )
    return member, await _issue(session, member, now)


async def reset(
    session: AsyncSession, member: StaffMember, *, now: datetime, actor: str = audit.SYSTEM
) -> str:
    """A new one-time token; the password and every session are gone."""
    member.password_hash, member.disabled_at = None, None
    await revoke_sessions(session, member, now=now)
    audit.record(session, actor=actor, action="staff.reset", subject=f"staff:{member.id}", now=now)
    return await _issue(session, member, now)


async def disable(
    session: AsyncSession, member: StaffMember, *, now: datetime, actor: str = audit.SYSTEM
) -> None:
    member.disabled_at = now
    await revoke_sessions(session, member, now=now)
    audit.record(
        session, actor=actor, action="staff.disable", subject=f"staff:{member.id}", now=now
    )


async def set_password(
    session: AsyncSession, member: StaffMember, password_hash: str, *, now: datetime
) -> None:
    """`password_hash` comes from `hash_password`."""
    member.password_hash = password_hash
    member.one_time_sha256 = None
    subject = f"staff:{member.id}"
    audit.record(session, actor=subject, action="staff.password", subject=subject, now=now)


async def revoke_sessions(
    session: AsyncSession, member: StaffMember, *, now: datetime, keep: UUID | None = None
) -> None:
    held = update(StaffSession).where(
        StaffSession.staff_id == member.id, StaffSession.revoked_at.is_(None)
    )
    if keep is not None:
        held = held.where(StaffSession.id != keep)
    await session.execute(held.values(revoked_at=now))


async def hash_password(password: str) -> str:
    """Slow on purpose, in a thread. Raises PasswordTooWeak."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise PasswordTooWeak(least=PASSWORD_LENGTH_MIN, most=PASSWORD_LENGTH_MAX)
    return await asyncio.get_running_loop().run_in_executor(_HASHING, HASHER.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Takes as long when there is no password to compare with."""
    loop = asyncio.get_running_loop()
    same = await loop.run_in_executor(_HASHING, _verify, password_hash or _NOBODY, password)
    return same and password_hash is not None


async def find(session: AsyncSession, name: str) -> StaffMember | None:
    found: StaffMember | None = await session.scalar(
        select(StaffMember).where(StaffMember.name_key == name_key(name))
    )
    return found


async def get(session: AsyncSession, name: str) -> StaffMember:
    member = await find(session, name)
    if member is None:
        raise StaffNotFound()
    return member


async def list_members(session: AsyncSession) -> Sequence[StaffMember]:
    return (await session.scalars(select(StaffMember).order_by(StaffMember.name_key))).all()


async def names(session: AsyncSession) -> dict[str, str]:
    """How pages and files call the actors of the audit trail."""
    members = await list_members(session)
    return {f"staff:{member.id}": member.name for member in members} | {"system": "Kopa"}


async def count(session: AsyncSession) -> int:
    return await session.scalar(select(func.count(StaffMember.id))) or 0


def name_key(name: str) -> str:
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()[:80]


def sha256(token: str) -> str:
    """Enough for tokens of ours, which nobody can guess; never for passwords."""
    return hashlib.sha256(token.encode()).hexdigest()


async def _issue(session: AsyncSession, member: StaffMember, now: datetime) -> str:
    token = secrets.token_urlsafe(24)
    member.one_time_sha256 = sha256(token)
    member.one_time_expires_at = now + ONE_TIME_TOKEN_LIFE
    await session.flush()
    return token


def _verify(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except VerificationError:
        return False


_NOBODY = HASHER.hash(secrets.token_urlsafe(24))
