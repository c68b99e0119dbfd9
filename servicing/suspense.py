"""Money that a person must place: never guessed to a loan."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.crypto import vault_of
from kit.db import insert_once, lock_key
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.ids import new_id
from kit.money import Money
from notifications import contacts
from servicing import cash_box, happenings, living, queries, repayments, transfers
from servicing.events import Type
from servicing.happenings import Happening
from servicing.ledger import posting
from servicing.ledger.chart import OUTSIDE, cash_of
from servicing.ledger.models import Entry
from servicing.ledger.rules import EntryKind, Event
from servicing.living import Act
from servicing.models import (
    Loan,
    SuspenseItem,
)
from servicing.states import OrderStatus
from servicing.treasury.models import Refund

OWN = "own:"
"""So begins how money is called that was the lender's own, before its item."""


class Own(StrEnum):
    """Where the lender's own money came from."""

    LENDER = "lender"
    """From an account of his, or out of his pocket."""
    BY_HAND = "by_hand"
    """From what staff had entered by hand: the cash box was taken to the bank."""


class MoreThanByHand(DomainError):
    """So much was never entered by hand, or is at a rail already."""

    kind = Kind.CONFLICT
    code = "more_than_by_hand"


class MoneyOfALoan(DomainError):
    """It was sent for a loan, or had been lent on one: it is not the lender's to take."""

    kind = Kind.CONFLICT
    code = "money_of_a_loan"


class SuspenseItemNotFound(DomainError):
    """There is no such item, or it has been placed before."""

    kind = Kind.NOT_FOUND
    code = "suspense_item_not_found"


class RefundReferenceUsed(DomainError):
    """One payment outside gives one item back."""

    kind = Kind.CONFLICT
    code = "refund_reference_used"


class RefundUnderWay(DomainError):
    """A rail is giving it back."""

    kind = Kind.CONFLICT
    code = "refund_under_way"


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
    came_on: date | None = None,
    written: str | None = None,
    payer: str = "",
) -> None:
    """Take in money that fits no open loan. What has come under `reference` before, here or on a
    loan, is not taken in again.

    `on`: today. `came_on`: the day on which it came, where that was before; it may count from then.
    `written` is what the payer wrote, `payer` the phone that paid: whose money it is may follow.
    """
    await queries.hold_transfer(session, reference)
    if await queries.find_repayment(session, reference) is not None:
        return
    wrote = await insert_once(
        session, SuspenseItem, id=new_id(), reference=reference, reason=reason, rail=rail,
        written=written[:80] if written else None, payer_index=_payer_index(session, payer),
        loan_id=loan.id if loan else None, amount_minor=amount.minor, currency=amount.currency,
        received_on=min(came_on or on, on), created_at=now,
    )  # fmt: skip
    if wrote:
        await posting.post(
            session, EntryKind.SUSPENSE, (Event.UNMATCHED_RECEIVED, amount),
            reference=f"suspense:{reference}", on=on, now=now, cash=cash_of(rail),
        )  # fmt: skip


async def list_open(
    session: AsyncSession, *, after: UUID | None = None, limit: int | None = None
) -> list[SuspenseItem]:
    """What waits the longest first. `after`: the last id of the page before."""
    query = select(SuspenseItem).where(SuspenseItem.resolved_at.is_(None))
    if after is not None:
        query = query.where(SuspenseItem.id > after)
    return list(await session.scalars(query.order_by(SuspenseItem.id).limit(limit)))


async def list_alike(session: AsyncSession, *, rail: str, of: Money) -> list[SuspenseItem]:
    """What waits of just so much money at a rail, and is of no loan."""
    query = select(SuspenseItem).where(
        SuspenseItem.resolved_at.is_(None),
        SuspenseItem.loan_id.is_(None),
        SuspenseItem.rail == rail,
        SuspenseItem.currency == of.currency,
        SuspenseItem.amount_minor == of.minor,
    )
    return list(await session.scalars(query.order_by(SuspenseItem.id)))


