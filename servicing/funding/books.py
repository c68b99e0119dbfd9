"""What each pool and each stake has: capital, principal that is out, and what is free to be lent.

Capital and returns are sums of a stake's movements, and every movement refers to an entry of the
ledger. Principal is read from the ledger itself, loan by loan, and divided by the loans' shares. So

    capital = at work + free

holds to the minor unit, where what is at work is principal that borrowers owe, and principal that
they will not pay any more and that the next settlement takes off the capital.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.funding.limits import Exposure
from servicing.funding.models import (
    Commitment,
    FundedLoan,
    LoanShare,
    Movement,
    Pool,
    Stake,
    Withdrawal,
    WithdrawalOf,
)
from servicing.funding.shares import apportion
from servicing.ledger.chart import Account
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import RULES, Event
from servicing.models import Loan, Payout
from servicing.states import ASKABLE, LoanStatus, OrderStatus

_POOLS = 100
"""Of so many the statements are kept."""
_ON_THE_WAY = (OrderStatus.CREATED, *ASKABLE, OrderStatus.NEEDS_REVIEW)
"""Once it was let go: one that was held back by the rail is sent again without asking here."""

INTEREST = (
    Event.INTEREST_REPAID,
    Event.CREDIT_TO_INTEREST,
    Event.GOODWILL_TO_INTEREST,
    Event.INTEREST_CAPITALIZED,
    Event.INTEREST_REFINANCED,
)
"""Interest that was settled, and so is to be shared. Waived or written off, nobody has it."""
LOST = (Event.PRINCIPAL_WRITTEN_OFF, Event.PRINCIPAL_WAIVED)
_TAKEN_BACK = (Event.CHARGED_BACK,)
"""A repayment that went back: it lends nothing anew."""
_WATCHED = {
    event
    for event, rule in RULES.items()
    if Account.PRINCIPAL in (rule.debit, rule.credit)
} | {*INTEREST, Event.RECOVERED}  # fmt: skip
CAPITAL = {
    Event.CAPITAL_PAID_IN: 1,
    Event.CAPITAL_TAKEN_OUT: -1,
    Event.CAPITAL_TAKEN_BACK: -1,
    Event.RETURN_REINVESTED: 1,
    Event.LOSS_BORNE: -1,
    Event.LOSS_RECOVERED: 1,
}
PAYABLE = {
    Event.RETURN_EARNED: 1,
    Event.RETURN_UNEARNED: -1,
    Event.RETURN_PAID: -1,
    Event.RETURN_REINVESTED: -1,
}


@dataclass(slots=True)
class LoanFlows:
    """What the ledger says of one loan, as far as its funders are concerned."""

    lent: int = 0
    repaid: int = 0
    written_off: int = 0
    recovered: int = 0
    interest: int = 0

    @property
    def owed(self) -> int:
        return self.lent - self.repaid - self.written_off

    @property
    def lost(self) -> int:
        """Principal that will not come back. What is recovered makes good for principal first."""
        return self.written_off - min(self.recovered, self.written_off)


@dataclass(slots=True)
class StakeBook:
    stake: Stake
    capital: int = 0
    payable: int = 0
    """Earned and not yet paid out."""
    collected: int = 0
    """Interest of borrowers on his part, ever."""
    credited: int = 0
    """Of it or instead of it, his."""
    at_work: int = 0
    on_the_way: int = 0
    withdrawing: int = 0
    """Capital that is agreed to be paid out."""

    @property
    def free(self) -> int:
        return self.capital - self.at_work - self.on_the_way - self.withdrawing


@dataclass(slots=True)
class PoolBook:
    pool: Pool
    stakes: list[StakeBook]
    exposures: list[Exposure] = field(default_factory=list)

    @property
    def capital(self) -> int:
        return sum(each.capital for each in self.stakes)

    @property
    def at_work(self) -> int:
        return sum(each.at_work for each in self.stakes)

    @property
    def on_the_way(self) -> int:
        return sum(each.on_the_way for each in self.stakes)

    @property
    def free(self) -> int:
        return sum(each.free for each in self.stakes)

    @property
    def payable(self) -> int:
        return sum(each.payable for each in self.stakes)


async def of_pool(session: AsyncSession, pool: Pool) -> PoolBook:
    """As it stands now. Whoever acts on it holds the lock of its cash (`pools.lock`)."""
    books = await with_capital(session, pool)
    found = PoolBook(pool, list(books.values()))
    loans = unfinished(pool)
    # First: what arrives meanwhile counts twice, never not at all.
    committed = {loan_id: int(minor) for loan_id, minor in await session.execute(going_out(pool))}
    shares = await shares_of(session, loans)
    flows = await flows_of(session, loans)
    for loan_id, borrower_id, facts, unborne in await session.execute(_loans(loans)):
        rows, told = shares[loan_id], flows.get(loan_id, LoanFlows())
        borne = sum(row.borne_minor for row in rows)
        at_work = told.owed + _not_shared_out(told.lost, borne, unborne)
        on_the_way = committed.get(loan_id, 0)
        weights = [row.weight_minor for row in rows]
        parts = zip(apportion(at_work, weights), apportion(on_the_way, weights), strict=True)
        for row, (out, going) in zip(rows, parts, strict=True):
            books[row.stake_id].at_work += out
            books[row.stake_id].on_the_way += going
        found.exposures.append(Exposure(borrower_id, facts, at_work + on_the_way))
    return found


def _not_shared_out(lost: int, borne: int, unborne: int) -> int:
    """Of a loss what its funders are still to bear; less than nothing: to get back."""
    new = lost - borne - unborne
    return new if new >= 0 else min(new + unborne, 0)


async def with_capital(session: AsyncSession, pool: Pool) -> dict[UUID, StakeBook]:
    """Each stake with what its own movements say, and nothing of the loans that it is in."""
    stakes = await session.scalars(_OF_POOL, {"pool": pool.id})
    books = {stake.id: StakeBook(stake) for stake in stakes}
    await _add_movements(session, books)
    await _add_withdrawals(session, books)
    return books


async def shares_of(session: AsyncSession, loans: Select[UUID]) -> dict[UUID, list[LoanShare]]:
    """By loan, in the order in which amounts are divided."""
    found: dict[UUID, list[LoanShare]] = defaultdict(list)
    for row in await session.scalars(_shares(loans)):
        found[row.loan_id].append(row)
    return found


async def flows_of(
    session: AsyncSession, loans: Select[UUID], *, until: date | None = None
) -> dict[UUID, LoanFlows]:
    """By loan, of all entries or of those up to the end of a day."""
    query = _flows(loans, is_dated=until is not None)
    found: dict[UUID, LoanFlows] = defaultdict(LoanFlows)
    for loan_id, event, credit, minor in await session.execute(query, {"until": until}):
        assert loan_id is not None
        _count(found[loan_id], event, _signed(event, credit, int(minor)))
    return found


async def moved(
    session: AsyncSession, stake_ids: Sequence[UUID], *, until: date | None = None
) -> dict[UUID, dict[Event, int]]:
    """What each stake's movements of a kind come to."""
    query = _MOVED if until is None else _MOVED.where(Movement.on <= until)
    found: dict[UUID, dict[Event, int]] = {each: defaultdict(int) for each in stake_ids}
    for stake_id, event, minor in await session.execute(query, {"stakes": list(stake_ids)}):
        found[stake_id][event] = int(minor)
    return found


