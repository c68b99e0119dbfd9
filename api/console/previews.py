"""What an act of funding would change, before anybody does it: amounts now and then."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from api.console import pool_forms
from kit.money import Money
from servicing import suspense
from servicing.funding import capital, limits, pools
from servicing.funding.books import PoolBook, StakeBook
from servicing.funding.limits import Limit, Policy
from servicing.funding.models import Withdrawal, WithdrawalOf
from servicing.ledger import balances
from servicing.ledger.balances import Cash
from servicing.ledger.chart import cash_of
from servicing.treasury import opening

_NOTHING = Cash(0, 0)


@dataclass(frozen=True)
class Line:
    name: str
    now: Money
    then: Money
    least: Money | None = None
    """Then it should not be below this."""
    asks: str = ""
    """What somebody should make sure of."""

    @property
    def is_short(self) -> bool:
        return self.then < (self.least or self.now.zero())


@dataclass(frozen=True)
class Use:
    """One limit of a policy, and how near the pool is to it."""

    limit: str
    most: Money
    used: Money
    of: str
    """The thing of which most is out."""

    @property
    def is_passed(self) -> bool:
        return self.used > self.most


async def cash_at(session: AsyncSession, rail: str, currency: str) -> Cash:
    account = cash_of(rail)
    found = await balances.cash(session, accounts=[account])
    return found.get((account, currency), _NOTHING)


async def floor_of(session: AsyncSession, rail: str, currency: str) -> Money | None:
    return next(
        (
            Money(row.floor_minor, row.currency)
            for row in await pools.list_floors(session)
            if (row.rail, row.currency) == (rail, currency)
        ),
        None,
    )


async def of_capital_in(
    session: AsyncSession, book: PoolBook, amount: Money, *, reference: str
) -> list[Line]:
    """Refused where the act would be. Money that waits in suspense is at the rail already.

    `reference` may be empty: then it is money of which nobody told.
    """
    is_here = reference and await capital.find_waiting(
        session, book.pool, amount=amount, reference=reference
    )
    free = Money(book.free, book.pool.currency)
    has = Money(book.capital, book.pool.currency)
    alike = [] if is_here else await suspense.list_alike(session, rail=book.pool.rail, of=amount)
    return [
        Line("Capital of the pool", has, has + amount),
        Line("Free to be lent", free, free + amount),
        await _cash(session, book, amount.zero() if is_here else amount),
        *(
            Line(f"Stays in suspense as {item.reference}", amount, amount, asks="Is it this money?")
            for item in alike
        ),
    ]


async def of_withdrawal(
    session: AsyncSession, book: PoolBook, stake: StakeBook, of: WithdrawalOf, amount: Money
) -> list[Line]:
    """Agreed: from now on capital is not lent; the cash leaves when it is paid. So does what was
    agreed before, which comes first."""
    before = Money.total((await capital.promised(session, book.pool)).values(), amount.currency)
    cash = await _cash(session, book, -amount, "Cash at the rail, once all is paid", before)
    if of is WithdrawalOf.RETURN:
        agreed = await capital.promised(session, book.pool, stake_id=stake.stake.id)
        earned = Money(stake.payable, amount.currency) - agreed[WithdrawalOf.RETURN]
        return [Line("Earned and not paid, once all is paid", earned, earned - amount), cash]
    his = Money(stake.free, amount.currency)
    free = Money(book.free, amount.currency)
    return [
        Line("Free of this stake", his, his - amount),
        Line("Free to be lent, of the pool", free, free - amount),
        cash,
    ]


async def of_paid_out(
    session: AsyncSession, book: PoolBook, stake: StakeBook, withdrawal: Withdrawal
) -> list[Line]:
    amount = withdrawal.amount
    is_capital = withdrawal.of is WithdrawalOf.CAPITAL
    has = Money(stake.capital if is_capital else stake.payable, amount.currency)
    name = "Capital of this stake" if is_capital else "Earned and not paid"
    return [Line(name, has, has - amount), await _cash(session, book, -amount)]


def of_reinvested(book: PoolBook, stake: StakeBook, amount: Money) -> list[Line]:
    earned, free = (Money(minor, amount.currency) for minor in (stake.payable, book.free))
    return [
        Line("Earned and not paid", earned, earned - amount),
        Line("Free to be lent, of the pool", free, free + amount),
    ]


async def of_opening(session: AsyncSession, rail: str, amount: Money) -> list[Line]:
    """What the books would have at the rail, had it begun with that."""
    posted = Money((await cash_at(session, rail, amount.currency)).posted_minor, amount.currency)
    before = await opening.of(session, rail=rail, currency=amount.currency)
    return [
        Line("There before Kopa", before, amount),
        Line("Cash at the rail", posted, posted - before + amount),
    ]


async def of_floor(session: AsyncSession, rail: str, floor: Money) -> list[Line]:
    """How much may leave the rail: what is there beyond the floor."""
    cash = Money((await cash_at(session, rail, floor.currency)).available_minor, floor.currency)
    before = await floor_of(session, rail, floor.currency)
    may_leave = cash if before is None else cash - before
    return [
        Line("Has to stay", before or floor.zero(), floor),
        Line("May leave", may_leave, cash - floor),
    ]


def of_policy(book: PoolBook, policy: Policy) -> list[Line]:
    """What the pool may lend at once, less its floor. Before it is open it lends nothing."""
    currency = book.pool.currency
    before = limits.parse(book.pool.policy, currency).floor_minor if book.pool.opened_at else None
    now = Money(0 if before is None else max(book.free - before, 0), currency)
    then = Money(max(book.free - policy.floor_minor, 0), currency)
    return [
        Line("Has to stay in the pool", Money(before or 0, currency),
             Money(policy.floor_minor, currency)),
        Line("May be lent at once", now, then),
    ]  # fmt: skip


def uses(book: PoolBook, policy: Policy) -> list[Use]:
    return [_use(book, limit) for limit in policy.limits]


def _use(book: PoolBook, limit: Limit) -> Use:
    currency = book.pool.currency
    counted = limits.counted(limit, book.exposures)
    of, used = max(counted.items(), key=lambda each: each[1], default=("", 0))
    is_named = limit.by in ("product", "country", "purpose", "employment")
    return Use(
        limit=_said(limit, currency),
        most=Money(limit.most(book.capital), currency),
        used=Money(used, currency),
        of=of if is_named else "",
    )


def _said(limit: Limit, currency: str) -> str:
    """As it is typed."""
    most: dict[str, object] = {"by": limit.by, "value": limit.value}
    if limit.percent is not None:
        most["percent"] = f"{float(limit.percent):g}"
    else:
        most["amount"] = Money(limit.amount_minor or 0, currency).major
    return pool_forms.line_of(most)


async def _cash(
    session: AsyncSession,
    book: PoolBook,
    change: Money,
    name: str = "Cash at the rail",
    before: Money | None = None,
) -> Line:
    """`before`: what leaves first."""
    pool = book.pool
    there = Money((await cash_at(session, pool.rail, pool.currency)).available_minor, pool.currency)
    there -= before or there.zero()
    least = await floor_of(session, pool.rail, pool.currency)
    return Line(name, there, there + change, least)
