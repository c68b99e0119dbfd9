"""What a pool has at this moment, as sums of the database: asked while all its payouts wait.

`books.of_pool` says the same loan by loan, and divides each to the minor unit. Here nothing is read
of a single loan, so that letting a payout go costs the same in a large pool as in a small one; what
each stake has free is then known but for the rounding of its loans, and serves as a weight.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Select, Subquery, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.funding import books
from servicing.funding.books import StakeBook
from servicing.funding.limits import FACTS, Exposure
from servicing.funding.models import FundedLoan, LoanShare, Pool
from servicing.ledger.chart import Account
from servicing.ledger.models import Line, LoanBalance
from servicing.ledger.rules import RULES, Event
from servicing.models import Loan

NOBODY = UUID(int=0)
"""All borrowers but the one who is asked about."""


@dataclass(frozen=True, slots=True)
class Standing:
    pool: Pool
    stakes: list[StakeBook]
    exposures: list[Exposure]
    """Of all loans with the same facts together, the borrower's own apart."""

    @property
    def capital(self) -> int:
        return sum(each.capital for each in self.stakes)

    @property
    def free(self) -> int:
        held = sum(each.capital - each.withdrawing for each in self.stakes)
        return held - sum(each.minor for each in self.exposures)


async def of_pool(session: AsyncSession, pool: Pool, *, borrower_id: UUID) -> Standing:
    """Whoever acts on it holds the lock of its cash (`pools.lock`)."""
    loans = _loans(pool)
    stakes = await books.with_capital(session, pool)
    for stake_id, minor in await session.execute(_by_stake(loans)):
        stakes[stake_id].at_work = round(minor)
    rows = await session.execute(_by_facts(loans, borrower_id))
    exposures = [
        Exposure(
            borrower_id if is_his else NOBODY,
            {name: value for name, value in zip(FACTS, facts, strict=True) if value is not None},
            int(minor),
        )
        for is_his, minor, *facts in rows
    ]
    return Standing(pool, list(stakes.values()), exposures)


def _loans(pool: Pool) -> Subquery:
    """Each loan that runs: whose, with which facts, and how much of it is out or on its way."""
    mine = books.unfinished(pool)
    owed = (
        select(LoanBalance.loan_id, LoanBalance.net_minor.label("minor"))
        .where(LoanBalance.account == Account.PRINCIPAL, LoanBalance.loan_id.in_(mine))
        .subquery()
    )
    lost = _lost(mine).subquery()
    shares = (
        select(
            LoanShare.loan_id,
            func.sum(LoanShare.borne_minor).label("borne"),
            func.sum(LoanShare.weight_minor).label("whole"),
        )
        .where(LoanShare.loan_id.in_(mine))
        .group_by(LoanShare.loan_id)
        .subquery()
    )
    going = books.going_out(pool).subquery()
    given_up, back = _or_zero(lost.c.given_up), _or_zero(lost.c.back)
    unborne = FundedLoan.unborne_minor
    new = case((back < given_up, given_up - back), else_=0) - _or_zero(shares.c.borne) - unborne
    # As `books` reckons it: the lender gets back first.
    loss = case((new >= 0, new), (new + unborne >= 0, 0), else_=new + unborne)
    minor = _or_zero(owed.c.minor) + loss + _or_zero(going.c.minor)
    facts = [FundedLoan.facts[name].as_string().label(name) for name in FACTS]
    return (
        select(
            Loan.id.label("loan_id"), Loan.borrower_id, shares.c.whole, minor.label("minor"), *facts
        )
        .join(FundedLoan, FundedLoan.loan_id == Loan.id)
        .join(shares, shares.c.loan_id == Loan.id)
        .outerjoin(owed, owed.c.loan_id == Loan.id)
        .outerjoin(lost, lost.c.loan_id == Loan.id)
        .outerjoin(going, going.c.loan_id == Loan.id)
        .subquery()
    )


def _lost(loans: Select[UUID]) -> Select[UUID | None, int, int]:
    """What was given up of the principal, and what came back of that."""
    given_up = [_moved(event) for event in books.LOST]
    return (
        select(
            Line.loan_id,
            func.sum(sum(given_up[1:], given_up[0])).label("given_up"),
            func.sum(_moved(Event.RECOVERED)).label("back"),
        )
        .where(Line.loan_id.in_(loans), Line.event.in_((*books.LOST, Event.RECOVERED)))
        .group_by(Line.loan_id)
    )


def _moved(event: Event) -> ColumnElement[int]:
    """Taken back is the same rule with the sides exchanged."""
    credit = RULES[event].credit
    return case(
        (Line.event != event, 0), (Line.credit == credit, Line.amount_minor),
        else_=-Line.amount_minor,
    )  # fmt: skip


def _by_stake(loans: Subquery) -> Select[UUID, Any]:
    part = cast(loans.c.minor, Float) * LoanShare.weight_minor / loans.c.whole
    return (
        select(LoanShare.stake_id, func.sum(part))
        .join(loans, loans.c.loan_id == LoanShare.loan_id)
        .group_by(LoanShare.stake_id)
    )


def _by_facts(loans: Subquery, borrower_id: UUID) -> Select[Any]:
    grouped = select(
        (loans.c.borrower_id == borrower_id).label("is_his"),
        loans.c.minor,
        *(loans.c[name] for name in FACTS),
    ).subquery()
    keys = [grouped.c.is_his, *(grouped.c[name] for name in FACTS)]
    return select(grouped.c.is_his, func.sum(grouped.c.minor), *keys[1:]).group_by(*keys)


def _or_zero(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(column, 0)
