"""What stands between an agreed loan and its money: cash at the rail, and a pool that lends it.

Asked once a payout is about to leave, in the transaction that lets it go. Whoever asks holds the
lock of the cash, and what was let go counts at once: two payouts never pass on the same money.
Where there is no floor and no open pool, everything passes.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import queries
from servicing.fields import InvalidTerms
from servicing.funding import books, limits, pools, standing
from servicing.funding.limits import Exposure, Policy
from servicing.funding.models import Commitment, Floor, FundedLoan, Hold, LoanShare, Pool
from servicing.funding.shares import apportion
from servicing.funding.standing import Standing
from servicing.ledger import balances
from servicing.ledger.chart import cash_of
from servicing.models import Amendment, Loan, Payout

Facts = Mapping[str, str]
OTHER_FUNDERS = "must list loans of the same funders: what one has lent is not moved onto another"


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


async def check_refinance(
    session: AsyncSession, olds: Sequence[Loan], principal_minor: int | None
) -> None:
    """Refuse to move what one lent onto others, or more onto a pool than it lends by its policy.

    `principal_minor`: of the loan that takes their place; None: its money is asked for when it
    leaves, and waits. Raises InvalidTerms.
    """
    funded = {row.loan_id: row for row in await _funded(session, [old.id for old in olds])}
    if not funded:
        return
    if len(funded) < len(olds) or len({row.pool_id for row in funded.values()}) > 1:
        raise InvalidTerms(field="also", reason=OTHER_FUNDERS)
    if principal_minor is None:
        return
    first = funded[olds[0].id]
    pool = await session.get_one(Pool, first.pool_id)
    asked = Exposure(olds[0].borrower_id, first.facts, principal_minor)
    replaced = await _exposures(session, olds, list(funded.values()))
    is_same = all(each.facts == first.facts for each in replaced)
    if is_same and principal_minor + sum(each.minor for each in replaced) <= 0:
        return  # A pool beyond its limits already has no more by it.
    stands = await standing.of_pool(session, pool, borrower_id=olds[0].borrower_id)
    policy = limits.parse(pool.policy, pool.currency)
    if (refused := _refusal(policy, stands, asked, replaced)) is not None:
        found = limits.described(refused, pool.currency)
        raise InvalidTerms(
            field="principal",
            reason=f"must stay within the pool {pool.code}: {refused.reason} is {found['most']}, "
            f"and it would be {found['would_be']}",
        )


async def inherit(
    session: AsyncSession, new: Loan, olds: Sequence[tuple[Loan, int]], *, now: datetime,
    is_sent: bool,
) -> None:  # fmt: skip
    """A loan that takes the place of others is the same funders', each by what he had in them.

    `olds`: with what is owed of each, in minor units. `is_sent`: money leaves for it, and the pool
    is asked then. Raises InvalidTerms.
    """
    funded = await session.get(FundedLoan, olds[0][0].id)
    loans = [old for old, _ in olds]
    if funded is None:
        await check_refinance(session, loans, None)
        return
    pool = await session.get_one(Pool, funded.pool_id)
    await pools.lock(session, rail=pool.rail, currency=pool.currency)
    await check_refinance(session, loans, None if is_sent else new.principal_minor)
    shares = await books.shares_of(
        session, select(LoanShare.loan_id).where(LoanShare.loan_id.in_([old.id for old in loans]))
    )
    had: dict[UUID, int] = defaultdict(int)
    for old, owed in olds:
        rows = shares[old.id]
        for row, part in zip(rows, apportion(owed, [r.weight_minor for r in rows]), strict=True):
            had[row.stake_id] += part
    if not any(had.values()):  # All was paid ahead.
        had = {row.stake_id: row.weight_minor for row in shares[loans[0].id]}
    stakes = sorted(had)
    parts = apportion(new.principal_minor, [had[stake_id] for stake_id in stakes])
    await _share(session, new, pool.id, funded.facts, list(zip(stakes, parts, strict=True)), now)


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
    if not lending or (funded is None and payout.amendment_id is not None):
        return None  # More on a loan that is the lender's own.
    asked, replaced = await _asked(session, loan, payout, known)
    first: Held | None = None
    for pool, policy in _candidates(lending, funded, payout, known):
        stands = await standing.of_pool(session, pool, borrower_id=loan.borrower_id)
        refused = None if is_released else _refusal(policy, stands, asked, replaced)
        if refused is None:
            more = max(asked.minor + sum(each.minor for each in replaced), payout.amount_minor)
            await _take(session, stands, loan, payout, asked._replace(minor=more), funded, now)
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


def _refusal(
    policy: Policy, stands: Standing, asked: Exposure, replaced: Sequence[Exposure] = ()
) -> limits.Refusal | None:
    """`replaced`: loans that end by it, less than nothing each."""
    return limits.refusal(
        policy,
        asked,
        [*stands.exposures, *replaced],
        capital_minor=stands.capital,
        free_minor=stands.free - sum(each.minor for each in replaced),
    )


async def _asked(
    session: AsyncSession, loan: Loan, payout: Payout, facts: Facts
) -> tuple[Exposure, list[Exposure]]:
    """What the payout makes of the loan, and the loans whose place that takes.

    Money on top is new as far as it is sent. Of a loan all is, deducted fees with it.
    """
    is_on_top = payout.amendment_id is not None and loan.application_id != payout.amendment_id
    minor = payout.amount_minor if is_on_top else loan.principal_minor
    replaced: list[Exposure] = []
    if payout.amendment_id is not None and not is_on_top:
        amendment = await session.get_one(Amendment, payout.amendment_id)
        olds = await replaced_by(session, amendment)
        replaced = await _exposures(session, olds, await _funded(session, [o.id for o in olds]))
    return Exposure(loan.borrower_id, facts, minor), replaced


async def replaced_by(session: AsyncSession, amendment: Amendment) -> list[Loan]:
    """The loans that a refinance ends."""
    olds = [await queries.get_loan(session, amendment.loan_id)]
    for reference in amendment.change.get("also", []):
        other = await queries.find_by_reference(session, str(reference))
        assert other is not None, f"{amendment.subject} names {reference}"
        olds.append(other)
    return olds


async def _funded(session: AsyncSession, loan_ids: Sequence[UUID]) -> list[FundedLoan]:
    rows = await session.scalars(select(FundedLoan).where(FundedLoan.loan_id.in_(loan_ids)))
    return list(rows)


async def _exposures(
    session: AsyncSession, olds: Sequence[Loan], funded: Sequence[FundedLoan]
) -> list[Exposure]:
    """Their principal, taken off."""
    flows = await books.flows_of(session, select(Loan.id).where(Loan.id.in_([o.id for o in olds])))
    return [Exposure(olds[0].borrower_id, row.facts, -flows[row.loan_id].owed) for row in funded]


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
