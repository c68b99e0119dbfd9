"""How a borrower has repaid us so far: what a later decision may know of earlier loans."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.models import Installment, Loan
from servicing.states import LoanStatus


@dataclass(frozen=True, slots=True)
class RepaymentHistory:
    loans_repaid: int
    worst_dpd: int | None
    """Most days that any installment was late; None without any installment that fell due."""


async def of_borrower(session: AsyncSession, borrower_id: UUID, *, on: date) -> RepaymentHistory:
    repaid = await session.scalar(
        select(func.count(Loan.id)).where(
            Loan.borrower_id == borrower_id, Loan.status == LoanStatus.CLOSED
        )
    )
    rows = await session.execute(
        select(Installment.due_on, Installment.settled_on)
        .join(Loan, Loan.id == Installment.loan_id)
        .where(Loan.borrower_id == borrower_id, Installment.due_on <= on)
    )
    late = [((settled or on) - due).days for due, settled in rows.all()]
    return RepaymentHistory(repaid or 0, max(0, *late) if late else None)
