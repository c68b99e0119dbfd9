"""How much cash there will be: what is there, what probably comes, what is ordered to leave."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from servicing.funding import forecast
from servicing.funding.forecast import LATEST, Band, Due, Seen
from servicing.funding.models import Pool, Stake, Withdrawal
from servicing.ledger import balances
from servicing.ledger.chart import Account, cash_of
from servicing.models import Installment, Loan, Payout
from servicing.states import NOT_SENT, LoanStatus

_PPM, _YEAR_DAYS = 1_000_000, 365
_CERTAIN = 0.999_999
_MEMORY = timedelta(days=2 * 365)
"""How far back the book's own lateness is learned."""


@dataclass(frozen=True, slots=True)
class Period:
    since: date
    until: date
    """Its last day."""
    inflow: Band
    payouts_minor: int
    """Ordered and not sent yet, held ones too: all counted on the first day."""
    withdrawals_minor: int
    """Agreed with funders; overdue ones count on the first day."""
    cash: Band
    """At the end of the period."""


@dataclass(frozen=True, slots=True)
class Outlook:
    on: date
    currency: str
    rail: str
    available_minor: int
    """At the rail, less what is on its way out."""
    seen: int
    """Past installments of this currency, from which lateness was learned."""
    periods: Sequence[Period]


async def of_rail(
    session: AsyncSession, *, rail: str, currency: str, on: date, days: int, step: int
) -> Outlook:
    """`days` from today on, in periods of `step` days."""
    ends = [min(end, days) for end in range(step, days + step, step)]
    history = await _history(session, currency, on)
    each, so_far = forecast.inflows(
        await _dues(session, rail, currency), forecast.learn(history), on=on, ends=ends
    )
    cash = (await balances.cash(session)).get((cash_of(rail), currency))
    available = cash.available_minor if cash else 0
    payouts = await _payouts(session, rail, currency)
    withdrawals = await _withdrawals(session, rail, currency, on)
    periods, left, start = [], available - payouts, 0
    for end, inflow, total in zip(ends, each, so_far, strict=True):
        leaving = sum(minor for day, minor in withdrawals.items() if start <= day < end)
        left -= leaving
        periods.append(
            Period(
                since=on + timedelta(days=start),
                until=on + timedelta(days=end - 1),
                inflow=inflow,
                payouts_minor=0 if start else payouts,
                withdrawals_minor=leaving,
                cash=Band(*(left + minor for minor in total)),
            )
        )
        start = end
    seen = sum(row.number for row in history)
    return Outlook(on, currency, rail, available, seen, periods)


async def _history(session: AsyncSession, currency: str, on: date) -> list[Seen]:
    is_given_up = Installment.principal_forgiven_minor > 0
    rows = await session.execute(
        select(Installment.due_on, Installment.settled_on, is_given_up, func.count())
        .join(Loan, Loan.id == Installment.loan_id)
        .where(
            Loan.currency == currency,
            Loan.disbursed_on.is_not(None),
            Installment.due_on < on,
            Installment.due_on >= on - _MEMORY,
            Installment.principal_minor + Installment.interest_minor > 0,
        )
        .group_by(Installment.due_on, Installment.settled_on, is_given_up)
    )
    found = []
    for due_on, settled_on, given_up, number in rows:
        if given_up:
            found.append(Seen(LATEST + 1, is_paid=False, number=number))
        else:
            days = ((settled_on or on) - due_on).days
            found.append(Seen(days, is_paid=settled_on is not None, number=number))
    return found


def _at(rail: str) -> ColumnElement[bool]:
    """Loans from before rails were written down are the wallet's."""
    is_it = Loan.rail == rail
    return or_(is_it, Loan.rail.is_(None)) if rail == "wallet" else is_it


async def _dues(session: AsyncSession, rail: str, currency: str) -> list[Due]:
    """Less what borrowers have paid in advance, the oldest installments first."""
    loans = {
        loan.id: loan
        for loan in await session.scalars(
            select(Loan).where(
                Loan.status == LoanStatus.ACTIVE, Loan.currency == currency, _at(rail)
            )
        )
    }
    rows: dict[UUID, list[Installment]] = defaultdict(list)
    for row in await session.scalars(
        select(Installment)
        .where(Installment.loan_id.in_(loans), Installment.settled_on.is_(None))
        .order_by(Installment.due_on, Installment.n)
    ):
        rows[row.loan_id].append(row)
    stands = await balances.of_loans(session, list(rows))
    found = []
    for n, (loan_id, unpaid) in enumerate(rows.items()):
        credit = stands[loan_id][Account.BORROWER_CREDIT]
        hazard = _hazard(loans[loan_id], unpaid[-1].due_on)
        for row in unpaid:
            left = max(row.unpaid_minor - credit, 0)
            credit -= row.unpaid_minor - left
            if left:
                found.append(Due(n, row.due_on, left, hazard))
    return found


def _hazard(loan: Loan, last_due_on: date) -> float | None:
    """As `expected_loss` has it: the PD is of the loan's whole time."""
    pd = loan.pd_now_ppm if loan.pd_now_ppm is not None else loan.pd_ppm
    if pd is None or loan.disbursed_on is None:
        return None
    years = max((last_due_on - loan.disbursed_on).days, 1) / _YEAR_DAYS
    return -math.log1p(-min(pd / _PPM, _CERTAIN)) / years


async def _payouts(session: AsyncSession, rail: str, currency: str) -> int:
    """One that was never tried may have no rail yet: it may be this one."""
    found = await session.scalar(
        select(func.sum(Payout.amount_minor)).where(
            Payout.status.in_(NOT_SENT),
            Payout.tries == 0,
            Payout.currency == currency,
            or_(Payout.rail == rail, Payout.rail.is_(None)),
        )
    )
    return int(found or 0)


async def _withdrawals(session: AsyncSession, rail: str, currency: str, on: date) -> dict[int, int]:
    rows = await session.execute(
        select(Withdrawal.due_on, func.sum(Withdrawal.amount_minor))
        .join(Stake, Stake.id == Withdrawal.stake_id)
        .join(Pool, Pool.id == Stake.pool_id)
        .where(
            Pool.rail == rail,
            Pool.currency == currency,
            Withdrawal.paid_on.is_(None),
            Withdrawal.canceled_at.is_(None),
        )
        .group_by(Withdrawal.due_on)
    )
    found: dict[int, int] = defaultdict(int)
    for due_on, minor in rows:
        found[max((due_on - on).days, 0)] += int(minor)
    return found
