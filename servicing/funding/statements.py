"""A funder's statement of one stake over a period: what moved, what it returned, what is at risk.

What a stake is worth is its capital and what it earned and was not paid. Two yearly figures that
answer different questions:

- **IRR**, money-weighted: the rate at which what the funder put in (first what the stake was worth)
  is worth what he got out (last what it is worth), on actual days over 365 (`pyxirr.xirr`). When he
  paid in matters.
- **TWR**, time-weighted: the product of what each day made of one unit, without regard to how much
  was there (GIPS 2020, 2.A.32: external flows are taken out by valuing at each of them), for the
  period and not a year. Money that comes or goes counts from the beginning of its day.
"""

import dataclasses
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pyxirr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import DomainError, Kind
from servicing import arrears, arrears_report
from servicing.arrears import Arrears
from servicing.arrears_report import Book
from servicing.funding import books, pools
from servicing.funding.books import CAPITAL, PAYABLE
from servicing.funding.models import Funder, LoanShare, Movement, Pool, Stake
from servicing.funding.shares import apportion
from servicing.late_policy import LatePolicy
from servicing.ledger.rules import Event
from servicing.models import Loan

_VALUE = {event: CAPITAL.get(event, 0) + PAYABLE.get(event, 0) for event in (*CAPITAL, *PAYABLE)}
_OUTSIDE = (
    Event.CAPITAL_PAID_IN,
    Event.CAPITAL_TAKEN_OUT,
    Event.CAPITAL_TAKEN_BACK,
    Event.RETURN_PAID,
)
_DAY = timedelta(days=1)


class NotSharedOut(DomainError):
    """Nothing from `since` on is with the funders yet: that is done every night."""

    kind = Kind.CONFLICT
    code = "not_shared_out"


@dataclass(frozen=True, slots=True)
class Position:
    """At the end of a day."""

    capital_minor: int
    at_work_minor: int
    payable_minor: int

    @property
    def free_minor(self) -> int:
        return self.capital_minor - self.at_work_minor

    @property
    def value_minor(self) -> int:
        return self.capital_minor + self.payable_minor


@dataclass(frozen=True, slots=True)
class Statement:
    funder: Funder
    pool: Pool
    stake: Stake
    since: date
    until: date
    asked_until: date
    """The end that was asked for: not all of it is shared out yet where it is later."""
    opening: Position
    closing: Position
    moved: dict[Event, int]
    deployed_minor: int
    """Lent on his part of the loans."""
    interest_minor: int
    """Collected on his part, before what the lender keeps of it."""
    irr: float | None
    twr: float
    risk: Book
    """His part of the running loans at the end of the period."""

    @property
    def repaid_minor(self) -> int:
        """Principal that came back to the pool for him, first-loss cover of others with it."""
        lost = self.moved[Event.LOSS_BORNE] - self.moved[Event.LOSS_RECOVERED]
        before = self.opening.at_work_minor + self.deployed_minor - lost
        return before - self.closing.at_work_minor

    @property
    def earned_minor(self) -> int:
        return self.moved[Event.RETURN_EARNED] - self.moved[Event.RETURN_UNEARNED]

    @property
    def fees_minor(self) -> int:
        """What the lender keeps of the interest; less than nothing when a fixed rate costs more."""
        return self.interest_minor - self.earned_minor


async def of_stake(
    session: AsyncSession,
    stake_id: UUID,
    policy: LatePolicy,
    *,
    since: date,
    until: date,
    today: date,
) -> Statement:
    """From the beginning of `since` to the end of `until`, which is over.

    Or to the last day that the pool has been shared out. Raises NotSharedOut where there is none.
    """
    stake, pool = await pools.get_stake(session, stake_id)
    asked_until, until = until, min(until, pool.settled_on or date.min)
    if until < since:
        raise NotSharedOut(since=since)
    rows = list(
        await session.scalars(
            select(Movement)
            .where(Movement.stake_id == stake.id, Movement.on <= until)
            .order_by(Movement.on, Movement.id)
        )
    )
    before = [row for row in rows if row.on < since]
    inside = [row for row in rows if row.on >= since]
    loans = select(LoanShare.loan_id).where(LoanShare.stake_id == stake.id)
    shares = await books.shares_of(session, loans)
    lent, at_work = {}, {}
    for day in (since - _DAY, until):
        flows = await books.flows_of(session, loans, until=day)
        lent[day] = _part(stake, shares, {loan: told.lent for loan, told in flows.items()})
        at_work[day] = _part(stake, shares, {loan: told.owed for loan, told in flows.items()})
    opening = _position(before, at_work[since - _DAY])
    closing = _position(rows, at_work[until])
    return Statement(
        funder=await session.get_one(Funder, stake.funder_id),
        pool=pool,
        stake=stake,
        since=since,
        until=until,
        asked_until=asked_until,
        opening=opening,
        closing=closing,
        moved=_sums(inside),
        deployed_minor=lent[until] - lent[since - _DAY],
        interest_minor=sum(row.interest_minor for row in inside),
        irr=irr(opening.value_minor, closing.value_minor, inside, since, until),
        twr=twr(opening.value_minor, inside),
        risk=await _risk(session, stake, pool.currency, shares, policy, on=until, today=today),
    )


