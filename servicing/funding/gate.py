"""What stands between an agreed loan and its money: cash at the rail, and a pool that lends it.

Asked once a payout is about to leave, in the transaction that lets it go. Whoever asks holds the
lock of the cash, and what was let go counts at once: two payouts never pass on the same money.
Where there is no floor and no open pool, everything passes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing.funding import limits, pools, standing
from servicing.funding.limits import Exposure, Policy
from servicing.funding.models import Commitment, Floor, FundedLoan, Hold, LoanShare, Pool
from servicing.funding.shares import apportion
from servicing.funding.standing import Standing
from servicing.ledger import balances
from servicing.ledger.chart import cash_of
from servicing.models import Loan, Payout

Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """Why a payout has to wait, for staff."""

    reason: str
    """`cash_floor`, `no_pool`, `pool_floor` or `limit_<by>`."""
    facts: Facts


async def admit(
    session: AsyncSession, loan: Loan, payout: Payout, facts: Facts, *, now: datetime
) -> Held | None:
    """Find the money for a payout and keep it for it; or say why it has to wait."""
    assert payout.rail is not None
    floor = await session.get(Floor, (payout.rail, payout.currency))
    lending = await pools.list_open(session, payout.currency)
    if floor is None and not lending:
        return None
    await pools.lock(session, rail=payout.rail, currency=payout.currency)
    hold = await session.get(Hold, payout.id)
    is_released = hold is not None and hold.released_at is not None
    if floor is not None and not is_released and (held := await _cash(session, floor, payout)):
        return held
    return await _from_pools(session, lending, loan, payout, facts, now, is_released=is_released)


async def inherit(session: AsyncSession, new: Loan, old: Loan, *, now: datetime) -> None:
    """A loan that takes the place of another one is the same funders', in the same parts."""
    funded = await session.get(FundedLoan, old.id)
    if funded is None:
        return
    pool = await session.get_one(Pool, funded.pool_id)
    await pools.lock(session, rail=pool.rail, currency=pool.currency)
    shares = list(
        await session.scalars(
            select(LoanShare).where(LoanShare.loan_id == old.id).order_by(LoanShare.stake_id)
        )
    )
    parts = apportion(new.principal_minor, [share.weight_minor for share in shares])
    given = [(share.stake_id, part) for share, part in zip(shares, parts, strict=True)]
    await _share(session, new, funded.pool_id, funded.facts, given, now)


async def _cash(session: AsyncSession, floor: Floor, payout: Payout) -> Held | None:
    account = cash_of(payout.rail)
    stands = await balances.cash(session, accounts=[account])
    cash = stands.get((account, payout.currency))
    left = (cash.available_minor if cash else 0) - payout.amount_minor
    if left >= floor.floor_minor:
        return None
    found = {"rail": floor.rail, "most": Money(floor.floor_minor, floor.currency).major}
    return Held("cash_floor", found | {"would_be": Money(left, floor.currency).major})


async def _from_pools(
    session: AsyncSession,
    lending: Sequence[Pool],
    loan: Loan,
    payout: Payout,
    facts: Facts,
    now: datetime,
    *,
    is_released: bool,
) -> Held | None:
    funded = await session.get(FundedLoan, loan.id)
    known = facts if funded is None else funded.facts
    asked = Exposure(loan.borrower_id, known, _principal(loan, payout))
    if not lending or (funded is None and payout.amendment_id is not None):
        return None  # More on a loan that is the lender's own.
    first: Held | None = None
    for pool, policy in _candidates(lending, funded, payout, known):
        stands = await standing.of_pool(session, pool, borrower_id=loan.borrower_id)
        refused = None if is_released else _refusal(policy, stands, asked)
        if refused is None:
            await _take(session, stands, loan, payout, asked, funded, now)
            return None
        found = {"pool": pool.code, **limits.described(refused, pool.currency)}
        first = first or Held(refused.reason, found)
    return first or (None if is_released else Held("no_pool", known))


def _candidates(
    lending: Sequence[Pool], funded: FundedLoan | None, payout: Payout, facts: Facts
) -> Iterator[tuple[Pool, Policy]]:
    """The loan's own pool, once it has one; else all that take it, in their order.

    A pool's money is at its rail, and by that one's lock whoever promises it is alone.
    """
    for pool in lending:
        if pool.rail != payout.rail:
            continue
        policy = limits.parse(pool.policy, pool.currency)
        if policy.takes(facts) if funded is None else pool.id == funded.pool_id:
            yield pool, policy


def _refusal(policy: Policy, stands: Standing, asked: Exposure) -> limits.Refusal | None:
    return limits.refusal(
        policy, asked, stands.exposures, capital_minor=stands.capital, free_minor=stands.free
    )


def _principal(loan: Loan, payout: Payout) -> int:
    """What an amendment lends is new as far as it is sent; of a loan, deducted fees are too."""
    return loan.principal_minor if payout.amendment_id is None else payout.amount_minor


async def _take(
    session: AsyncSession,
    stands: Standing,
    loan: Loan,
    payout: Payout,
    asked: Exposure,
    funded: FundedLoan | None,
    now: datetime,
) -> None:
    if funded is None:
        weights = _weights(stands, asked.minor)
        if not any(weights):
            return  # Released for a pool without capital: the lender's own money.
        parts = zip(stands.stakes, apportion(asked.minor, weights), strict=True)
        given = [(each.stake.id, part) for each, part in parts]
        await _share(session, loan, stands.pool.id, asked.facts, given, now)
    session.add(Commitment(payout_id=payout.id, loan_id=loan.id, principal_minor=asked.minor))
    await session.flush()


async def _share(
    session: AsyncSession,
    loan: Loan,
    pool_id: UUID,
    facts: Facts,
    given: Sequence[tuple[UUID, int]],
    now: datetime,
) -> None:
    session.add(FundedLoan(loan_id=loan.id, pool_id=pool_id, facts=dict(facts), created_at=now))
    await session.flush()
    session.add_all(
        LoanShare(loan_id=loan.id, stake_id=stake_id, weight_minor=part)
        for stake_id, part in given
        if part
    )
    await session.flush()


def _weights(stands: Standing, minor: int) -> list[int]:
    """By what each stake has free. Where that is too little, and staff let it go: by capital."""
    if stands.free >= minor:
        return [max(each.free, 0) for each in stands.stakes]
    return [max(each.capital, 0) for each in stands.stakes]
