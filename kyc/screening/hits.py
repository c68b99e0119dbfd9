"""Hits on record: each pair of a borrower and an entry once, with what staff made of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import person_key, vault_of
from kit.ids import new_id
from kyc.screening.models import Outcome, ScreeningHit


async def record(
    session: AsyncSession, borrower_id: UUID, found: Sequence[Mapping[str, Any]], *, now: datetime
) -> list[ScreeningHit]:
    """The new ones of these (`Hit.explained`), written down. What was known stays as it is."""
    known = {(row.publisher, row.entry_uid) for row in await of_borrower(session, borrower_id)}
    key = await person_key(session, vault_of(session), borrower_id, now=now)
    new = []
    for hit in found:
        if (hit["publisher"], hit["uid"]) in known:
            continue
        hit_id = new_id()
        row = ScreeningHit(
            id=hit_id,
            borrower_id=borrower_id,
            publisher=hit["publisher"],
            entry_uid=hit["uid"],
            score=hit["score"],
            found_sealed=key.seal(_place(hit_id), json.dumps(hit)),
            created_at=now,
        )
        session.add(row)
        new.append(row)
    await session.flush()
    return new


async def of_borrower(session: AsyncSession, borrower_id: UUID) -> Sequence[ScreeningHit]:
    query = select(ScreeningHit).where(ScreeningHit.borrower_id == borrower_id)
    return (await session.scalars(query.order_by(ScreeningHit.id))).all()


async def explained(session: AsyncSession, hit: ScreeningHit, *, now: datetime) -> dict[str, Any]:
    """Which words, dates and countries agree. Raises KeyDestroyed after an erasure."""
    key = await person_key(session, vault_of(session), hit.borrower_id, now=now)
    opened: dict[str, Any] = json.loads(key.open_text(_place(hit.id), hit.found_sealed))
    return opened


async def settle(
    session: AsyncSession,
    borrower_id: UUID,
    outcome: Outcome,
    *,
    case_id: UUID | None,
    now: datetime,
) -> None:
    """What staff decided about the undecided hits of this case; without one, about those that the
    check of the identity found. Hits of another case wait for its own decision."""
    for hit in await of_borrower(session, borrower_id):
        if hit.outcome is None and hit.case_id == case_id:
            hit.outcome, hit.decided_at = outcome, now


async def are_cleared(session: AsyncSession, borrower_id: UUID) -> bool:
    """Whether staff found every entry that this borrower looks like to be somebody else."""
    return all(hit.outcome is Outcome.CLEARED for hit in await of_borrower(session, borrower_id))


async def cleared(session: AsyncSession, borrower_id: UUID) -> set[tuple[str, str]]:
    """Entries that staff found to be somebody else."""
    known = await of_borrower(session, borrower_id)
    return {(row.publisher, row.entry_uid) for row in known if row.outcome is Outcome.CLEARED}


def _place(hit_id: UUID) -> str:
    return f"screening_hits.found.{hit_id}"