def total(signs: dict[Event, int], moved: dict[Event, int]) -> int:
    return sum(sign * moved.get(event, 0) for event, sign in signs.items())


def of_pool_loans(pool: Pool) -> Select[UUID]:
    return _of_pool(pool.id)


def unfinished(pool: Pool) -> Select[UUID]:
    """Loans that run or are about to, and others of which funders have not heard the last yet."""
    return _unfinished(pool.id)


def going_out(pool: Pool) -> Select[UUID, int]:
    """By loan, what payouts under way take from the pool."""
    return _going_out(pool.id)


async def _add_movements(session: AsyncSession, books: dict[UUID, StakeBook]) -> None:
    for stake_id, found in (await moved(session, list(books))).items():
        book = books[stake_id]
        book.capital, book.payable = total(CAPITAL, found), total(PAYABLE, found)
        book.credited = found[Event.RETURN_EARNED] - found[Event.RETURN_UNEARNED]
    for stake_id, minor in await session.execute(_COLLECTED, {"stakes": list(books)}):
        books[stake_id].collected = int(minor)


async def _add_withdrawals(session: AsyncSession, books: dict[UUID, StakeBook]) -> None:
    for stake_id, minor in await session.execute(_WITHDRAWING, {"stakes": list(books)}):
        books[stake_id].withdrawing = int(minor)


