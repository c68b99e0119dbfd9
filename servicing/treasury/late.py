"""Orders that had failed with us and were paid at their rail after all: two of staff post them.

A failed order stays failed, and what was held for it is void. The money is a new attempt, which
takes over the reference by which the rail knows it.
"""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import person_key, vault_of
from kit.ids import new_id
from servicing import incidents, orders, queries
from servicing.disbursements import PAYOUTS
from servicing.ledger import pending
from servicing.ledger.rules import EntryKind
from servicing.models import Loan, Payout, SuspenseItem
from servicing.orders import Order, Orders
from servicing.rails.base import Outcome
from servicing.refunds import REFUNDS
from servicing.states import NOT_SENT, PAYOUT, LoanStatus, OrderEvent, OrderStatus
from servicing.treasury.models import Refund

_FAILED = ":failed"
"""After the reference of an order whose name at the rail another one has taken over."""
_OVER = (OrderStatus.FAILED, OrderStatus.RETURNED)


async def find(session: AsyncSession, rail: str, key: str) -> tuple[Orders, Order] | None:
    """Money out that has failed with us, by its reference."""
    for kind in (PAYOUTS, REFUNDS):
        order = await orders.find(session, kind, key)
        if order is not None and order.rail == rail and order.status is OrderStatus.FAILED:
            return kind, order
    return None


async def is_lost(session: AsyncSession, order: Order) -> bool:
    """Whether it can never be what it was meant for: the loan has its money, or has ended."""
    if isinstance(order, Refund):
        item = await session.get_one(SuspenseItem, order.item_id)
        return item.resolved_at is not None
    loan = await queries.get_loan(session, order.loan_id)
    is_more = isinstance(order, Payout) and order.amendment_id is not None
    return is_more or loan.status is not LoanStatus.PENDING_DISBURSEMENT


async def settle(
    session: AsyncSession, kind: Orders, failed: Order, outcome: Outcome, *, on: date, zone: str,
    now: datetime,
) -> bool:  # fmt: skip
    """It arrived. What had not left yet in its place is stopped. False where something else is
    under way in its place, or it `is_lost`: nothing is changed."""
    loan, failed = await orders.locked(session, kind, failed.id)
    if outcome.amount != failed.amount or await is_lost(session, failed):
        return False
    others = await _others(session, failed)
    if any(other.status not in (*_OVER, *NOT_SENT) for other in others):
        return False
    for other in others:
        if other.status in NOT_SENT:
            audit.move(session, kind.machine, other, OrderEvent.FAIL, actor=audit.SYSTEM, now=now)
            entry = EntryKind.REFUND if isinstance(other, Refund) else EntryKind.DISBURSEMENT
            await pending.resolve(session, f"{entry}:{other.id}", now=now)
    await session.flush()
    order = await _again(session, loan, failed, now=now)
    audit.move(session, kind.machine, order, OrderEvent.GIVE_UP, actor=audit.SYSTEM, now=now,
               failed=str(failed.id))  # fmt: skip
    await session.flush()
    await orders.apply(session, kind, order.id, outcome, on=on, zone=zone, now=now)
    await incidents.put_right(
        session, kind=f"{kind.machine.name}_final_state_differs",
        subject=f"{kind.machine.name}:{failed.id}", actor=audit.SYSTEM, now=now,
    )  # fmt: skip
    return True


async def _others(session: AsyncSession, failed: Order) -> list[Order]:
    """In its place."""
    if isinstance(failed, Refund):
        query = select(Refund).where(Refund.item_id == failed.item_id, Refund.id != failed.id)
        return list(await session.scalars(query))
    sent = await queries.list_payouts(session, failed.loan_id)
    return [each for each in sent if each.id != failed.id and each.amendment_id is None]


async def _again(session: AsyncSession, loan: Loan, failed: Order, *, now: datetime) -> Order:
    """The same order once more, by the same name; it is not sent."""
    client_ref = failed.client_ref
    failed.client_ref = f"{client_ref}{_FAILED}"
    await session.flush()
    if isinstance(failed, Refund):
        order: Order = Refund(item_id=failed.item_id)
    else:
        last = await session.scalar(
            select(func.max(Payout.attempt)).where(Payout.loan_id == loan.id)
        )
        order = Payout(attempt=(last or 0) + 1)
    order.id, order.loan_id, order.client_ref = new_id(), loan.id, client_ref
    order.rail, order.rail_id, order.status = failed.rail, failed.rail_id, PAYOUT.initial
    order.amount_minor, order.currency = failed.amount_minor, failed.currency
    order.created_at, order.submitted_at = failed.created_at, failed.submitted_at
    order.tries = 0
    key = await person_key(session, vault_of(session), loan.borrower_id, now=now)
    order.account = key.seal(
        order.account_place, key.open_text(failed.account_place, failed.account)
    )
    session.add(order)
    await session.flush()
    return order
