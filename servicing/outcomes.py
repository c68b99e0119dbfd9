"""How loans turned out: which of those that are old enough went bad, by a rule of days."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
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
    """Loans paid out at least so many days ago. Bad: within those days an installment was unpaid
    `late_days` after its due date, or the debt was given up or spread anew.

    A loan that was repaid early waits for its window too: otherwise the young part of the book
    would hold good loans only.
    """
    last: UUID | None = None
    while batch := await _paid_out(session, until=on - timedelta(days=within_days), after=last):
        bad = await _bad(session, batch, late_days, within_days, on)
        for loan_id, application_id, _ in batch:
            yield Outcome(loan_id, application_id, loan_id in bad)
        last = batch[-1][0]


async def _paid_out(
    session: AsyncSession, *, until: date, after: UUID | None
) -> list[tuple[UUID, UUID, date]]:
    query = select(Loan.id, Loan.application_id, Loan.disbursed_on).where(
        Loan.disbursed_on <= until, Loan.status.in_(_LENT)
    )
    if after is not None:
        query = query.where(Loan.id > after)
    rows = await session.execute(query.order_by(Loan.id).limit(_BATCH))
    return [(loan_id, application_id, day) for loan_id, application_id, day in rows if day]


async def _bad(
    session: AsyncSession, loans: Sequence[tuple[UUID, UUID, date]],
    late_days: int, within_days: int, on: date,
) -> set[UUID]:  # fmt: skip
    end = {loan_id: day + timedelta(days=within_days) for loan_id, _, day in loans}
    found = set()
    late = timedelta(days=late_days)
    for loan_id, due_on, settled_on in await session.execute(
        select(Installment.loan_id, Installment.due_on, Installment.settled_on).where(
            Installment.loan_id.in_(end)
        )
    ):
        if due_on + late <= min(end[loan_id], settled_on or on):
            found.add(loan_id)
    for loan_id, day in await session.execute(
        select(LoanEvent.loan_id, LoanEvent.on).where(
            LoanEvent.loan_id.in_(end), LoanEvent.type.in_(_GIVEN_UP)
        )
    ):
        if day <= end[loan_id]:
            found.add(loan_id)
    return found
