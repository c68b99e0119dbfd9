"""The end of a business day: interest, what fell due, credit and late fees, for every running loan.

Each loan is done under its lock and knows how far it has come, so a close may run late, twice, or
again after it was stopped in the middle.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.db import insert_once
from servicing import accrual, debts, late_fees, living, queries
from servicing import rules as agreed_rules
from servicing.living import Act
from servicing.models import DayClose, Installment, Loan
from servicing.states import LoanStatus

BATCH = 200


async def close(session: AsyncSession, *, on: date, now: datetime) -> None:
    """Close one business day in the caller's transaction."""
    last, loans, fees = None, 0, 0
    while batch := await list_to_close(session, on=on, after=last):
        for loan_id in batch:
            fees += await close_loan(session, loan_id, on=on, now=now)
        last, loans = batch[-1], loans + len(batch)
    await finish(session, on=on, loans=loans, late_fees=fees, now=now)


async def list_to_close(
    session: AsyncSession, *, on: date, after: UUID | None = None
) -> list[UUID]:
    """The next batch of running loans that were paid out by `on`, in the order of their ids.

    A loan that has come beyond `on` has nothing to do on it: a day that one loan keeps open costs
    the others nothing.
    """
    query = select(Loan.id).where(
        Loan.status == LoanStatus.ACTIVE,
        Loan.disbursed_on <= on,
        or_(Loan.accrued_on.is_(None), Loan.accrued_on <= on),
    )
    if after is not None:
        query = query.where(Loan.id > after)
    return list(await session.scalars(query.order_by(Loan.id).limit(BATCH)))


async def close_loan(session: AsyncSession, loan_id: UUID, *, on: date, now: datetime) -> int:
    """One loan's day; how many late fees it was charged."""
    loan = await queries.get_loan(session, loan_id, lock=True)
    if loan.status is not LoanStatus.ACTIVE:
        return 0
    before = await late_fees.penalties(session, loan)
    rows = await _come_to(session, loan, on, now)
    if loan.status is not LoanStatus.ACTIVE:
        return 0
    told = await late_fees.tell(session, loan, rows, before, on=on, now=now)
    return told + await late_fees.charge(session, loan, rows, on=on, now=now)


async def _come_to(session: AsyncSession, loan: Loan, on: date, now: datetime) -> list[Installment]:
    """Where nothing but days goes by, installments say what is earned; else life is told again."""
    if not agreed_rules.recalculates(loan.rules):
        rows = await accrual.accrue(session, loan, on=on, now=now)
        if not debts.total(debts.due(rows, on)):
            return rows
        charges = agreed_rules.charges_penalties(loan.rules)
        if not charges and not await queries.free_credit(session, loan, rows):
            return rows
    await living.happen(session, loan, Act(audit.SYSTEM, on, now))
    return await queries.list_installments(session, loan.id)


async def finish(
    session: AsyncSession, *, on: date, loans: int, late_fees: int, now: datetime
) -> None:
    await insert_once(
        session, DayClose, business_date=on, loans=loans, late_fees=late_fees, closed_at=now
    )


async def days_to_close(session: AsyncSession, *, today: date) -> list[date]:
    """Every business day before `today` that is not closed, oldest first."""
    first = await session.scalar(select(func.min(Loan.disbursed_on)))
    if first is None:
        return []
    closed = set(
        await session.scalars(select(DayClose.business_date).where(DayClose.business_date >= first))
    )
    days = [first + timedelta(days=n) for n in range((today - first).days)]
    return [day for day in days if day not in closed]
