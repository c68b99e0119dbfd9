"""A loan's statement: every movement in order, with what the borrower owes after it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing.ledger.chart import RECEIVABLES, Account
from servicing.ledger.models import Entry, Line
from servicing.ledger.rules import EntryKind
from servicing.models import Loan


@dataclass(frozen=True, slots=True)
class StatementRow:
    on: date
    kind: EntryKind
    charged: Money
    """Added to what is owed: the money lent, interest, fees."""
    paid: Money
    """Taken off it, or put aside as credit."""
    balance: Money
    """Owed after this row; less than zero when the borrower has paid in advance."""


async def rows_of(session: AsyncSession, loan: Loan) -> list[StatementRow]:
    """Straight from the ledger, so it cannot disagree with it."""
    found = await session.execute(
        select(Entry, Line)
        .join(Line, Line.entry_id == Entry.id)
        .where(Entry.loan_id == loan.id)
        .order_by(Entry.id, Line.id)
    )
    moved: dict[Entry, list[int]] = {}
    for entry, line in found:
        sums = moved.setdefault(entry, [0, 0])
        change = _change(line)
        sums[change < 0] += abs(change)
    balance, rows = 0, []
    for entry, (charged, paid) in moved.items():
        balance += charged - paid
        if charged or paid:
            amounts = (Money(minor, loan.currency) for minor in (charged, paid, balance))
            rows.append(StatementRow(entry.posted_on, entry.kind, *amounts))
    return rows


def _change(line: Line) -> int:
    """What a line does to the borrower's debt. His own credit settling it changes nothing."""
    borrowers = (*RECEIVABLES, Account.BORROWER_CREDIT)
    debited, credited = line.debit in borrowers, line.credit in borrowers
    return line.amount_minor * (debited - credited)
