"""A payoff that we asked for and that is paid some days later: what came between is forgone."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import debts, queries
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Installment, Loan

# A request may wait in the borrower's wallet for so long.
HONOURED = timedelta(days=3)


async def honour(
    session: AsyncSession,
    loan: Loan,
    rows: Sequence[Installment],
    amount: Money,
    *,
    asked_on: date,
    paid_on: date,
    repayment_id: UUID,
    on: date,
    now: datetime,
) -> None:
    """Bring the payoff of a locked loan back to what it was on `asked_on`, if `amount` paid that.

    The loan's claims are accrued up to `on`, and its credit has not been used on them yet.
    """
    if on <= asked_on or paid_on > asked_on + HONOURED:
        return
    later = [row for row in rows if row.due_on > asked_on]
    if any(_is_begun(row, asked_on) for row in later):
        return
    paid = amount.minor + (await queries.credit(session, loan)).minor
    fined = [row for row in rows if row.late_fee_on and row.late_fee_on > asked_on]
    fined = [row for row in fined if row.penalties_paid_minor == 0]
    asked = debts.total(debts.payoff(rows, asked_on)) - sum(row.penalties_minor for row in fined)
    if not asked <= paid < debts.total(debts.payoff(rows, on)):
        return
    await _forgo_late_fees(session, fined, on=on, now=now)
    accrued = debts.earned(rows, on)
    fees, others = _uncharge(later)
    debts.forgo_the_rest(rows, on=asked_on)
    parts = (
        (Event.INTEREST_FORGONE, Money(accrued - debts.earned(rows, on), loan.currency)),
        (Event.FEE_FORGONE, Money(fees, loan.currency)),
        (Event.THIRD_PARTY_FEE_FORGONE, Money(others, loan.currency)),
    )
    if any(part for _, part in parts):
        await posting.post(
            session, EntryKind.FORGONE, *parts,
            reference=f"forgone:{repayment_id}", on=on, now=now, loan_id=loan.id,
        )  # fmt: skip


async def take_back(
    session: AsyncSession,
    loan: Loan,
    rows: Sequence[Installment],
    repayment_id: UUID,
    *,
    on: date,
    now: datetime,
) -> None:
    """The payoff went back: what was forgone for it is a claim again. Late fees are not."""
    entry = await posting.find(session, f"forgone:{repayment_id}")
    if entry is None:
        return
    await posting.reverse(session, entry, on=on, now=now)
    assert loan.accrued_on is not None, f"{loan.reference} is not paid out"
    for row in rows:
        if row.due_on <= loan.accrued_on and row.fees_charged_on is None:
            row.fees_charged_on = loan.accrued_on


def _is_begun(row: Installment, asked_on: date) -> bool:
    """Credit has paid more of it since than was owed when we asked."""
    too_much = row.interest_paid_minor > debts.earned_of(row, asked_on)
    return too_much or row.fees_paid_minor > 0


async def _forgo_late_fees(
    session: AsyncSession, rows: Sequence[Installment], *, on: date, now: datetime
) -> None:
    for row in rows:
        entry = await posting.find(session, f"late_fee:{row.id}")
        assert entry is not None, f"the late fee of installment {row.id} was never posted"
        await posting.reverse(session, entry, on=on, now=now)
        row.penalties_minor = 0


def _uncharge(rows: Sequence[Installment]) -> tuple[int, int]:
    """What fell due since is no claim any more: own fees, and fees of others."""
    charged = [row for row in rows if row.fees_charged_on is not None]
    others = sum(row.third_party_fees_minor for row in charged)
    for row in charged:
        row.fees_charged_on = None
    return sum(row.fees_minor for row in charged) - others, others