async def as_told(session: AsyncSession, name: str) -> str:
    """`<rail>:<name>` as the rail spells it, where its money waits; else as it was typed."""
    rows = await session.scalars(
        select(SuspenseItem)
        .where(func.lower(SuspenseItem.reference) == name.lower())
        .order_by(SuspenseItem.id)
    )
    items = {item.reference: item for item in rows}
    spelled = [each for each, item in items.items() if item.resolved_at is None]
    return name if name in items or not spelled else spelled[0]


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
    """Two people say whose unmatched money it is: it leaves suspense and repays that loan, as from
    the day on which it came, if the loan had its money then."""
    if await _entry_of(session, item_id) is None:
        # Left over from a loan that closed: that is given back, not placed.
        raise SuspenseItemNotFound(item=item_id)
    loan = await queries.get_loan(session, loan_id, lock=True)
    # Whoever takes in this transfer, also as capital, holds its name before the item.
    named = await session.get_one(SuspenseItem, item_id)
    await queries.hold_transfer(session, named.reference)
    item = await waiting(session, item_id)
    if loan.status not in repayments.REPAYABLE:
        raise repayments.LoanNotRepayable(status=loan.status)
    proposal = await four_eyes.agree(
        session, act="suspense.assign", subject=f"suspense:{item.id}", staff_id=staff_id,
        reason=reason, now=now, loan=str(loan_id),
    )  # fmt: skip
    if proposal.is_confirmed:
        await leave(session, item, on=on, now=now)
        item.loan_id = loan_id
        await repayments.receive(
            session, loan_id=loan_id, amount=item.amount, rail_reference=item.reference,
            on=max(item.received_on, loan.disbursed_on or on), today=on, now=now, rail=item.rail,
        )  # fmt: skip
    return proposal


async def leave(session: AsyncSession, item: SuspenseItem, *, on: date, now: datetime) -> None:
    """It is known whose it is: whoever calls posts that instead."""
    entry = await _entry_of(session, item.id)
    assert entry is not None, f"{item.reference} was never posted"
    await posting.reverse(session, entry, on=on, now=now)
    item.resolved_at = now


async def own(
    session: AsyncSession,
    item_id: UUID,
    *,
    of: Own,
    staff_id: UUID,
    reason: str,
    on: date,
    now: datetime,
) -> Proposal:
    """Two people say that the lender sent it himself, or took it there from what staff had entered
    by hand. Raises MoreThanByHand where that is less, and MoneyOfALoan."""
    item = await waiting(session, item_id)
    if item.loan_id is not None:
        raise MoneyOfALoan()
    if of is Own.BY_HAND:
        held = await cash_box.held(session, item.currency)
        if held < item.amount:
            raise MoreThanByHand(held=str(held))
    proposal = await four_eyes.agree(
        session, act="suspense.own", subject=f"suspense:{item.id}", staff_id=staff_id,
        reason=reason, now=now, of=of,
    )  # fmt: skip
    if proposal.is_confirmed:
        item.resolved_at, item.refund_reference = now, f"{OWN}{item.id}"
        event = Event.CASH_BANKED if of is Own.BY_HAND else Event.OWN_RECEIVED
        await posting.post(
            session, EntryKind.SUSPENSE, (event, item.amount), reference=f"{OWN}{item.id}", on=on,
            now=now, cash=cash_of(OUTSIDE),
        )  # fmt: skip
    return proposal


async def is_own(session: AsyncSession, rail: str, key: str) -> bool:
    """Whether two have said so of what a rail's statement calls `key`."""
    item = await queries.find_suspense_item(session, f"{rail}:{key}")
    return item is not None and (item.refund_reference or "").startswith(OWN)


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
    """Two people say that it was given back, and by which payment outside (`reference`). Raises
    RailTransferKnown for a transfer that stands elsewhere."""
    await _lock_loan_of(session, item_id)
    if (named := await session.get(SuspenseItem, item_id)) is None:
        raise SuspenseItemNotFound(item=item_id)
    transfer = transfers.plain(named.rail, reference)
    await transfers.hold(session, named.rail, transfer)
    item = await waiting(session, item_id)
    await lock_key(session, f"refund:{reference}")
    used = select(SuspenseItem.id).where(SuspenseItem.refund_reference == reference)
    if await session.scalar(used) is not None:
        raise RefundReferenceUsed()
    await transfers.must_be_another(session, item, transfer)
    proposal = await four_eyes.agree(
        session, act="suspense.refund", subject=f"suspense:{item.id}", staff_id=staff_id,
        reason=reason, now=now, reference=reference,
    )  # fmt: skip
    if proposal.is_confirmed:
        item.refund_reference = reference
        await give_back(
            session, item, entry=f"refund:{item.id}", actor=f"staff:{staff_id}", rail=item.rail,
            on=on, now=now,
        )  # fmt: skip
    return proposal


