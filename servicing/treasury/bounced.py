"""Money that had left us and came back otherwise than it left: it waits in suspense.

An order of which all came back is undone (`returns`, `servicing.refunds`). A part of it, more than
it, and what people had paid outside are nobody's until two of staff say whose they are.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing import orders, queries, suspense
from servicing.disbursements import PAYOUTS
from servicing.models import Loan, SuspenseItem
from servicing.orders import Orders
from servicing.rails.base import Direction
from servicing.refunds import REFUNDS
from servicing.treasury import held
from servicing.treasury.models import StatedLine

_KINDS: Sequence[Orders] = (PAYOUTS, REFUNDS)


async def is_ours(session: AsyncSession, line: StatedLine) -> bool:
    """Whether it is of something that we ordered, or that people paid outside."""
    return line.key in await held.by_key(session, line.rail, [line.key])


async def set_aside(session: AsyncSession, line: StatedLine, *, on: date, now: datetime) -> bool:
    """Take in what the rail's statement says came back. False, with nothing done, where it has
    another way into the books, or is in them."""
    if not line.is_back or line.direction is not Direction.PAYOUT:
        return False
    is_ordered, loan = await _sent_for(session, line)
    ours = (await held.by_key(session, line.rail, [line.key])).get(line.key)
    if ours is None or ours.is_back or not ours.has_moved:
        return False
    if is_ordered and ours.amount == line.amount:
        return False
    await suspense.receive(
        session, reference=held.name_back(line.key, None if is_ordered else line.rail),
        reason="came_back", amount=line.amount, on=on, now=now, loan=loan, rail=line.rail,
    )  # fmt: skip
    return True


async def _sent_for(session: AsyncSession, line: StatedLine) -> tuple[bool, Loan | None]:
    """Whether an order of ours sent it, and for which loan; the loan is locked then."""
    for kind in _KINDS:
        order = await orders.find(session, kind, line.key)
        if order is not None:
            return True, (await orders.locked(session, kind, order.id))[0]
    loan_id = await session.scalar(
        select(SuspenseItem.loan_id).where(
            SuspenseItem.refund_reference == line.key,
            func.coalesce(SuspenseItem.rail, "wallet") == line.rail,
        )
    )
    return False, None if loan_id is None else await queries.get_loan(session, loan_id)
