"""Records of the money rooms that staff look at, also when they are over."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.incidents import IncidentNotFound
from servicing.models import (
    Incident,
    LoanEvent,
    PaymentRequest,
    ReconciliationBreak,
    SuspenseItem,
)
from servicing.suspense import SuspenseItemNotFound
from servicing.treasury.breaks import BreakNotFound


async def get_suspense_item(session: AsyncSession, item_id: UUID) -> SuspenseItem:
    item = await session.get(SuspenseItem, item_id)
    if item is None:
        raise SuspenseItemNotFound(item=item_id)
    return item


async def get_incident(session: AsyncSession, incident_id: UUID) -> Incident:
    incident = await session.get(Incident, incident_id)
    if incident is None:
        raise IncidentNotFound()
    return incident


async def list_incidents(session: AsyncSession, subjects: Sequence[str]) -> list[Incident]:
    """About these records, over or not, the newest first."""
    rows = await session.scalars(
        select(Incident).where(Incident.subject.in_(subjects)).order_by(Incident.id.desc())
    )
    return list(rows)


async def list_requests(session: AsyncSession, loan_id: UUID) -> list[PaymentRequest]:
    """What the borrower was asked for, in order."""
    rows = await session.scalars(
        select(PaymentRequest).where(PaymentRequest.loan_id == loan_id).order_by(PaymentRequest.id)
    )
    return list(rows)


async def list_events(session: AsyncSession, loan_id: UUID) -> list[LoanEvent]:
    """What happened to the loan, as it was told."""
    rows = await session.scalars(
        select(LoanEvent).where(LoanEvent.loan_id == loan_id).order_by(LoanEvent.seq)
    )
    return list(rows)


async def get_break(session: AsyncSession, break_id: UUID) -> ReconciliationBreak:
    found = await session.get(ReconciliationBreak, break_id)
    if found is None:
        raise BreakNotFound()
    return found
