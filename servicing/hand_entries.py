"""Money that arrived outside the rails, as a member of staff enters it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import queries, repayments, transfers
from servicing.ledger.chart import RAILS
from servicing.models import Repayment


async def receive(
    session: AsyncSession,
    *,
    loan_id: UUID,
    amount: Money,
    reference: str,
    on: date,
    now: datetime,
) -> Repayment:
    """By its receipt or bank reference, which is entered once. Raises RailTransferKnown for what
    one of our rails has brought."""
    await queries.get_loan(session, loan_id, lock=True)
    reference = _spelled(reference)
    await transfers.must_be_outside(session, reference)
    return await repayments.receive(
        session, loan_id=loan_id, amount=amount, rail_reference=f"{transfers.BY_HAND}{reference}",
        on=on, now=now,
    )  # fmt: skip


def _spelled(reference: str) -> str:
    """Without spaces around it and around its rail: so it is looked for when the rail tells."""
    rail, _, name = (part.strip() for part in reference.partition(":"))
    return f"{rail}:{name}" if name and rail.lower() in RAILS else reference.strip()
