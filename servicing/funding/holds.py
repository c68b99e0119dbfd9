"""Payouts that wait for money: why, since when, and what people may do about them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes, jobs
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from servicing import lending, messages, origination, queries
from servicing.funding import gate
from servicing.funding.gate import Facts
from servicing.funding.models import Hold
from servicing.ledger import pending
from servicing.ledger.rules import EntryKind
from servicing.models import Loan, Payout
from servicing.states import LOAN, PAYOUT, LoanEvent, LoanStatus, OrderEvent, OrderStatus


class PayoutNotHeld(DomainError):
    """There is no such payout that waits for money."""

    kind = Kind.CONFLICT
    code = "payout_not_held"


class Why(StrEnum):
    """What a borrower is told about a hold."""

    MONEY = "no_money"
    """There is none to lend, or none for such a loan."""
    BORROWER = "borrower"
    """One person may have so much and not more."""
    LIMIT = "limit"
    """So much is lent for one purpose, in one place or the like, and not more."""

    @classmethod
    def of(cls, hold: Hold) -> "Why":
        if hold.reason == "limit_borrower":
            return cls.BORROWER
        return cls.LIMIT if hold.reason.startswith("limit_") else cls.MONEY


async def admits(
    session: AsyncSession, loan: Loan, payout: Payout, facts: Facts, *, now: datetime
) -> bool:
    """Whether the payout may leave. If not, it waits, and the borrower hears of it once."""
    if await pending.is_open(session, f"{EntryKind.DISBURSEMENT}:{payout.id}"):
        return True  # What was let go once has its money, however often it is sent.
    held = await gate.admit(session, loan, payout, facts, now=now)
    if held is None:
        return True
    hold = await session.get(Hold, payout.id)
    if hold is None:
        hold = Hold(payout_id=payout.id, held_at=now)
        session.add(hold)
    hold.reason, hold.facts, hold.tried_at = held.reason, dict(held.facts), now
    if payout.status is OrderStatus.CREATED:
        audit.move(session, PAYOUT, payout, OrderEvent.HOLD, actor=audit.SYSTEM, now=now,
                   reason=held.reason)  # fmt: skip
        await messages.disbursement_held(session, loan, payout, why=Why.of(hold), now=now)
    await session.flush()
    return False


async def list_held(
    session: AsyncSession, *, after: UUID | None = None, limit: int = 50
) -> Sequence[tuple[Hold, Payout]]:
    """The longest waiting first; `after` is the last payout's id of the page before."""
    query = (
        select(Hold, Payout)
        .join(Payout, Payout.id == Hold.payout_id)
        .where(Payout.status == OrderStatus.HELD)
        .order_by(Payout.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Payout.id > after)
    return [(hold, payout) for hold, payout in await session.execute(query)]


async def why_of(session: AsyncSession, loan: Loan) -> Why | None:
    """For what an agreed loan waits; None when its money has left, or may leave."""
    if loan.status is not LoanStatus.PENDING_DISBURSEMENT:
        return None
    hold = await session.scalar(
        select(Hold)
        .join(Payout, Payout.id == Hold.payout_id)
        .where(Payout.loan_id == loan.id, Payout.status == OrderStatus.HELD)
    )
    return None if hold is None else Why.of(hold)


async def try_again(session: AsyncSession, *, why: str) -> None:
    """Ask anew for every payout that waits, the oldest first. The same `why` asks once."""
    waiting = await session.scalars(
        select(Payout.id).where(Payout.status == OrderStatus.HELD).order_by(Payout.id)
    )
    for payout_id in waiting:
        key = f"disburse:{payout_id}:{why}"
        await jobs.enqueue(session, origination.DISBURSE, key=key, payout_id=str(payout_id))


async def release(
    session: AsyncSession, payout_id: UUID, *, staff_id: UUID, reason: str, now: datetime
) -> Proposal:
    """Two people let it go in spite of limits, floors and what the pool has free: that the rail has
    the money is on them."""
    _, payout = await _held(session, payout_id)
    proposal = await four_eyes.agree(
        session, act="payout.release", subject=f"payout:{payout.id}", staff_id=staff_id,
        reason=reason, now=now,
    )  # fmt: skip
    if proposal.is_confirmed:
        hold = await session.get_one(Hold, payout.id)
        hold.released_at = now
        await jobs.enqueue(
            session, origination.DISBURSE, key=f"disburse:{payout.id}:released",
            payout_id=str(payout.id),
        )  # fmt: skip
    return proposal


async def cancel(session: AsyncSession, payout_id: UUID, *, actor: str, now: datetime) -> Payout:
    """Give it up: no money went out and none will. The borrower is told and owes nothing."""
    loan, payout = await _held(session, payout_id)
    audit.move(session, PAYOUT, payout, OrderEvent.FAIL, actor=actor, now=now, code="canceled")
    payout.failure_code = "canceled"
    if payout.amendment_id is not None:
        await lending.fail(session, loan, payout, now=now)
    else:
        audit.move(session, LOAN, loan, LoanEvent.DISBURSEMENT_FAILED, actor=actor, now=now)
        await messages.disbursement_canceled(session, loan, payout, now=now)
    return payout


async def _held(session: AsyncSession, payout_id: UUID) -> tuple[Loan, Payout]:
    """Under the loan's lock, as everything about a payout."""
    loan_id = await session.scalar(select(Payout.loan_id).where(Payout.id == payout_id))
    if loan_id is None:
        raise PayoutNotHeld()
    loan = await queries.get_loan(session, loan_id, lock=True)
    payout = await session.get_one(Payout, payout_id, with_for_update=True, populate_existing=True)
    if payout.status is not OrderStatus.HELD:
        raise PayoutNotHeld()
    return loan, payout
