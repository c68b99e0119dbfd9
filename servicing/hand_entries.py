"""Money that arrived outside the rails, as a member of staff enters it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import queries, repayments, transfers
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
    await transfers.must_be_outside(session, reference)
    return await repayments.receive(
        session, loan_id=loan_id, amount=amount, rail_reference=f"{transfers.BY_HAND}{reference}",
        on=on, now=now,
    )  # fmt: skip
