"""The end of a loan: nothing is owed any more, and whatever is left over goes to a person."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.ids import new_id
from servicing import debts, queries
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Installment, Loan, SuspenseItem
from servicing.states import LOAN, LoanEvent

OVERPAID = "overpaid"


async def close(
    session: AsyncSession, loan: Loan, rows: Sequence[Installment], *, on: date, now: datetime
) -> None:
    """Close a locked loan whose installments are all settled."""
    assert debts.is_settled(rows), f"{loan.reference} is not settled"
    await _set_aside_what_is_left(session, loan, on=on, now=now)
    audit.move(session, LOAN, loan, LoanEvent.REPAID_IN_FULL, actor=audit.SYSTEM, now=now)
    loan.closed_on = on


async def _set_aside_what_is_left(
    session: AsyncSession, loan: Loan, *, on: date, now: datetime
) -> None:
    left = await queries.credit(session, loan)
    if not left:
        return
    reference = f"{OVERPAID}:{loan.id}:{on}"
    await posting.post(
        session, EntryKind.SUSPENSE, (Event.OVERPAID_AT_CLOSING, left),
        reference=reference, on=on, now=now, loan_id=loan.id,
    )  # fmt: skip
    session.add(
        SuspenseItem(
            id=new_id(),
            reference=reference,
            reason=OVERPAID,
            loan_id=loan.id,
            amount_minor=left.minor,
            currency=left.currency,
            received_on=on,
            created_at=now,
        )
    )
