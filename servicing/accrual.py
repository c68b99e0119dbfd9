"""Interest day by day, and fees as they fall due: what has become a claim goes to the ledger."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import debts
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Installment, Loan


async def accrue(
    session: AsyncSession, loan: Loan, rows: Sequence[Installment], *, on: date, now: datetime
) -> None:
    """Bring the claims of a locked loan up to the end of `on`. A day that is done is done."""
    assert loan.accrued_on is not None, f"{loan.reference} is not paid out"
    if on <= loan.accrued_on:
        return
    interest = debts.earned(rows, on) - debts.earned(rows, loan.accrued_on)
    falling_due = [row for row in rows if row.due_on <= on and row.fees_charged_on is None]
    others = sum(row.third_party_fees_minor for row in falling_due)
    fees = sum(row.fees_minor for row in falling_due) - others
    for row in falling_due:
        row.fees_charged_on = on
    if interest or fees or others:
        await posting.post(
            session,
            EntryKind.ACCRUAL,
            (Event.INTEREST_ACCRUED, Money(interest, loan.currency)),
            (Event.FEE_DUE, Money(fees, loan.currency)),
            (Event.THIRD_PARTY_FEE_DUE, Money(others, loan.currency)),
            reference=f"accrual:{loan.id}:{on}",
            on=on,
            now=now,
            loan_id=loan.id,
        )
    loan.accrued_on = on
