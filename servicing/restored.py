"""Orders in a database that was restored: what waited at the backup may have left after it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from servicing import orders
from servicing.orders import Orders
from servicing.rails.base import ON_FILE, Direction, Outcome, OutcomeStatus
from servicing.states import NOT_SENT, OrderEvent, OrderStatus

_MAY_BE_SENT = (*NOT_SENT, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
"""What could be sent, or sent again, without a person."""


async def presume_sent(session: AsyncSession, kind: Orders, *, rail: str, now: datetime) -> int:
    """Every order that may have left since goes by its rail, or `rail`; how many there were."""
    waiting = await session.scalars(
        select(kind.model.id).where(kind.model.status.in_(_MAY_BE_SENT)).order_by(kind.model.id)
    )
    return sum([await _presume(session, kind, each, rail=rail, now=now) for each in list(waiting)])


async def _presume(
    session: AsyncSession, kind: Orders, order_id: UUID, *, rail: str, now: datetime
) -> bool:
    """Its rail is asked first; where nobody can be asked, a person looks. False: as it was.

    What was never tried stays so until its rail has it: nothing is promised to it, and when it
    turns out that it never left it waits again, as it did.
    """
    loan, order = await orders.locked(session, kind, order_id)
    was_waiting = order.status in NOT_SENT
    order.rail = order.rail or ("wallet" if order.tries else rail)
    if was_waiting:
        order.ask_at, order.submitted_at = now, order.submitted_at or now
        audit.move(
            session, kind.machine, order, OrderEvent.SUBMIT, actor=audit.SYSTEM, now=now,
            why="restored",
        )  # fmt: skip
    if order.rail not in ON_FILE or kind.direction is not Direction.PAYOUT:
        return was_waiting
    order.tries = max(order.tries, 1)
    await orders.promise(session, kind, loan, order, now=now)
    nobody_knows = Outcome(OutcomeStatus.UNKNOWN)
    await orders.doubt(session, kind, order, nobody_knows, "restored", now=now)
    return True
