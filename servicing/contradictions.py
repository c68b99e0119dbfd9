"""What a rail says of an order beside what we hold: both cannot be true, and a person looks."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.state import Machine
from servicing import incidents, transfers
from servicing.rails.base import Outcome, OutcomeStatus
from servicing.states import OrderEvent, OrderStatus
from servicing.treasury.models import Order


def found(order: Order, outcome: Outcome) -> str | None:
    """Why an order that has ended cannot be what the rail says of it now."""
    if _differs(order.status, outcome.status):
        return "final_state_differs"
    return "another_transfer" if transfers.is_another(order, outcome) else None


async def report(
    session: AsyncSession,
    machine: Machine[OrderStatus, OrderEvent],
    order: Order,
    outcome: Outcome,
    why: str,
    *,
    now: datetime,
) -> None:
    """Write the incident `<kind of order>_<why>`. Nothing is posted."""
    await incidents.report(
        session, kind=f"{machine.name}_{why}", subject=f"{machine.name}:{order.id}",
        now=now, ours=str(order.amount), theirs=str(outcome.amount), status=order.status,
        told=outcome.status, rail_id=order.rail_id, told_rail_id=outcome.rail_id,
    )  # fmt: skip


def _differs(status: OrderStatus, told: OutcomeStatus) -> bool:
    if status is OrderStatus.SETTLED:
        return told in (OutcomeStatus.FAILED, OutcomeStatus.RETURNED, OutcomeStatus.NOT_FOUND)
    if status is OrderStatus.RETURNED:
        return told is OutcomeStatus.NOT_FOUND
    return told in (OutcomeStatus.SETTLED, OutcomeStatus.RETURNED)
