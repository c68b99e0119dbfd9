"""Money on its way: promised to one purpose when the rail is asked, then posted or void, once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import lock_key
from kit.money import Money
from servicing.ledger import posting
from servicing.ledger.chart import Account
from servicing.ledger.models import Pending, Resolution
from servicing.ledger.rules import Event


async def hold(
    session: AsyncSession,
    event: Event,
    amount: Money,
    *,
    reference: str,
    now: datetime,
    loan_id: UUID | None,
    cash: Account,
) -> None:
    """It is about to leave `cash`. `reference`, that of the entry to come, is held once."""
    await lock_key(session, f"ledger:{reference}")
    if await _find(session, reference) is not None:
        return
    debit, credit = posting.accounts_of(event, cash)
    session.add(
        Pending(
            reference=reference,
            event=event,
            debit=debit,
            credit=credit,
            amount_minor=amount.minor,
            currency=amount.currency,
            loan_id=loan_id,
            created_at=now,
        )
    )
    await session.flush()


async def resolve(session: AsyncSession, reference: str, *, now: datetime) -> None:
    """Its end is known: posted by the entry of this reference, or void where there is none.

    What was never about to leave has no end.
    """
    if (held := await _find(session, reference)) is None:
        return
    entry = await posting.find(session, reference)
    session.add(Resolution(pending_id=held, entry_id=entry.id if entry else None, created_at=now))
    await session.flush()


async def is_open(session: AsyncSession, reference: str) -> bool:
    """Whether money is promised to it, of which nobody knows the end."""
    found = await session.scalar(
        select(Pending.id)
        .join(Resolution, Resolution.pending_id == Pending.id, isouter=True)
        .where(Pending.reference == reference, Resolution.pending_id.is_(None))
    )
    return found is not None


async def list_open(session: AsyncSession) -> list[Pending]:
    """Oldest first."""
    rows = await session.scalars(
        select(Pending)
        .join(Resolution, Resolution.pending_id == Pending.id, isouter=True)
        .where(Resolution.pending_id.is_(None))
        .order_by(Pending.id)
    )
    return list(rows)


async def _find(session: AsyncSession, reference: str) -> UUID | None:
    return await session.scalar(select(Pending.id).where(Pending.reference == reference))
