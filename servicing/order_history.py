"""An order with all that became of it: who did what, what the rail said, what was posted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.audit import SYSTEM, AuditEvent
from kit.four_eyes import Proposal
from servicing import repayments
from servicing.ledger import posting
from servicing.ledger.models import Entry
from servicing.models import (
    Incident,
    Loan,
    Payout,
    RailEventRow,
    ReconciliationBreak,
    Repayment,
)
from servicing.order_reviews import OrderNotFound
from servicing.orders import Order, Orders
from servicing.rails.base import Direction


class Source(StrEnum):
    US = "us"
    RAIL = "rail"
    LEDGER = "ledger"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    source: Source
    what: str
    actor: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    order: Order
    loan: Loan
    steps: Sequence[Step]
    """In the order in which they became known."""
    entry: Entry | None
    incidents: Sequence[Incident]
    breaks: Sequence[ReconciliationBreak]
    proposals: Sequence[Proposal]
    """What waits for a second person."""


async def of_order(session: AsyncSession, kind: Orders, order_id: UUID) -> History:
    order: Order | None = await session.get(kind.model, order_id)
    if order is None:
        raise OrderNotFound()
    subject = f"{kind.machine.name}:{order.id}"
    entry = await _entry(session, kind, order)
    incidents = (
        await session.scalars(
            select(Incident).where(Incident.subject == subject).order_by(Incident.id)
        )
    ).all()
    breaks = (
        await session.scalars(
            select(ReconciliationBreak)
            .where(ReconciliationBreak.reference == order.client_ref)
            .order_by(ReconciliationBreak.day, ReconciliationBreak.id)
        )
    ).all()
    steps = [
        Step(order.created_at, Source.US, f"{kind.machine.name}.created", SYSTEM),
        *await _acts(session, subject),
        *await _heard(session, order),
    ]
    if entry is not None:
        facts = {"entry": str(entry.id), "reference": entry.reference}
        steps.append(Step(entry.created_at, Source.LEDGER, "ledger.posted", SYSTEM, facts))
    return History(
        order=order,
        loan=await session.get_one(Loan, order.loan_id),
        steps=sorted(steps, key=lambda step: step.at),
        entry=entry,
        incidents=incidents,
        breaks=breaks,
        proposals=await four_eyes.list_open(session, subject=subject),
    )


async def _acts(session: AsyncSession, subject: str) -> list[Step]:
    rows = await session.scalars(
        select(AuditEvent).where(AuditEvent.subject == subject).order_by(AuditEvent.id)
    )
    return [
        Step(
            row.at,
            Source.INCIDENT if row.action.startswith("incident.") else Source.US,
            row.action,
            row.actor,
            row.facts,
        )
        for row in rows
    ]


async def _heard(session: AsyncSession, order: Order) -> list[Step]:
    rows = await session.scalars(
        select(RailEventRow)
        .where(RailEventRow.client_ref == order.client_ref)
        .order_by(RailEventRow.id)
    )
    return [
        Step(row.received_at, Source.RAIL, f"rail.{row.status}", f"rail:{row.rail}",
             {"event": row.event_id, "amount": str(row.amount)})
        for row in rows
    ]  # fmt: skip


async def _entry(session: AsyncSession, kind: Orders, order: Order) -> Entry | None:
    if kind.direction is Direction.PAYOUT:
        name = "disbursement" if isinstance(order, Payout) else "refund"
        return await posting.find(session, f"{name}:{order.id}")
    repayment = await session.scalar(
        select(Repayment.id).where(Repayment.rail_reference == f"rail:{order.client_ref}")
    )
    if repayment is not None:
        return await repayments.entry_of(session, repayment)
    return await posting.find(session, f"suspense:rail:{order.client_ref}")
