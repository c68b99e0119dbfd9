"""A running loan on top of which more is lent."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from kit.db import unit_of_work
from servicing import (
    orders,
    queries,
)
from servicing.disbursements import PAYOUTS
from servicing.models import Amendment, Loan, Payout
from servicing.rails.base import (
    Outcome,
    OutcomeStatus,
)
from tests.servicing.lending import ZONE, Lender, kes
from tests.servicing.test_amendments import (
    approves,
    consents,
    proposes,
)

TOP_UP: Mapping[str, Any] = {"type": "top_up", "amount": "12000", "installments": 6}


DAILY = {"day_count": "actual/365"}


NO = Outcome(OutcomeStatus.FAILED, failure_code="unknown_account")


async def running(lender: Lender) -> Loan:
    """A loan whose first installment is paid; three days of the second have passed."""
    loan = await lender.lends(**DAILY)
    await lender.closes_days_until(date(2026, 12, 20))
    await lender.receives(loan, (await lender.owed(loan)).total)
    await lender.closes_days_until(date(2026, 12, 23))
    return loan


async def is_agreed(lender: Lender, loan: Loan, change: Mapping[str, Any] = TOP_UP) -> Amendment:
    """All three have said yes: the payout is ordered."""
    amendment = await proposes(lender, loan, change)
    await consents(lender, loan, amendment)
    return await approves(lender, amendment)


async def is_lent(lender: Lender, loan: Loan, change: Mapping[str, Any] = TOP_UP) -> Amendment:
    amendment = await is_agreed(lender, loan, change)
    await lender.arrives(loan)
    return await fresh(lender, amendment)


async def fresh(lender: Lender, amendment: Amendment) -> Amendment:
    async with lender.sessions() as session:
        return await session.get_one(Amendment, amendment.id, populate_existing=True)


async def payouts_of(lender: Lender, loan: Loan) -> list[Payout]:
    async with lender.sessions() as session:
        return await queries.list_payouts(session, loan.id)


async def hears(lender: Lender, loan: Loan, outcome: Outcome) -> None:
    """The rail says something about the last payout."""
    payout = (await payouts_of(lender, loan))[-1]
    async with unit_of_work(lender.sessions) as session:
        await orders.apply(
            session, PAYOUTS, payout.id, outcome, on=lender.on, zone=ZONE, now=lender.now
        )


async def comes_back(lender: Lender, loan: Loan) -> None:
    amount = (await payouts_of(lender, loan))[-1].amount
    await hears(lender, loan, Outcome(OutcomeStatus.RETURNED, amount, "W1", "account_closed"))


async def the_same(lender: Lender) -> Loan:
    """What `loan` is, told today."""
    today, now = lender.on, lender.now
    lender.on = date(2026, 11, 20)
    other = await lender.lends(**DAILY)
    lender.on = date(2026, 12, 20)
    await lender.receives(other, (await lender.owed(other)).total)
    lender.on, lender.now = today, now
    return other


def lends_more(lender: Lender) -> Lender:
    lender.product = {"amount_max_minor": kes(50_000).minor}
    return lender
