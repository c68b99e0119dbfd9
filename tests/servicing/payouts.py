"""A payout of 29,200 and what the rail tells of it."""

from uuid import UUID

from kit.db import unit_of_work
from servicing import orders, queries
from servicing.disbursements import PAYOUTS
from servicing.models import Loan, Payout
from servicing.rails.base import Outcome, OutcomeStatus
from tests.servicing.lending import ZONE, Lender, kes

PAID = kes(29_200)


def settled(amount: str = "29200") -> Outcome:
    return Outcome(OutcomeStatus.SETTLED, kes(amount), "W1")


async def payout_of(lender: Lender, loan: Loan) -> Payout:
    async with lender.sessions() as session:
        return (await queries.list_payouts(session, loan.id))[-1]


async def told(lender: Lender, payout_id: UUID, outcome: Outcome) -> None:
    async with unit_of_work(lender.sessions) as session:
        await orders.apply(
            session, PAYOUTS, payout_id, outcome, on=lender.on, zone=ZONE, now=lender.now
        )
