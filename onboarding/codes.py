"""One-time codes by SMS: hashed, few tries, short-lived, and capped so that nobody is flooded."""

import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import Vault
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.ids import new_id
from notifications import outbox
from notifications.states import Channel, Purpose
from onboarding.models import Borrower, Code

DIGITS = 6
TRIES = 5
LIFETIME = timedelta(minutes=10)
PAUSE = timedelta(seconds=30)
DAY = timedelta(days=1)
PER_NUMBER_A_DAY = 6
PER_BORROWER_A_DAY = 12


class PhoneNotProven(DomainError):
    """There is no proven number: the borrower is asked to prove one."""

    kind = Kind.CONFLICT
    code = "phone_not_proven"


class CodeTooSoon(DomainError):
    kind = Kind.TOO_MANY
    code = "code_too_soon"


class TooManyCodes(DomainError):
    kind = Kind.TOO_MANY
    code = "too_many_codes"


class CodeWrong(DomainError):
    """`left` is how many tries remain."""

    code = "code_wrong"


class CodeExpired(DomainError):
    """The code is too old, used up by wrong tries, or none was sent: a new one is needed."""

    code = "code_expired"


async def issue(
    session: AsyncSession, vault: Vault, borrower: Borrower, purpose: str, *, now: datetime
) -> Code:
    """Send a new code to the borrower's own number; older ones for this purpose stop working."""
    if borrower.phone_index is None:
        raise PhoneNotProven()
    await lock_key(session, f"codes:{borrower.phone_index}")
    await _check_caps(session, borrower, purpose, now)
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    code_id = new_id()
    code = Code(
        id=code_id,
        borrower_id=borrower.id,
        purpose=purpose,
        phone_index=borrower.phone_index,
        code_hash=_hash(vault, code_id, digits),
        created_at=now,
        expires_at=now + LIFETIME,
        tries=0,
    )
    session.add(code)
    await session.flush()
    await outbox.notify(
        session,
        person_id=borrower.id,
        template="otp_code",
        params={"code": digits, "minutes": int(LIFETIME.total_seconds() // 60)},
        key=f"code:{code_id}",
        purpose=Purpose.CRITICAL,
        subject=f"borrower:{borrower.id}",
        channels=(Channel.SMS,),
        fallback=False,
        now=now,
    )
    return code


async def check(
    session: AsyncSession,
    vault: Vault,
    borrower: Borrower,
    purpose: str,
    typed: str,
    *,
    now: datetime,
) -> Code | DomainError:
    """The code that was used up, or why it does not count.

    Wrong tries are counted in the caller's transaction, so the refusal is returned, not raised.
    """
    code = await _newest(session, borrower.id, purpose)
    if code is None or code.used_at is not None or now >= code.expires_at or code.tries >= TRIES:
        return CodeExpired()
    digits = "".join(c for c in typed if c.isascii() and c.isdigit())
    if not hmac.compare_digest(_hash(vault, code.id, digits), code.code_hash):
        code.tries += 1
        left = TRIES - code.tries
        return CodeWrong(left=left) if left else CodeExpired()
    code.used_at = now
    return code


async def _check_caps(
    session: AsyncSession, borrower: Borrower, purpose: str, now: datetime
) -> None:
    newest = await _newest(session, borrower.id, purpose)
    if newest is not None and newest.used_at is None and now < newest.created_at + PAUSE:
        raise CodeTooSoon(seconds=int((newest.created_at + PAUSE - now).total_seconds()) + 1)
    recent = select(func.count(Code.id)).where(Code.created_at > now - DAY)
    to_number = await session.scalar(recent.where(Code.phone_index == borrower.phone_index))
    to_borrower = await session.scalar(recent.where(Code.borrower_id == borrower.id))
    if (to_number or 0) >= PER_NUMBER_A_DAY or (to_borrower or 0) >= PER_BORROWER_A_DAY:
        raise TooManyCodes()


async def _newest(session: AsyncSession, borrower_id: UUID, purpose: str) -> Code | None:
    found: Code | None = await session.scalar(
        select(Code)
        .where(Code.borrower_id == borrower_id, Code.purpose == purpose)
        .order_by(Code.id.desc())
        .limit(1)
        .with_for_update()
    )
    return found


def _hash(vault: Vault, code_id: UUID, digits: str) -> str:
    return vault.blind_index("codes.code", f"{code_id}:{digits}")
