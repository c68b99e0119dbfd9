"""Capital that comes in and goes out, and returns that are paid: two people for every amount.

The money itself moves outside, between the funder's bank and ours. What is written here is that it
did, under the bank's own reference.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from kit.ids import new_id
from kit.money import Money
from servicing import queries, suspense, transfers
from servicing.funding import books, holds, pools
from servicing.funding.books import StakeBook
from servicing.funding.models import Movement, Pool, Stake, Withdrawal, WithdrawalOf
from servicing.ledger import posting
from servicing.ledger.chart import cash_of
from servicing.ledger.models import Entry
from servicing.ledger.rules import EntryKind, Event
from servicing.models import SuspenseItem
from servicing.treasury import funded
from servicing.treasury.funded import FUNDED


class CapitalNotFree(DomainError):
    """It is lent, on its way to a borrower, promised, or not there."""

    kind = Kind.CONFLICT
    code = "capital_not_free"


class CapitalReferenceUsed(DomainError):
    """One payment outside is written down once."""

    kind = Kind.CONFLICT
    code = "capital_reference_used"


class CapitalAmountDiffers(DomainError):
    """The rail brought another amount under this reference: it waits in suspense."""

    kind = Kind.CONFLICT
    code = "capital_amount_differs"


class PoolCurrencyDiffers(DomainError):
    code = "pool_currency_differs"


class WithdrawalNotFound(DomainError):
    """There is no such withdrawal, or it was paid or given up before."""

    kind = Kind.NOT_FOUND
    code = "funding_withdrawal_not_found"


async def pay_in(
    session: AsyncSession,
    stake_id: UUID,
    *,
    amount: Money,
    reference: str,
    staff_id: UUID,
    reason: str,
    on: date,
    now: datetime,
) -> Proposal:
    """Two people say that a funder's money arrived, and by which payment.

    Where the pool's rail told of it, it waits in suspense under the rail's name for it, and leaves
    it.
    """
    stake, pool = await _locked(session, stake_id, amount.currency)
    name = await _name(session, pool, reference)
    await queries.hold_transfer(session, name)
    entry = f"{FUNDED}{name}"
    waits = await find_waiting(session, pool, amount=amount, reference=reference)
    if waits is not None:
        waits = await suspense.waiting(session, waits.id)
    proposal = await four_eyes.agree(
        session, act="capital.in", subject=stake.subject, staff_id=staff_id, reason=reason,
        now=now, amount=str(amount), reference=reference,
    )  # fmt: skip
    if proposal.is_confirmed:
        if waits is not None:
            await suspense.leave(session, waits, on=on, now=now)
        await move(session, pool, stake, Event.CAPITAL_PAID_IN, amount, entry, on, now)
        await holds.try_again(session, why=entry)
    return proposal


async def find_waiting(
    session: AsyncSession, pool: Pool, *, amount: Money, reference: str
) -> SuspenseItem | None:
    """The payment, where the rail has told of it and it waits in suspense: it is at the rail.

    Raises CapitalReferenceUsed and CapitalAmountDiffers, as `pay_in` does.
    """
    name = await _name(session, pool, reference)
    waits = await _waits(session, name, amount)
    is_used = waits is None and (
        await _is_used(session, name)
        or await transfers.find(session, pool.rail, transfers.plain(pool.rail, reference))
        is not None
    )
    if is_used:
        raise CapitalReferenceUsed(reference=reference)
    return waits


async def paid_in(session: AsyncSession, name: str) -> Money | None:
    """What was written down as a funder's, of the payment that the rail calls so
    (`<rail>:<its id>`)."""
    rail, _, rail_id = name.partition(":")
    found = (
        await session.execute(
            select(Movement.amount_minor, Pool.currency)
            .join(Entry, Entry.id == Movement.entry_id)
            .join(Stake, Stake.id == Movement.stake_id)
            .join(Pool, Pool.id == Stake.pool_id)
            .where(funded.is_capital(rail, [rail_id]))
            .limit(1)
        )
    ).one_or_none()
    return None if found is None else Money(*found)


async def agree_withdrawal(
    session: AsyncSession,
    stake_id: UUID,
    *,
    of: WithdrawalOf,
    amount: Money,
    due_on: date,
    staff_id: UUID,
    now: datetime,
) -> Withdrawal:
    """Keep it for the funder until it is paid: from now on it is not lent."""
    stake, pool = await _locked(session, stake_id, amount.currency)
    book = await book_of(session, pool, stake)
    if of is WithdrawalOf.CAPITAL and amount.minor > book.free:
        raise CapitalNotFree(free=str(Money(max(book.free, 0), pool.currency)))
    withdrawal = Withdrawal(
        id=new_id(), stake_id=stake.id, of=of, amount_minor=amount.minor, currency=amount.currency,
        due_on=due_on, agreed_by=staff_id, created_at=now,
    )  # fmt: skip
    session.add(withdrawal)
    audit.record(session, actor=f"staff:{staff_id}", action="capital.withdrawal_agreed",
                 subject=withdrawal.subject, now=now, amount=str(amount))  # fmt: skip
    await session.flush()
    return withdrawal


async def pay_out(
    session: AsyncSession,
    withdrawal_id: UUID,
    *,
    reference: str,
    staff_id: UUID,
    reason: str,
    on: date,
    now: datetime,
) -> Proposal:
    """Two people say that a withdrawal was paid, and by which payment outside."""
    withdrawal, stake, pool = await _waiting(session, withdrawal_id)
    book = await book_of(session, pool, stake)
    is_capital = withdrawal.of is WithdrawalOf.CAPITAL
    has = book.free + withdrawal.amount_minor if is_capital else book.payable
    if withdrawal.amount_minor > has:
        raise CapitalNotFree(free=str(Money(max(has, 0), pool.currency)))
    entry = f"capital_out:{reference}"
    if await posting.find(session, entry) is not None:
        raise CapitalReferenceUsed(reference=reference)
    proposal = await four_eyes.agree(
        session, act="capital.out", subject=withdrawal.subject, staff_id=staff_id, reason=reason,
        now=now, reference=reference,
    )  # fmt: skip
    if proposal.is_confirmed:
        withdrawal.paid_on = on
        event = Event.CAPITAL_TAKEN_OUT if is_capital else Event.RETURN_PAID
        await move(session, pool, stake, event, withdrawal.amount, entry, on, now)
    return proposal


async def cancel_withdrawal(
    session: AsyncSession, withdrawal_id: UUID, *, actor: str, now: datetime
) -> Withdrawal:
    """It will not be paid: the money may be lent again."""
    withdrawal, _, _ = await _waiting(session, withdrawal_id)
    withdrawal.canceled_at = now
    audit.record(session, actor=actor, action="capital.withdrawal_canceled",
                 subject=withdrawal.subject, now=now)  # fmt: skip
    return withdrawal


async def reinvest(
    session: AsyncSession,
    stake_id: UUID,
    *,
    amount: Money,
    staff_id: UUID,
    reason: str,
    on: date,
    now: datetime,
) -> Proposal:
    """Two people say that a funder leaves what he earned in the pool, as capital."""
    stake, pool = await _locked(session, stake_id, amount.currency)
    book = await book_of(session, pool, stake)
    if amount.minor > book.payable:
        raise CapitalNotFree(free=str(Money(max(book.payable, 0), pool.currency)))
    proposal = await four_eyes.agree(
        session, act="capital.reinvest", subject=stake.subject, staff_id=staff_id, reason=reason,
        now=now, amount=str(amount),
    )  # fmt: skip
    if proposal.is_confirmed:
        entry = f"capital_reinvested:{proposal.id}"
        await move(session, pool, stake, Event.RETURN_REINVESTED, amount, entry, on, now)
    return proposal


async def get_withdrawal(session: AsyncSession, withdrawal_id: UUID) -> Withdrawal:
    """Also when it is over."""
    found = await session.get(Withdrawal, withdrawal_id)
    if found is None:
        raise WithdrawalNotFound()
    return found


async def list_withdrawals(
    session: AsyncSession,
    *,
    stake_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[Withdrawal]:
    """Those that wait to be paid, of one stake or of all, oldest first; `after` is the last id of
    the page before."""
    query = (
        select(Withdrawal)
        .where(Withdrawal.paid_on.is_(None), Withdrawal.canceled_at.is_(None))
        .order_by(Withdrawal.id)
        .limit(limit)
    )
    if stake_id is not None:
        query = query.where(Withdrawal.stake_id == stake_id)
    if after is not None:
        query = query.where(Withdrawal.id > after)
    return (await session.scalars(query)).all()


async def promised(
    session: AsyncSession, pool: Pool, *, stake_id: UUID | None = None
) -> dict[WithdrawalOf, Money]:
    """What is agreed to go out, not yet paid: of one stake, or of all whose cash is the pool's."""
    query = (
        select(Withdrawal.of, func.sum(Withdrawal.amount_minor))
        .join(Stake, Stake.id == Withdrawal.stake_id)
        .join(Pool, Pool.id == Stake.pool_id)
        .where(
            Pool.rail == pool.rail,
            Pool.currency == pool.currency,
            Withdrawal.paid_on.is_(None),
            Withdrawal.canceled_at.is_(None),
        )
        .group_by(Withdrawal.of)
    )
    if stake_id is not None:
        query = query.where(Stake.id == stake_id)
    found = {of: Money(int(minor), pool.currency) for of, minor in await session.execute(query)}
    return dict.fromkeys(WithdrawalOf, Money(0, pool.currency)) | found


