"""Interest day by day, and fees as they fall due: what has become a claim goes to the ledger.

On a day on which nothing is told, installments alone say what is earned: no life is told again.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from servicing import debts, queries
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Installment, Loan


async def accrue(
    session: AsyncSession, loan: Loan, *, on: date, now: datetime
) -> list[Installment]:
    """Bring the claims of a locked loan up to the end of `on`. A day that is done is done."""
    assert loan.accrued_on is not None, f"{loan.reference} is not paid out"
    rows = await queries.list_installments(session, loan.id)
    if on <= loan.accrued_on:
        return rows
    await posting.adjust(
        session,
        brought(rows, loan.accrued_on, on),
        currency=loan.currency,
        references={EntryKind.ACCRUAL: reference(loan.id, on)},
        on=on,
        now=now,
        loan_id=loan.id,
    )
    loan.accrued_on = on
    return rows


def brought(rows: Sequence[Installment], since: date, on: date) -> dict[Event, int]:
    """What became a claim after `since` and up to the end of `on`; less than nothing: no longer."""
    if on <= since:
        return {}
    before, after = debts.claims(rows, since), debts.claims(rows, on)
    return {event: after[event] - before[event] for event in after}


def reference(loan_id: UUID, on: date) -> str:
    return f"accrual:{loan_id}:{on}"
