"""Sums over the ledger: the trial balance, and what stands on the accounts of one loan."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.ledger.chart import TYPE_OF, Account, Side
from servicing.ledger.models import Entry, Line


@dataclass(frozen=True, slots=True)
class Balance:
    """All that moved over one account in one currency, in minor units."""

    account: Account
    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def net_minor(self) -> int:
        """Positive on the side on which the account normally grows."""
        net = self.debit_minor - self.credit_minor
        return net if TYPE_OF[self.account].normal_side is Side.DEBIT else -net


async def trial_balance(session: AsyncSession, *, until: date | None = None) -> list[Balance]:
    """Every account that was ever used, in the order of the chart."""
    where = [Entry.posted_on <= until] if until is not None else []
    return await _sums(session, where)


async def of_loan(session: AsyncSession, loan_id: UUID) -> dict[Account, int]:
    """Net minor units per account, each on its normal side. Unused accounts stand at zero."""
    rows = await _sums(session, [Line.loan_id == loan_id])
    return dict.fromkeys(Account, 0) | {row.account: row.net_minor for row in rows}


async def _sums(session: AsyncSession, where: list[ColumnElement[bool]]) -> list[Balance]:
    sums: dict[tuple[Account, str], list[int]] = defaultdict(lambda: [0, 0])
    for side, column in enumerate((Line.debit, Line.credit)):
        rows = await session.execute(
            select(column, Line.currency, func.sum(Line.amount_minor))
            .join(Entry, Entry.id == Line.entry_id)
            .where(*where)
            .group_by(column, Line.currency)
        )
        for account, currency, minor in rows:
            # PostgreSQL sums bigints as numeric.
            sums[account, currency][side] += int(minor)
    order = list(Account)
    keys = sorted(sums, key=lambda key: (order.index(key[0]), key[1]))
    return [Balance(*key, debit_minor=sums[key][0], credit_minor=sums[key][1]) for key in keys]