def irr(
    opening: int, closing: int, rows: Sequence[Movement], since: date, until: date
) -> float | None:
    """A year; None when nothing was there, or nothing makes it a rate."""
    flows: dict[date, int] = defaultdict(int)
    flows[since] -= opening
    for row in rows:
        if row.event in _OUTSIDE:
            flows[row.on] -= _VALUE[row.event] * row.amount_minor
    flows[until + _DAY] += closing
    rate = pyxirr.xirr(list(flows), [float(minor) for minor in flows.values()], silent=True)
    return float(rate) if rate is not None and math.isfinite(rate) else None


def twr(opening: int, rows: Sequence[Movement]) -> float:
    """Of the whole period."""
    value, grown = opening, 1.0
    outside: dict[date, int] = defaultdict(int)
    made: dict[date, int] = defaultdict(int)
    for row in rows:
        of = outside if row.event in _OUTSIDE else made
        of[row.on] += _VALUE[row.event] * row.amount_minor
    for day in sorted({*outside, *made}):
        value += outside[day]
        if value > 0:
            grown *= 1 + made[day] / value
        value += made[day]
    return grown - 1


def _position(rows: Sequence[Movement], at_work: int) -> Position:
    sums = _sums(rows)
    return Position(books.total(CAPITAL, sums), at_work, books.total(PAYABLE, sums))


def _sums(rows: Sequence[Movement]) -> dict[Event, int]:
    sums = dict.fromkeys(_VALUE, 0)
    for row in rows:
        sums[row.event] += row.amount_minor
    return sums


def _part(stake: Stake, shares: dict[UUID, list[LoanShare]], whole: dict[UUID, int]) -> int:
    return sum(_of_loan(stake, shares[loan_id], minor) for loan_id, minor in whole.items())


def _of_loan(stake: Stake, shares: Sequence[LoanShare], minor: int) -> int:
    parts = apportion(minor, [share.weight_minor for share in shares])
    of_stakes = {share.stake_id: part for share, part in zip(shares, parts, strict=True)}
    return of_stakes[stake.id]


async def _risk(
    session: AsyncSession,
    stake: Stake,
    currency: str,
    shares: dict[UUID, list[LoanShare]],
    policy: LatePolicy,
    *,
    on: date,
    today: date,
) -> Book:
    """The late part of the portfolio, as for all loans, of his part of each."""
    rows = list(
        await session.scalars(
            select(Loan).where(Loan.id.in_(shares), Loan.disbursed_on <= on).order_by(Loan.id)
        )
    )
    found = await arrears.of_loans(session, rows, policy, on=on, today=today)
    mine = [_mine(stake, shares[each.loan_id], each) for each in found]
    return next(iter(arrears_report.books(mine)), Book(currency))


def _mine(stake: Stake, shares: Sequence[LoanShare], whole: Arrears) -> Arrears:
    def part(minor: int) -> int:
        return _of_loan(stake, shares, minor)

    found = whole.assessed
    return dataclasses.replace(
        whole,
        assessed=dataclasses.replace(
            found,
            standing=dataclasses.replace(
                found.standing, overdue_minor=part(found.standing.overdue_minor)
            ),
            balance_minor=part(found.balance_minor),
            exposure_minor=part(found.exposure_minor),
            provision_minor=part(found.provision_minor),
            loss=dataclasses.replace(
                found.loss,
                twelve_month_minor=part(found.loss.twelve_month_minor),
                lifetime_minor=part(found.loss.lifetime_minor),
            ),
        ),
    )
