"""Giving money that waits in suspense back to its borrower by a rail, as an order of its own."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes, ids, jobs
from kit.crypto import Vault, person_key
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.money import Money
from notifications import contacts
from servicing import incidents, living, messages, queries, suspense
from servicing.ledger import pending
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Loan, SuspenseItem
from servicing.orders import Orders
from servicing.rails import telegram
from servicing.rails.base import SMALLEST, Direction
from servicing.states import REFUND, OrderEvent
from servicing.treasury.models import Refund

SEND = "servicing.refund"


class NobodyToRefund(DomainError):
    """Nobody knows whose money it is, or that borrower has no proven phone."""

    kind = Kind.CONFLICT
    code = "nobody_to_refund"


class RefundNotMovable(DomainError):
    """`rail` moves multiples of `least` `currency` only. It can be given back outside, by hand."""

    kind = Kind.CONFLICT
    code = "refund_not_movable"


class RefundAtProvider(DomainError):
    """It was paid by card. Only the provider can give it back to that card, in its dashboard."""

    kind = Kind.CONFLICT
    code = "refund_at_provider"


async def order(
    session: AsyncSession,
    vault: Vault,
    item_id: UUID,
    *,
    staff_id: UUID,
    reason: str,
    now: datetime,
) -> Proposal:
    """Two people have it sent to the borrower's own, proven phone."""
    item = await suspense.waiting(session, item_id)
    if item.rail == telegram.NAME:
        raise RefundAtProvider()
    if item.loan_id is None:
        raise NobodyToRefund()
    loan = await queries.get_loan(session, item.loan_id)
    rail = item.rail or loan.rail
    unit = SMALLEST.get(rail or "", 1)
    if item.amount_minor % unit:
        least = Money(unit, item.currency).major
        raise RefundNotMovable(rail=rail, least=least, currency=item.currency)
    contact = await contacts.find(session, loan.borrower_id)
    account = await contacts.phone_of(session, vault, contact, now=now) if contact else None
    if account is None:
        raise NobodyToRefund()
    proposal = await four_eyes.agree(
        session, act="suspense.refund_by_rail", subject=f"suspense:{item.id}", staff_id=staff_id,
        reason=reason, now=now, loan=loan.reference, amount=str(item.amount),
    )  # fmt: skip
    if proposal.is_confirmed:
        await _send(session, vault, loan, item, account, now=now)
    return proposal


async def settle(
    session: AsyncSession, loan: Loan, refund: Refund, *, ordered_on: date, on: date, now: datetime
) -> None:
    """The borrower has it: it leaves suspense."""
    item = await _item(session, refund)
    try:
        # What is left of a loan is the loan's to say.
        if item.resolved_at is not None and item.reason != living.OVERPAID:
            raise living.NotPossible(reason="it waits no longer")
        await suspense.give_back(
            session, item, entry=f"refund:{refund.id}", actor=audit.SYSTEM, rail=refund.rail,
            on=on, now=now,
        )  # fmt: skip
    except living.NotPossible:
        # Meanwhile the rail took back what had been too much.
        await incidents.report(
            session, kind="refund_not_owed", subject=f"refund:{refund.id}", now=now,
            amount=str(refund.amount),
        )  # fmt: skip
        return
    item.refund_reference = refund.client_ref
    await messages.refunded(session, loan, refund, now=now)


async def admits(
    session: AsyncSession, loan: Loan, refund: Refund, facts: Mapping[str, str], *, now: datetime
) -> bool:
    """Not once the rail has taken the money back: it waits no longer."""
    if (await _item(session, refund)).resolved_at is None:
        return True
    audit.move(session, REFUND, refund, OrderEvent.FAIL, actor=audit.SYSTEM, now=now)
    await pending.resolve(session, f"{EntryKind.REFUND}:{refund.id}", now=now)
    return False


async def fail(
    session: AsyncSession, loan: Loan, refund: Refund, *, on: date, now: datetime
) -> None:
    """Proven: nothing moved. The money waits as before."""


async def come_back(
    session: AsyncSession, loan: Loan, refund: Refund, *, on: date, now: datetime
) -> bool:
    """It had arrived and came back: it waits again."""
    item = await _item(session, refund)
    if item.refund_reference != refund.client_ref:
        return False
    await suspense.take_again(
        session, item, entry=f"refund:{refund.id}", rail=refund.rail, on=on, now=now
    )
    return True


async def _send(
    session: AsyncSession, vault: Vault, loan: Loan, item: SuspenseItem, account: str, *,
    now: datetime,
) -> None:  # fmt: skip
    refund_id = ids.new_id()
    refund = Refund(
        id=refund_id,
        item_id=item.id,
        loan_id=loan.id,
        client_ref=f"R{refund_id.hex}",
        rail=item.rail or loan.rail,
        status=REFUND.initial,
        amount_minor=item.amount_minor,
        currency=item.currency,
        tries=0,
        created_at=now,
    )
    key = await person_key(session, vault, loan.borrower_id, now=now)
    refund.account = key.seal(refund.account_place, account)
    session.add(refund)
    await session.flush()
    await jobs.enqueue(session, SEND, key=f"refund:{refund_id}", refund_id=str(refund_id))


async def _item(session: AsyncSession, refund: Refund) -> SuspenseItem:
    return await session.get_one(
        SuspenseItem, refund.item_id, with_for_update=True, populate_existing=True
    )


REFUNDS = Orders(
    model=Refund,
    machine=REFUND,
    direction=Direction.PAYOUT,
    job=SEND,
    settled=settle,
    failed=fail,
    holds=Event.CREDIT_REFUNDED,
    returned=come_back,
    admits=admits,
)
