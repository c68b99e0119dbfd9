"""Orders that need a person: two of staff ask the rail's people, and say what became of them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.clock import business_date
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from servicing import orders, queries, transfers
from servicing.orders import Order, Orders
from servicing.rails.base import Outcome, OutcomeStatus
from servicing.states import OrderStatus


class OrderNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "order_not_found"


class OrderNotInReview(DomainError):
    """The rail has answered, or is still being asked: nobody needs to say what became of it."""

    kind = Kind.CONFLICT
    code = "order_not_in_review"


class SettledBeforeOrdered(DomainError):
    """The money is said to have moved on a day before `ordered_on`: that was another transfer."""

    code = "settled_before_ordered"


_CLOCKS_DIFFER = timedelta(minutes=15)
"""So much may a rail's clock be behind ours."""


async def list_with(
    session: AsyncSession,
    kind: Orders,
    status: OrderStatus | None,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Order]:
    """Oldest first; of any status (None) newest first. `after`: the last id of the page before."""
    key = kind.model.id
    query = select(kind.model).order_by(key.desc() if status is None else key).limit(limit)
    if status is not None:
        query = query.where(kind.model.status == status)
    if after is not None:
        query = query.where(key < after if status is None else key > after)
    return list(await session.scalars(query))


async def loans_of(session: AsyncSession, orders: Sequence[Order]) -> dict[UUID, str]:
    """The references of the loans that they are about, by the loan's id."""
    return await queries.references_of(session, {each.loan_id for each in orders})


async def settle(
    session: AsyncSession,
    kind: Orders,
    order_id: UUID,
    *,
    rail_id: str,
    settled_at: datetime,
    staff_id: UUID,
    reason: str,
    on: date,
    zone: str,
    now: datetime,
) -> Proposal:
    """The rail's people have shown that all of the money moved, under the name `rail_id`.

    Raises RailTransferKnown where money of that name is in the books already.
    """
    order = await _in_review(session, kind, order_id)
    # Some rails name only the day.
    ordered_on = business_date(order.created_at - _CLOCKS_DIFFER, zone)
    if business_date(settled_at, zone) < ordered_on:
        raise SettledBeforeOrdered(ordered_on=ordered_on)
    rail_id = transfers.plain(order.rail, rail_id)
    await transfers.must_be_new(session, order.rail, rail_id, order=order)
    proposal = await four_eyes.agree(
        session, act=f"{kind.machine.name}.settle", subject=_subject(kind, order),
        staff_id=staff_id, reason=reason, now=now,
        rail_id=rail_id, settled_at=settled_at.isoformat(),
    )  # fmt: skip
    if proposal.is_confirmed:
        outcome = Outcome(OutcomeStatus.SETTLED, order.amount, rail_id, settled_at=settled_at)
        await orders.apply(session, kind, order.id, outcome, on=on, zone=zone, now=now)
    return proposal


async def fail(
    session: AsyncSession,
    kind: Orders,
    order_id: UUID,
    *,
    failure_code: str,
    staff_id: UUID,
    reason: str,
    on: date,
    zone: str,
    now: datetime,
) -> Proposal:
    """The rail's people have shown that nothing moved and nothing will."""
    order = await _in_review(session, kind, order_id)
    proposal = await four_eyes.agree(
        session, act=f"{kind.machine.name}.fail", subject=_subject(kind, order),
        staff_id=staff_id, reason=reason, now=now, failure_code=failure_code,
    )  # fmt: skip
    if proposal.is_confirmed:
        outcome = Outcome(OutcomeStatus.FAILED, failure_code=failure_code)
        await orders.apply(session, kind, order.id, outcome, on=on, zone=zone, now=now)
    return proposal


async def _in_review(session: AsyncSession, kind: Orders, order_id: UUID) -> Order:
    order = await session.get(kind.model, order_id)
    if order is None:
        raise OrderNotFound()
    _, locked = await orders.locked(session, kind, order_id)
    if locked.status is not OrderStatus.NEEDS_REVIEW:
        raise OrderNotInReview(status=locked.status)
    return locked


def _subject(kind: Orders, order: Order) -> str:
    return f"{kind.machine.name}:{order.id}"
