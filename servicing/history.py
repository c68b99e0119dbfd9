"""What a borrower's earlier loans say about the next one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.models import Installment, Loan
from servicing.states import LoanStatus


@dataclass(frozen=True, slots=True)
class LoanHistory:
    loans_repaid: int
    worst_dpd: int | None
    """The most days that any installment was paid, or still is, after its due date. None when no
    installment has fallen due."""


async def of_borrower(session: AsyncSession, borrower_id: UUID, *, on: date) -> LoanHistory:
    rows = await session.execute(
        select(Installment.due_on, Installment.settled_on)
        .join(Loan, Loan.id == Installment.loan_id)
        .where(
            Loan.borrower_id == borrower_id,
            Loan.disbursed_on.is_not(None),
            Installment.due_on <= on,
        )
    )
    statuses = await session.scalars(select(Loan.status).where(Loan.borrower_id == borrower_id))
    repaid = sum(1 for status in statuses if status is LoanStatus.CLOSED)
    return LoanHistory(repaid, _worst(((due, settled or on) for due, settled in rows)))


def _worst(paid: Iterable[tuple[date, date]]) -> int | None:
    days = [max((settled_on - due_on).days, 0) for due_on, settled_on in paid]
    return max(days, default=None)
