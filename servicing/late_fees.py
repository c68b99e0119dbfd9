"""The late fee of the product: once for each installment that is late beyond its days of grace."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing import debts, messages, queries
from servicing import rules as agreed_rules
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind, Event
from servicing.models import Installment, Loan
from servicing.rules import LoanRules


async def charge(
    session: AsyncSession, loan: Loan, rows: Sequence[Installment], *, on: date, now: datetime
) -> int:
    """Charge a locked loan what its rules say for `on`; how many fees that were."""
    rules = agreed_rules.from_document(loan.rules)
    charged = 0
    for row in rows:
        if not _is_due(row, rules, on):
            continue
        fee = rules.late_fee(Money(row.unpaid_minor, loan.currency))
        if not fee:
            continue
        await posting.post(
            session, EntryKind.LATE_FEE, (Event.LATE_FEE_CHARGED, fee),
            reference=f"late_fee:{row.id}", on=on, now=now, loan_id=loan.id,
        )  # fmt: skip
        row.penalties_minor += fee.minor
        row.late_fee_on = on
        charged += 1
        due = debts.debt(debts.due(rows, on), credit=await queries.credit(session, loan))
        await messages.late_fee_charged(session, loan, row, fee, due.total, now=now)
    return charged


def _is_due(row: Installment, rules: LoanRules, on: date) -> bool:
    is_late = (on - row.due_on).days > rules.late_fee_after_days
    return is_late and row.late_fee_on is None and row.unpaid_minor > 0
