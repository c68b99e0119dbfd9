"""Card payments that left twice: we gave them back, and the card's bank took them back as well.

At rails with statements a break says so, and is written off. Of cards there is no statement
(docs/rails.md): two of staff say it, who have it from the provider's dashboard.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import four_eyes
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.money import Money
from servicing import living, queries, repayments, suspense
from servicing.ledger import posting
from servicing.ledger.chart import cash_of
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Repayment, SuspenseItem
from servicing.rails import telegram
from servicing.treasury import held


class DidNotLeaveTwice(DomainError):
    """It counts, waits, or is a loan's: that it goes back is another act. Or it came by a rail
    whose statement says what it takes back."""

    kind = Kind.CONFLICT
    code = "did_not_leave_twice"


class WrittenOffBefore(DomainError):
    """That it left twice is in the books."""

    kind = Kind.CONFLICT
    code = "written_off_before"


async def write_off_payment(
    session: AsyncSession, repayment_id: UUID, *, staff_id: UUID, reason: str, on: date,
    now: datetime,
) -> Proposal:  # fmt: skip
    """Of a payment that went back, two people say that it went back once more."""
    known = await repayments.get_repayment(session, repayment_id)
    await queries.get_loan(session, known.loan_id, lock=True)
    payment = await session.get_one(Repayment, repayment_id, populate_existing=True)
    if payment.rail != telegram.NAME or payment.reversed_on is None:
        raise DidNotLeaveTwice()
    return await _lose(
        session, f"repayment:{payment.id}", payment.amount, staff_id=staff_id, reason=reason,
        on=on, now=now,
    )  # fmt: skip


async def write_off_item(
    session: AsyncSession, item_id: UUID, *, staff_id: UUID, reason: str, on: date, now: datetime
) -> Proposal:
    """Of money in suspense that was given back, two people say that its bank took it, too."""
    item = await session.get(SuspenseItem, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise suspense.SuspenseItemNotFound(item=item_id)
    if not may_have_left_twice(item):
        raise DidNotLeaveTwice()
    return await _lose(
        session, f"suspense:{item.id}", item.amount, staff_id=staff_id, reason=reason, on=on,
        now=now,
    )  # fmt: skip


def may_have_left_twice(item: SuspenseItem) -> bool:
    """It came by card and was given back. What is left of a loan came with a payment: the bank
    takes that back, and it is owed again."""
    if item.rail != telegram.NAME or item.reason == living.OVERPAID:
        return False
    by = item.refund_reference
    return by is not None and not by.startswith((held.TAKEN_BACK, suspense.OWN))


async def is_written_off(session: AsyncSession, subject: str) -> bool:
    """`subject`: `repayment:` or `suspense:`, and its id."""
    return await posting.find(session, _name(subject)) is not None


async def _lose(
    session: AsyncSession, subject: str, amount: Money, *, staff_id: UUID, reason: str, on: date,
    now: datetime,
) -> Proposal:  # fmt: skip
    if await is_written_off(session, subject):
        raise WrittenOffBefore()
    kind, _, _ = subject.partition(":")
    proposal = await four_eyes.agree(
        session, act=f"{kind}.write_off", subject=subject, staff_id=staff_id, reason=reason,
        now=now, amount=str(amount),
    )  # fmt: skip
    if proposal.is_confirmed:
        await posting.post(
            session, EntryKind.DIFFERENCE, (Event.RAIL_SHORT, amount), reference=_name(subject),
            on=on, now=now, cash=cash_of(telegram.NAME),
        )  # fmt: skip
    return proposal


def _name(subject: str) -> str:
    return f"lost:{subject}"