def _signed(event: Event, credit: Account, minor: int) -> int:
    """Taken back is the same rule with the sides exchanged."""
    rule = RULES[event].credit
    to_cash = rule is Account.CASH and credit is not RULES[event].debit
    return minor if to_cash or credit is rule else -minor


def _count(flows: LoanFlows, event: Event, minor: int) -> None:
    if event in INTEREST:
        flows.interest += minor
    if event is Event.RECOVERED:
        flows.recovered += minor
    elif event in LOST:
        flows.written_off += minor
    elif event in _TAKEN_BACK:
        flows.repaid -= minor
    elif RULES[event].debit is Account.PRINCIPAL:
        flows.lent += minor
    elif RULES[event].credit is Account.PRINCIPAL:
        flows.repaid += minor


# Built once, those of a pool once for each pool: building a statement takes about as long as
# running it.
_STAKES: BindParameter[UUID] = bindparam("stakes", expanding=True)
_OF_POOL = select(Stake).where(Stake.pool_id == bindparam("pool")).order_by(Stake.id)
_MOVED = (
    select(Movement.stake_id, Movement.event, func.sum(Movement.amount_minor))
    .where(Movement.stake_id.in_(_STAKES))
    .group_by(Movement.stake_id, Movement.event)
)
_COLLECTED = (
    select(Movement.stake_id, func.sum(Movement.interest_minor))
    .where(Movement.stake_id.in_(_STAKES))
    .group_by(Movement.stake_id)
)
_WITHDRAWING = (
    select(Withdrawal.stake_id, func.sum(Withdrawal.amount_minor))
    .where(
        Withdrawal.stake_id.in_(_STAKES),
        Withdrawal.of == WithdrawalOf.CAPITAL,
        Withdrawal.paid_on.is_(None),
        Withdrawal.canceled_at.is_(None),
    )
    .group_by(Withdrawal.stake_id)
)


@lru_cache(_POOLS)
def _of_pool(pool_id: UUID) -> Select[UUID]:
    return select(FundedLoan.loan_id).where(FundedLoan.pool_id == pool_id)


@lru_cache(_POOLS)
def _unfinished(pool_id: UUID) -> Select[UUID]:
    news = exists().where(
        Entry.loan_id == FundedLoan.loan_id,
        or_(Entry.posted_on > FundedLoan.settled_on, Entry.created_at >= FundedLoan.settled_at),
    )
    return (
        _of_pool(pool_id)
        .join(Loan, Loan.id == FundedLoan.loan_id)
        .where(
            or_(
                Loan.status.in_((LoanStatus.PENDING_DISBURSEMENT, LoanStatus.ACTIVE)),
                FundedLoan.settled_on.is_(None),
                news,
            )
        )
    )


@lru_cache(_POOLS)
def _going_out(pool_id: UUID) -> Select[UUID, int]:
    return (
        select(Commitment.loan_id, func.sum(Commitment.principal_minor).label("minor"))
        .join(Payout, Payout.id == Commitment.payout_id)
        .where(
            Commitment.loan_id.in_(_of_pool(pool_id)),
            Payout.tries > 0,
            Payout.status.in_(_ON_THE_WAY),
        )
        .group_by(Commitment.loan_id)
    )


@lru_cache(_POOLS)
def _loans(loans: Select[UUID]) -> Select[UUID, UUID, Mapping[str, Any], int]:
    return (
        select(Loan.id, Loan.borrower_id, FundedLoan.facts, FundedLoan.unborne_minor)
        .join(FundedLoan, FundedLoan.loan_id == Loan.id)
        .where(Loan.id.in_(loans))
        .order_by(Loan.id)
    )


@lru_cache(_POOLS)
def _shares(loans: Select[UUID]) -> Select[LoanShare]:
    return (
        select(LoanShare)
        .where(LoanShare.loan_id.in_(loans))
        .order_by(LoanShare.loan_id, LoanShare.stake_id)
        .execution_options(populate_existing=True)
    )


@lru_cache(_POOLS)
def _flows(loans: Select[UUID], *, is_dated: bool) -> Select[UUID | None, Event, Account, int]:
    query = (
        select(Line.loan_id, Line.event, Line.credit, func.sum(Line.amount_minor))
        .where(Line.loan_id.in_(loans), Line.event.in_(_WATCHED))
        .group_by(Line.loan_id, Line.event, Line.credit)
    )
    if not is_dated:
        return query
    return query.join(Entry, Entry.id == Line.entry_id).where(Entry.posted_on <= bindparam("until"))