async def give_back(
    session: AsyncSession,
    item: SuspenseItem,
    *,
    entry: str,
    actor: str,
    rail: str | None,
    on: date,
    now: datetime,
) -> None:
    """It has left us by `rail`, and suspense. `entry`: how that is called in the ledger."""
    if item.reason == living.OVERPAID:
        # What was left of a loan is the borrower's credit: the loan hears of it.
        loan = await _loan_of(session, item)
        act = Act(actor, on, now, {EntryKind.REFUND: entry}, rail)
        given = Happening(Type.REFUND, on, entry, item.amount_minor)
        await living.happen(session, loan, act, given)
        item.resolved_at = now
        return
    item.resolved_at = now
    await posting.post(
        session, EntryKind.SUSPENSE, (Event.SUSPENSE_REFUNDED, item.amount),
        reference=entry, on=on, now=now, cash=cash_of(rail),
    )  # fmt: skip


async def take_again(
    session: AsyncSession, item: SuspenseItem, *, entry: str, rail: str | None, on: date,
    now: datetime,
) -> None:  # fmt: skip
    """What was given back under `entry` has come back by `rail`."""
    if item.reason == living.OVERPAID:
        loan = await _loan_of(session, item)
        told = await happenings.of_loan(session, loan)
        row = told.find(entry)
        assert row is not None, f"{entry} was never told"
        # What is left of the loan then waits as a new item.
        act = Act(audit.SYSTEM, on, now, rail=rail)
        await living.happen(session, loan, act, happenings.reversal(row, on=on))
        return
    posted = await posting.find(session, entry)
    assert posted is not None, f"{entry} was never posted"
    await posting.reverse(session, posted, on=on, now=now)
    item.resolved_at = item.refund_reference = None


def _payer_index(session: AsyncSession, payer: str) -> str | None:
    """Only a whole number says anything: some rails mask it."""
    digits = payer.removeprefix("+")
    return contacts.phone_index(vault_of(session), f"+{digits}") if digits.isdecimal() else None


async def forget_payer(session: AsyncSession, person_id: UUID) -> None:
    """Which phone paid, where it was this person's or the money was for their loan."""
    contact = await contacts.find(session, person_id)
    loans = select(Loan.id).where(Loan.borrower_id == person_id)
    theirs: list[ColumnElement[bool]] = [SuspenseItem.loan_id.in_(loans)]
    if contact is not None and contact.phone_index is not None:
        theirs.append(SuspenseItem.payer_index == contact.phone_index)
    await session.execute(update(SuspenseItem).where(or_(*theirs)).values(payer_index=None))


async def waiting(session: AsyncSession, item_id: UUID) -> SuspenseItem:
    """To be placed or given back, and not on its way by a rail. Locked after its loan."""
    await _lock_loan_of(session, item_id)
    item = await session.get(SuspenseItem, item_id, with_for_update=True, populate_existing=True)
    if item is None or item.resolved_at is not None:
        raise SuspenseItemNotFound(item=item_id)
    if await _is_on_its_way(session, item):
        raise RefundUnderWay()
    return item


async def _is_on_its_way(session: AsyncSession, item: SuspenseItem) -> bool:
    # What is left of a loan may be listed anew while the item before is on its way.
    is_of_it = (
        Refund.loan_id == item.loan_id
        if item.reason == living.OVERPAID
        else Refund.item_id == item.id
    )
    found = await session.scalar(
        select(Refund.id)
        .join(SuspenseItem, SuspenseItem.id == Refund.item_id)
        .where(
            is_of_it,
            Refund.status.not_in((OrderStatus.FAILED, OrderStatus.RETURNED)),
            # One that arrived and was owed is over; one that was not owed is for a person.
            SuspenseItem.refund_reference.is_distinct_from(Refund.client_ref),
        )
        .limit(1)
    )
    return found is not None


async def _lock_loan_of(session: AsyncSession, item_id: UUID) -> None:
    """A loan's lock comes before that of what is left of it: a charge-back takes them so too."""
    loan_id = await session.scalar(
        select(SuspenseItem.loan_id).where(
            SuspenseItem.id == item_id, SuspenseItem.reason == living.OVERPAID
        )
    )
    if loan_id is not None:
        await queries.get_loan(session, loan_id, lock=True)


async def _entry_of(session: AsyncSession, item_id: UUID) -> Entry | None:
    """By which it came into suspense. What is left of a loan has none."""
    item = await session.get(SuspenseItem, item_id)
    return await posting.find(session, f"suspense:{item.reference}") if item is not None else None


async def _loan_of(session: AsyncSession, item: SuspenseItem) -> Loan:
    assert item.loan_id is not None, f"{item.reference} is of no loan"
    return await queries.get_loan(session, item.loan_id, lock=True)
