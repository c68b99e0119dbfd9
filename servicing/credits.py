"""Money paid in advance settles what falls due, before any new money does."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import debts, queries
from servicing.allocation import Component, Owed, Share, allocate
from servicing.ledger import posting
from servicing.ledger.models import Entry
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Installment, Loan

_EVENTS = {
    Component.PENALTY: Event.CREDIT_TO_PENALTY,
    Component.FEE: Event.CREDIT_TO_FEE,
    Component.INTEREST: Event.CREDIT_TO_INTEREST,
    Component.PRINCIPAL: Event.CREDIT_TO_PRINCIPAL,
}


async def settle(
    session: AsyncSession,
    loan: Loan,
    rows: Sequence[Installment],
    owed: Sequence[Owed],
    *,
    on: date,
    now: datetime,
) -> tuple[Share, ...]:
    """Use the credit of a locked loan on `owed`, as far as it goes."""
    if not debts.total(owed):
        return ()
    credit = await queries.credit(session, loan)
    shares = allocate(credit.minor, owed).shares
    if shares:
        await posting.post(
            session,
            EntryKind.CREDIT,
            *((_EVENTS[share.component], Money(share.amount, loan.currency)) for share in shares),
            reference=f"credit:{loan.id}:{await _times(session, loan) + 1}",
            on=on,
            now=now,
            loan_id=loan.id,
        )
        debts.pay(rows, shares, on=on)
    return shares


async def _times(session: AsyncSession, loan: Loan) -> int:
    """The lock on the loan makes this the next number."""
    found = await session.scalar(
        select(func.count(Entry.id)).where(Entry.loan_id == loan.id, Entry.kind == EntryKind.CREDIT)
    )
    return found or 0
