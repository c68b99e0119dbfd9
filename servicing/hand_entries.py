"""Money that arrived outside the rails, as a member of staff enters it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.errors import DomainError
from kit.four_eyes import Proposal
from kit.money import Money
from servicing import queries, repayments, transfers
from servicing.ledger.chart import OUTSIDE, RAILS
from servicing.models import Repayment


class PaidInFuture(DomainError):
    """Money that arrives tomorrow is recorded tomorrow."""

    code = "paid_in_future"


async def enter(
    session: AsyncSession,
    *,
    loan_id: UUID,
    amount: Money,
    reference: str,
    on: date,
    staff_id: UUID,
    reason: str,
    two_from: Money,
    today: date,
    now: datetime,
) -> Repayment | Proposal:
    """What one may enter is received, as `receive` does; the rest when a second person says the
    same. One may enter what is less than `two_from`, in its currency. Raises PaidInFuture."""
    if on > today:
        raise PaidInFuture(paid_on=on, today=today)
    loan = await queries.get_loan(session, loan_id, lock=True)
    name = f"{transfers.BY_HAND}{_spelled(reference)}"
    is_for_two = amount.currency != two_from.currency or amount.minor >= two_from.minor
    if is_for_two and await queries.find_repayment(session, name) is None:
        await transfers.must_be_outside(session, _spelled(reference))
        repayments.must_be_takable(loan, amount)
        proposal = await four_eyes.agree(
            session, act="repayment.enter", subject=f"loan:{loan.id}", staff_id=staff_id,
            reason=reason, now=now, amount=str(amount), reference=_spelled(reference),
            paid_on=on.isoformat(),
        )  # fmt: skip
        if not proposal.is_confirmed:
            return proposal
    found = await receive(
        session, loan_id=loan_id, amount=amount, reference=reference, on=on, now=now
    )
    audit.record(
        session, actor=f"staff:{staff_id}", action="repayment.record", subject=f"loan:{loan_id}",
        now=now, repayment=str(found.id), amount=str(found.amount),
    )  # fmt: skip
    return found


async def receive(
    session: AsyncSession,
    *,
    loan_id: UUID,
    amount: Money,
    reference: str,
    on: date,
    now: datetime,
) -> Repayment:
    """By its receipt or bank reference, which is entered once; it is cash at no rail. Raises
    RailTransferKnown for what one of our rails has brought."""
    await queries.get_loan(session, loan_id, lock=True)
    reference = _spelled(reference)
    await transfers.must_be_outside(session, reference)
    return await repayments.receive(
        session, loan_id=loan_id, amount=amount, rail_reference=f"{transfers.BY_HAND}{reference}",
        on=on, now=now, rail=OUTSIDE,
    )  # fmt: skip


def _spelled(reference: str) -> str:
    """Without spaces around it and around its rail: so it is looked for when the rail tells."""
    rail, _, name = (part.strip() for part in reference.partition(":"))
    return f"{rail}:{name}" if name and rail.lower() in RAILS else reference.strip()
