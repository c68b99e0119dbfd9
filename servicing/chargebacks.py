"""Money that had come in and is taken back by the rail: it is as if it had never come."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.money import Money
from servicing import incidents, living, messages, queries, repayments
from servicing.ledger import posting
from servicing.ledger.chart import cash_of
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Repayment, SuspenseItem
from servicing.treasury import held

Came = Repayment | SuspenseItem
"""Money that came in: on a loan, or in suspense."""


class RepaymentReversed(DomainError):
    """The rail took it back before."""

    kind = Kind.CONFLICT
    code = "repayment_reversed"


async def take_back(
    session: AsyncSession, reference: str, amount: Money | None, *, on: date, now: datetime
) -> bool:
    """Undo what came in under `reference`. False, with an incident, where a person must look.

    `amount` is what the rail says; a repeat changes nothing. What was taken back with us alone,
    and in again, goes as what it is now.
    """
    every = await find(session, reference)
    if not every:
        return await _doubt(session, reference, "unknown", amount, now=now)
    came = every[-1]
    if isinstance(came, SuspenseItem):
        return await _suspended(session, reference, came.id, amount, on=on, now=now)
    if came.amount != amount:
        return await _doubt(session, reference, "amount_differs", amount, now=now)
    if came.reversed_on is None:
        try:
            await _reverse(session, came, actor=audit.SYSTEM, reason="charged back", on=on, now=now)
        except living.NotPossible:
            return await _doubt(session, reference, "not_possible", amount, now=now)
    return True


async def find_by_key(session: AsyncSession, rail: str, key: str) -> list[Came]:
    """As `find`, of money that was asked for or not, under the key of its statement."""
    return await find(session, f"{rail}:{key}") or await find(session, f"rail:{key}")


async def find(session: AsyncSession, reference: str) -> list[Came]:
    """What came under `reference`, and then as what it was taken in again, each time after it had
    gone back with us alone. The last is what it is now."""
    found: list[Came] = []
    for name in (reference, *held.names_kept(reference)):
        repaid = await queries.find_repayment(session, name)
        came = repaid or await queries.find_suspense_item(session, name)
        if came is None:
            break
        found.append(came)
    return found


def name_of(came: Came) -> str:
    return came.rail_reference if isinstance(came, Repayment) else came.reference


def came_on(came: Came) -> date:
    """The day on which it came, whenever we heard of it."""
    return came.paid_on if isinstance(came, Repayment) else came.received_on


async def was_given_back(session: AsyncSession, rail: str, key: str) -> bool:
    """Whether money that had come in, asked for or not, has left us again by our own act."""
    every = await find_by_key(session, rail, key)
    came = every[-1] if every else None
    if not isinstance(came, SuspenseItem):
        return False
    return came.refund_reference is not None and not _is_back(came)


async def charge_back(
    session: AsyncSession,
    repayment_id: UUID,
    *,
    staff_id: UUID,
    reason: str,
    on: date,
    now: datetime,
) -> Proposal:
    """Two people say that the rail took this repayment back."""
    repayment = await repayments.get_repayment(session, repayment_id)
    await queries.get_loan(session, repayment.loan_id, lock=True)
    await session.refresh(repayment)
    if repayment.reversed_on is not None:
        raise RepaymentReversed(reversed_on=repayment.reversed_on)
    proposal = await four_eyes.agree(
        session, act="repayment.charge_back", subject=f"repayment:{repayment.id}",
        staff_id=staff_id, reason=reason, now=now,
    )  # fmt: skip
    if proposal.is_confirmed:
        actor = f"staff:{staff_id}"
        await _reverse(session, repayment, actor=actor, reason=reason, on=on, now=now)
    return proposal


async def _reverse(
    session: AsyncSession, repayment: Repayment, *, actor: str, reason: str, on: date, now: datetime
) -> None:
    await repayments.reverse(session, repayment.id, actor=actor, reason=reason, on=on, now=now)
    loan = await queries.get_loan(session, repayment.loan_id)
    await messages.payment_taken_back(session, loan, repayment, now=now)


async def _suspended(
    session: AsyncSession, reference: str, item_id: UUID, amount: Money | None, *, on: date,
    now: datetime,
) -> bool:  # fmt: skip
    item = await session.get_one(
        SuspenseItem, item_id, with_for_update=True, populate_existing=True
    )
    if item.resolved_at is not None and not _is_back(item):
        return await _doubt(session, reference, "unknown", amount, now=now)
    if item.amount != amount:
        return await _doubt(session, reference, "amount_differs", amount, now=now)
    if item.resolved_at is None:
        await _out_of_suspense(session, item, on=on, now=now)
    return True


async def _out_of_suspense(
    session: AsyncSession, item: SuspenseItem, *, on: date, now: datetime
) -> None:
    item.resolved_at, item.refund_reference = now, f"{held.TAKEN_BACK}{item.id}"
    await posting.post(
        session, EntryKind.SUSPENSE, (Event.SUSPENSE_REFUNDED, item.amount),
        reference=f"refund:{item.id}", on=on, now=now, cash=cash_of(item.rail),
    )  # fmt: skip
    audit.record(
        session, actor=audit.SYSTEM, action="suspense.charged_back",
        subject=f"suspense:{item.id}", now=now,
    )  # fmt: skip


def _is_back(item: SuspenseItem) -> bool:
    return (item.refund_reference or "").startswith(held.TAKEN_BACK)


async def _doubt(
    session: AsyncSession, reference: str, why: str, amount: Money | None, *, now: datetime
) -> bool:
    await incidents.report(
        session, kind=f"chargeback_{why}", subject=reference[:120], now=now, theirs=str(amount)
    )
    return False
