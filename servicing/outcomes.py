"""How loans turned out: which of those that are old enough went bad, by a rule of days."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.events import Type
from servicing.models import Installment, Loan, LoanEvent
from servicing.states import LoanStatus

_BATCH = 500
_LENT = (LoanStatus.ACTIVE, LoanStatus.CLOSED, LoanStatus.WRITTEN_OFF)
_GIVEN_UP = (Type.WRITE_OFF, Type.CHARGE_OFF, Type.RESTRUCTURE, Type.REAGE, Type.REAMORTIZE)
"""Debt that was given up, or spread anew because it could not be paid as agreed."""


class Outcome(NamedTuple):
    loan_id: UUID
    application_id: UUID
    went_bad: bool


async def list_matured(
    session: AsyncSession, *, late_days: int, within_days: int, on: date
) -> AsyncIterator[Outcome]:
    """Loans that have had their time: so many days since the payout, and where principal first
    falls due later than that, until it could be late. Bad: within that time an installment was
    unpaid `late_days` after its due date, or the debt was given up or spread anew.

    A loan that was repaid early waits for its time too: otherwise the young part of the book
    would hold good loans only.
    """
    late, within = timedelta(days=late_days), timedelta(days=within_days)
    last: UUID | None = None
    while batch := await _paid_out(session, until=on - within, due_by=on - late, after=last):
        ends = {loan_id: max(paid + within, due + late) for loan_id, _, paid, due in batch}
        bad = await _bad(session, ends, late, on)
        for loan_id, application_id, _, _ in batch:
            yield Outcome(loan_id, application_id, loan_id in bad)
        last = batch[-1][0]


async def _paid_out(
    session: AsyncSession, *, until: date, due_by: date, after: UUID | None
) -> list[tuple[UUID, UUID, date, date]]:
    """With the day of the payout, and the one on which principal first falls due after it."""
    first_due = (
        select(func.min(Installment.due_on))
        .where(
            Installment.loan_id == Loan.id,
            Installment.principal_minor > 0,
            Installment.due_on > Loan.disbursed_on,
        )
        .scalar_subquery()
    )
    due = func.coalesce(first_due, Loan.disbursed_on)
    query = select(Loan.id, Loan.application_id, Loan.disbursed_on, due).where(
        Loan.disbursed_on <= until, due <= due_by, Loan.status.in_(_LENT)
    )
    if after is not None:
        query = query.where(Loan.id > after)
    rows = await session.execute(query.order_by(Loan.id).limit(_BATCH))
    return [(loan_id, of, day, first) for loan_id, of, day, first in rows if day]


async def _bad(
    session: AsyncSession, ends: Mapping[UUID, date], late: timedelta, on: date
) -> set[UUID]:
    found = set()
    for loan_id, due_on, settled_on in await session.execute(
        select(Installment.loan_id, Installment.due_on, Installment.settled_on).where(
            Installment.loan_id.in_(ends)
        )
    ):
        if due_on + late <= min(ends[loan_id], settled_on or on):
            found.add(loan_id)
    for loan_id, day in await session.execute(
        select(LoanEvent.loan_id, LoanEvent.on).where(
            LoanEvent.loan_id.in_(ends), LoanEvent.type.in_(_GIVEN_UP)
        )
    ):
        if day <= ends[loan_id]:
            found.add(loan_id)
    return found
