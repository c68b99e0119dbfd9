"""Hits on record: each pair of a borrower and an entry once, with what staff made of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import person_key, vault_of
from kit.ids import new_id
from kyc.screening.matching import Hit
from kyc.screening.models import Outcome, ScreeningHit


async def record(
    session: AsyncSession, borrower_id: UUID, found: Sequence[Hit], *, now: datetime
) -> list[ScreeningHit]:
    """The new ones of these, written down. Those that were seen before stay as they are."""
    known = {(row.publisher, row.entry_uid) for row in await of_borrower(session, borrower_id)}
    key = await person_key(session, vault_of(session), borrower_id, now=now)
    new = []
    for hit in found:
        if (hit.publisher, hit.uid[:200]) in known:
            continue
        hit_id = new_id()
        row = ScreeningHit(
            id=hit_id,
            borrower_id=borrower_id,
            publisher=hit.publisher,
            entry_uid=hit.uid[:200],
            score=hit.score,
            found_sealed=key.seal(_place(hit_id), json.dumps(asdict(hit))),
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


async def settle(session: AsyncSession, case_id: UUID, outcome: Outcome, *, now: datetime) -> None:
    """What staff decided in the case of these hits."""
    query = select(ScreeningHit).where(
        ScreeningHit.case_id == case_id, ScreeningHit.outcome.is_(None)
    )
    for hit in await session.scalars(query):
        hit.outcome, hit.decided_at = outcome, now


def undecided(found: Sequence[Hit], known: Sequence[ScreeningHit]) -> list[Hit]:
    """Without those that staff have looked at and found to be somebody else."""
    cleared = {(row.publisher, row.entry_uid) for row in known if row.outcome is Outcome.CLEARED}
    return [hit for hit in found if (hit.publisher, hit.uid[:200]) not in cleared]


def _place(hit_id: UUID) -> str:
    return f"screening_hits.found.{hit_id}"