async def _waits(session: AsyncSession, name: str, amount: Money) -> SuspenseItem | None:
    """In suspense, as what the rail brought."""
    item = await queries.find_suspense_item(session, name)
    if item is None or item.resolved_at is not None:
        return None
    if item.amount != amount:
        raise CapitalAmountDiffers(waits=str(item.amount))
    return item


async def _name(session: AsyncSession, pool: Pool, reference: str) -> str:
    """As the rail spells it, with the rail before it."""
    return await suspense.as_told(session, f"{pool.rail}:{transfers.plain(pool.rail, reference)}")


async def _is_used(session: AsyncSession, name: str) -> bool:
    """As capital, as a repayment, or as money that was given back or placed."""
    return (
        await posting.find(session, f"{FUNDED}{name}") is not None
        or await queries.find_repayment(session, name) is not None
        or await queries.find_suspense_item(session, name) is not None
    )


async def _locked(session: AsyncSession, stake_id: UUID, currency: str) -> tuple[Stake, Pool]:
    stake, pool = await pools.get_stake(session, stake_id)
    if currency != pool.currency:
        raise PoolCurrencyDiffers(currency=pool.currency)
    await pools.lock(session, rail=pool.rail, currency=pool.currency)
    return stake, pool


async def _waiting(session: AsyncSession, withdrawal_id: UUID) -> tuple[Withdrawal, Stake, Pool]:
    found = await get_withdrawal(session, withdrawal_id)
    stake, pool = await _locked(session, found.stake_id, found.currency)
    await session.refresh(found)
    if found.paid_on is not None or found.canceled_at is not None:
        raise WithdrawalNotFound()
    return found, stake, pool


async def book_of(session: AsyncSession, pool: Pool, stake: Stake) -> StakeBook:
    book = await books.of_pool(session, pool)
    return next(each for each in book.stakes if each.stake.id == stake.id)


async def move(
    session: AsyncSession,
    pool: Pool,
    stake: Stake,
    event: Event,
    amount: Money,
    reference: str,
    on: date,
    now: datetime,
) -> None:
    """Between the rail's cash and a stake, on whose account it stands by the same entry. Hold the
    pool's cash."""
    entry = await posting.post(
        session, EntryKind.FUNDING, (event, amount), reference=reference, on=on, now=now,
        cash=cash_of(pool.rail),
    )  # fmt: skip
    session.add(
        Movement(
            id=new_id(),
            stake_id=stake.id,
            event=event,
            amount_minor=amount.minor,
            on=on,
            entry_id=entry.id,
            created_at=now,
        )
    )
    await session.flush()
