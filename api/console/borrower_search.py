"""Whom a reference or a phone number names. Names are sealed: nobody can look for one."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.audit import AuditEvent
from kit.crypto import Vault
from kit.db import lock_key
from kit.errors import DomainError, Kind
from notifications import contacts
from onboarding import answers, cases
from onboarding.models import Application, Borrower
from servicing import queries

FIND, REFUSED = "borrower.find", "borrower.find_refused"
LOOKUPS_A_DAY = 100
_DAY = timedelta(days=1)
_PHONE = re.compile(r"\+?[\d\s().-]{6,25}")
_MOST = 20


class TooManyLookups(DomainError):
    """One member of staff has tried more phone numbers in a day than the work needs."""

    kind = Kind.TOO_MANY
    code = "too_many_lookups"


async def find(
    session: AsyncSession, vault: Vault, text: str, *, country: str, actor: str, now: datetime
) -> list[Borrower]:
    """By the reference of a borrower, loan, application or case, or by a phone number. A look-up by
    phone is recorded with whom it found, or that it found nobody, never with the number. Raises
    PhoneNotUsable, and TooManyLookups, of which `refuse` is to keep that it was refused."""
    typed = text.strip()
    if _PHONE.fullmatch(typed):
        number = answers.phone(typed, country)
        await _must_be_few(session, actor, now=now)
        known = await contacts.list_by_phone(session, vault, number)
        found = await _borrowers(session, [contact.person_id for contact in known])
        for whom in [f"borrower:{each.id}" for each in found] or ["nobody"]:
            audit.record(session, actor=actor, action=FIND, subject=whom, now=now, by="phone")
        return found
    return await _borrowers(session, await _named(session, typed))


def refuse(session: AsyncSession, *, actor: str, now: datetime) -> None:
    """In a transaction of its own: that of the look-up is undone."""
    audit.record(session, actor=actor, action=REFUSED, subject="nobody", now=now, by="phone")


async def _must_be_few(session: AsyncSession, actor: str, *, now: datetime) -> None:
    """Each person found counts, and each time that nobody was. Two at once count one by one."""
    await lock_key(session, f"{FIND}:{actor}")
    made = await session.scalar(
        select(func.count())
        .select_from(AuditEvent)
        .where(AuditEvent.actor == actor, AuditEvent.action == FIND, AuditEvent.at > now - _DAY)
    )
    if (made or 0) >= LOOKUPS_A_DAY:
        raise TooManyLookups(most=LOOKUPS_A_DAY)


async def _named(session: AsyncSession, typed: str) -> list[UUID]:
    reference = typed.upper()
    own = select(Borrower.id).where(Borrower.reference == reference)
    asked = select(Application.borrower_id).where(Application.reference == reference)
    found = [*await session.scalars(own), *await session.scalars(asked)]
    found += [
        each.borrower_id
        for each in await cases.list_cases(session, cases.Filter(reference=reference), limit=_MOST)
    ]
    loan = await queries.find_by_reference(session, typed)
    return [*found, loan.borrower_id] if loan is not None else found


async def _borrowers(session: AsyncSession, ids: list[UUID]) -> list[Borrower]:
    rows = await session.scalars(
        select(Borrower).where(Borrower.id.in_(ids)).order_by(Borrower.id.desc()).limit(_MOST)
    )
    return list(rows)
