"""Interest day by day, and fees as they fall due: what has become a claim goes to the ledger.

On a day on which nothing is told, installments alone say what is earned: no life is told again.
"""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from servicing import debts, queries
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind
from servicing.models import Installment, Loan


async def accrue(
    session: AsyncSession, loan: Loan, *, on: date, now: datetime
) -> list[Installment]:
    """Bring the claims of a locked loan up to the end of `on`. A day that is done is done."""
    assert loan.accrued_on is not None, f"{loan.reference} is not paid out"
    rows = await queries.list_installments(session, loan.id)
    if on <= loan.accrued_on:
        return rows
    before, after = debts.claims(rows, loan.accrued_on), debts.claims(rows, on)
    await posting.adjust(
        session,
        {event: after[event] - before[event] for event in after},
        currency=loan.currency,
        references={EntryKind.ACCRUAL: f"accrual:{loan.id}:{on}"},
        on=on,
        now=now,
        loan_id=loan.id,
    )
    loan.accrued_on = on
    return rows
