"""A loan's dates as papers show them: what is due on each, of which parts, and what is paid."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from servicing import queries
from servicing.models import Installment, Loan

PARTS = ("principal", "interest", "fees")


@dataclass(frozen=True, slots=True)
class PlanRow:
    """All amounts in minor units."""

    n: int
    due_on: date
    principal: int
    interest: int
    fees: int
    """With what was charged for paying late."""
    unpaid: int

    @property
    def due(self) -> int:
        return self.principal + self.interest + self.fees

    @property
    def paid(self) -> int:
        return self.due - self.unpaid


@dataclass(frozen=True, slots=True)
class Plan:
    reference: str
    currency: str
    on: date
    """The day on which this is true."""
    rows: tuple[PlanRow, ...]

    @property
    def due(self) -> int:
        return sum(row.due for row in self.rows)

    @property
    def paid(self) -> int:
        return sum(row.paid for row in self.rows)

    @property
    def open_rows(self) -> tuple[PlanRow, ...]:
        return tuple(row for row in self.rows if row.unpaid)


async def plan_of(session: AsyncSession, loan: Loan, *, on: date) -> Plan:
    rows = await queries.list_installments(session, loan.id)
    shown = tuple(found for row in rows if (found := _row(row)).due)
    return Plan(loan.reference, loan.currency, on, shown)


def _row(row: Installment) -> PlanRow:
    return PlanRow(
        n=row.n,
        due_on=row.due_on,
        principal=row.principal_minor,
        interest=row.interest_minor,
        fees=row.fees_minor + row.penalties_minor,
        unpaid=row.unpaid_minor,
    )
