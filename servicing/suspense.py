"""Money that a person must place: never guessed to a loan."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.db import insert_once
from kit.errors import DomainError, Kind
from kit.ids import new_id
from kit.money import Money
from servicing import repayments
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Loan, Repayment, SuspenseItem


class SuspenseItemNotFound(DomainError):
    """There is no such item, or it has been placed before."""

    kind = Kind.NOT_FOUND
    code = "suspense_item_not_found"


async def receive(
    session: AsyncSession,
    *,
    reference: str,
    reason: str,
    amount: Money,
    on: date,
    now: datetime,
    loan: Loan | None = None,
) -> None:
    """Take in money that fits no open loan. The same `reference` twice is taken in once."""
    wrote = await insert_once(
        session, SuspenseItem, id=new_id(), reference=reference, reason=reason,
        loan_id=loan.id if loan else None, amount_minor=amount.minor, currency=amount.currency,
        received_on=on, created_at=now,
    )  # fmt: skip
    if wrote:
        await posting.post(
            session, EntryKind.SUSPENSE, (Event.UNMATCHED_RECEIVED, amount),
            reference=f"suspense:{reference}", on=on, now=now,
        )  # fmt: skip


async def list_open(session: AsyncSession) -> list[SuspenseItem]:
    rows = await session.scalars(
        select(SuspenseItem).where(SuspenseItem.resolved_at.is_(None)).order_by(SuspenseItem.id)
    )
    return list(rows)


async def assign(
    session: AsyncSession, item_id: UUID, *, loan_id: UUID, actor: str, on: date, now: datetime
) -> Repayment:
    """A person says whose unmatched money it is: it leaves suspense and repays that loan."""
    item = await session.get(SuspenseItem, item_id, with_for_update=True, populate_existing=True)
    if item is None or item.resolved_at is not None:
        raise SuspenseItemNotFound(item=item_id)
    entry = await posting.find(session, f"suspense:{item.reference}")
    if entry is None:  # Left over from a loan that closed: that is paid back, not placed.
        raise SuspenseItemNotFound(item=item_id)
    await posting.reverse(session, entry, on=on, now=now)
    item.resolved_at, item.loan_id = now, loan_id
    audit.record(
        session, actor=actor, action="suspense.assign", subject=f"suspense:{item.id}", now=now,
        loan=str(loan_id),
    )  # fmt: skip
    return await repayments.receive(
        session, loan_id=loan_id, amount=item.amount, rail_reference=item.reference, on=on, now=now
    )
