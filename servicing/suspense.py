"""Money that a person must place: never guessed to a loan."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.db import insert_once, lock_key
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.ids import new_id
from kit.money import Money
from servicing import living, queries, repayments
from servicing.events import Type
from servicing.happenings import Happening
from servicing.ledger import posting
from servicing.ledger.chart import cash_of
from servicing.ledger.rules import EntryKind, Event
from servicing.living import Act
from servicing.models import Loan, SuspenseItem
from servicing.states import LoanStatus


class SuspenseItemNotFound(DomainError):
    """There is no such item, or it has been placed before."""

    kind = Kind.NOT_FOUND
    code = "suspense_item_not_found"


class RefundReferenceUsed(DomainError):
    """One payment outside gives one item back."""

    kind = Kind.CONFLICT
    code = "refund_reference_used"


async def receive(
    session: AsyncSession,
    *,
    reference: str,
    reason: str,
    amount: Money,
    on: date,
    now: datetime,
    loan: Loan | None = None,
    rail: str | None = None,
) -> None:
    """Take in money that fits no open loan. The same `reference` twice is taken in once."""
    wrote = await insert_once(
        session, SuspenseItem, id=new_id(), reference=reference, reason=reason, rail=rail,
        loan_id=loan.id if loan else None, amount_minor=amount.minor, currency=amount.currency,
        received_on=on, created_at=now,
    )  # fmt: skip
    if wrote:
        await posting.post(
            session, EntryKind.SUSPENSE, (Event.UNMATCHED_RECEIVED, amount),
            reference=f"suspense:{reference}", on=on, now=now, cash=cash_of(rail),
        )  # fmt: skip


async def list_open(session: AsyncSession) -> list[SuspenseItem]:
    rows = await session.scalars(
        select(SuspenseItem).where(SuspenseItem.resolved_at.is_(None)).order_by(SuspenseItem.id)
    )
    return list(rows)


async def assign(
    session: AsyncSession,
    item_id: UUID,
    *,
    loan_id: UUID,
    staff_id: UUID,
    reason: str,
    on: date,
    now: datetime,
) -> Proposal:
    """Two people say whose unmatched money it is: it leaves suspense and repays that loan."""
    item = await _waiting(session, item_id)
    entry = await posting.find(session, f"suspense:{item.reference}")
    if entry is None:  # Left over from a loan that closed: that is given back, not placed.
        raise SuspenseItemNotFound(item=item_id)
    loan = await queries.get_loan(session, loan_id)
    if loan.status is not LoanStatus.ACTIVE:
        raise repayments.LoanNotRepayable(status=loan.status)
    proposal = await four_eyes.agree(
        session, act="suspense.assign", subject=f"suspense:{item.id}", staff_id=staff_id,
        reason=reason, now=now, loan=str(loan_id),
    )  # fmt: skip
    if proposal.is_confirmed:
        await posting.reverse(session, entry, on=on, now=now)
        item.resolved_at, item.loan_id = now, loan_id
        await repayments.receive(
            session, loan_id=loan_id, amount=item.amount, rail_reference=item.reference,
            on=on, now=now, rail=item.rail,
        )  # fmt: skip
    return proposal


async def refund(
    session: AsyncSession,
    item_id: UUID,
    *,
    reference: str,
    staff_id: UUID,
    reason: str,
    on: date,
    now: datetime,
) -> Proposal:
    """Two people say that it was given back, and by which payment outside (`reference`)."""
    item = await _waiting(session, item_id)
    await lock_key(session, f"refund:{reference}")
    used = select(SuspenseItem.id).where(SuspenseItem.refund_reference == reference)
    if await session.scalar(used) is not None:
        raise RefundReferenceUsed()
    proposal = await four_eyes.agree(
        session, act="suspense.refund", subject=f"suspense:{item.id}", staff_id=staff_id,
        reason=reason, now=now, reference=reference,
    )  # fmt: skip
    if proposal.is_confirmed:
        item.resolved_at, item.refund_reference = now, reference
        if item.reason == living.OVERPAID:
            await _give_credit_back(session, item, staff_id=staff_id, on=on, now=now)
        else:
            await posting.post(
                session, EntryKind.SUSPENSE, (Event.SUSPENSE_REFUNDED, item.amount),
                reference=f"refund:{item.id}", on=on, now=now, cash=cash_of(item.rail),
            )  # fmt: skip
    return proposal


async def _give_credit_back(
    session: AsyncSession, item: SuspenseItem, *, staff_id: UUID, on: date, now: datetime
) -> None:
    """What was left of a loan is the borrower's credit: the loan hears of it."""
    assert item.loan_id is not None, f"{item.reference} is of no loan"
    loan = await queries.get_loan(session, item.loan_id, lock=True)
    entry = f"refund:{item.id}"
    act = Act(f"staff:{staff_id}", on, now, {EntryKind.REFUND: entry})
    await living.happen(session, loan, act, Happening(Type.REFUND, on, entry, item.amount_minor))


async def _waiting(session: AsyncSession, item_id: UUID) -> SuspenseItem:
    item = await session.get(SuspenseItem, item_id, with_for_update=True, populate_existing=True)
    if item is None or item.resolved_at is not None:
        raise SuspenseItemNotFound(item=item_id)
    return item
