"""Money that moved and is not in the ledger: posted as it should have been."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from servicing import disbursements, living, orders, queries, repayments
from servicing.disbursements import PAYOUTS
from servicing.events import Type
from servicing.happenings import Happening
from servicing.ledger import posting
from servicing.ledger.chart import cash_of
from servicing.ledger.rules import EntryKind, Event
from servicing.living import Act
from servicing.models import Payout, Repayment


async def post(session: AsyncSession, rail: str, key: str, *, on: date, now: datetime) -> None:
    """By its key in the rail's statement. What is in the ledger is not posted again."""
    payout = await session.scalar(select(Payout).where(Payout.client_ref == key))
    if payout is not None:
        loan, _ = await orders.locked(session, PAYOUTS, payout.id)
        moved_on = payout.settled_at.date() if payout.settled_at else on
        await disbursements.settle(
            session, loan, payout, ordered_on=payout.created_at.date(), on=min(moved_on, on),
            now=now,
        )  # fmt: skip
        return
    for name in (f"{rail}:{key}", f"rail:{key}"):
        if (repayment := await queries.find_repayment(session, name)) is not None:
            await _repayment(session, repayment, on=on, now=now)
            return
        if (item := await queries.find_suspense_item(session, name)) is not None:
            await posting.post(
                session, EntryKind.SUSPENSE, (Event.UNMATCHED_RECEIVED, item.amount),
                reference=f"suspense:{name}", on=on, now=now, cash=cash_of(item.rail),
            )  # fmt: skip
            return


async def _repayment(
    session: AsyncSession, repayment: Repayment, *, on: date, now: datetime
) -> None:
    """The loan is told of it, if it never was, and the ledger moves by what is missing."""
    loan = await queries.get_loan(session, repayment.loan_id, lock=True)
    key = f"repayment:{repayment.id}"
    references = repayments.references_of(repayment.id)
    act = Act(audit.SYSTEM, max(on, repayment.paid_on), now, references, repayment.rail)
    paid = Happening(Type.REPAYMENT, repayment.paid_on, key, repayment.amount_minor)
    await living.happen(session, loan, act, paid)
