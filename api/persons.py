"""What we know of a borrower by name: masked for everyday work, readable for a stated reason."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import Staff
from kit import audit
from kit.crypto import Vault, person_key
from kit.errors import DomainError, Kind
from onboarding.models import Borrower
from onboarding.saving import place

REVEAL = "borrower.reveal"
REVEALS_A_DAY = 50
_DAY = timedelta(days=1)


class TooManyReveals(DomainError):
    """One member of staff has read more persons in a day than the work needs."""

    kind = Kind.TOO_MANY
    code = "too_many_reveals"


@dataclass(frozen=True)
class Person:
    phone: str | None
    full_name: str | None
    birth_date: str | None
    region: str | None


async def reveal(
    session: AsyncSession,
    vault: Vault,
    borrower: Borrower,
    who: Staff,
    *,
    purpose: str,
    now: datetime,
) -> Person:
    """In plain words. Who looked, at whom and why is recorded, and there is a daily limit."""
    read = await session.scalar(
        select(func.count(func.distinct(audit.AuditEvent.subject))).where(
            audit.AuditEvent.actor == who.actor,
            audit.AuditEvent.action == REVEAL,
            audit.AuditEvent.at > now - _DAY,
        )
    )
    if (read or 0) >= REVEALS_A_DAY:
        raise TooManyReveals(most=REVEALS_A_DAY)
    audit.record(
        session, actor=who.actor, action=REVEAL, subject=f"borrower:{borrower.id}", now=now,
        purpose=purpose,
    )  # fmt: skip
    return await _open(session, vault, borrower, now)


async def masked(
    session: AsyncSession, vault: Vault, borrower: Borrower, *, now: datetime
) -> Person:
    """Enough to tell two borrowers apart. Raises KeyDestroyed after an erasure."""
    person = await _open(session, vault, borrower, now)
    return Person(
        phone=f"{person.phone[:4]}•••{person.phone[-2:]}" if person.phone else None,
        full_name=_initials(person.full_name) if person.full_name else None,
        birth_date=person.birth_date[:4] if person.birth_date else None,
        region=None,
    )


async def _open(session: AsyncSession, vault: Vault, borrower: Borrower, now: datetime) -> Person:
    key = await person_key(session, vault, borrower.id, now=now)

    def opened(column: str) -> str | None:
        sealed = getattr(borrower, column)
        return key.open_text(place(column, borrower), sealed) if sealed is not None else None

    return Person(**{field.name: opened(f"{field.name}_sealed") for field in fields(Person)})


def _initials(name: str) -> str:
    return " ".join(f"{part[0]}." for part in name.split())
