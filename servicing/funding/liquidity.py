"""Cash at each rail, by currency: what stands in the ledger, and what is on its way out."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.ledger import balances
from servicing.ledger.chart import CASHES, Account, cash_of
from servicing.models import Payout
from servicing.states import ASKABLE, OrderStatus

_UNDER_WAY = (*ASKABLE, OrderStatus.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True)
class Cash:
    posted_minor: int = 0
    pending_out_minor: int = 0

    @property
    def available_minor(self) -> int:
        return self.posted_minor - self.pending_out_minor


async def cash(session: AsyncSession) -> dict[tuple[Account, str], Cash]:
    posted = {
        (row.account, row.currency): row.net_minor
        for row in await balances.trial_balance(session)
        if row.account in CASHES
    }
    rows = await session.execute(
        select(Payout.rail, Payout.currency, func.sum(Payout.amount_minor))
        .where(Payout.status.in_(_UNDER_WAY))
        .group_by(Payout.rail, Payout.currency)
    )
    leaving: dict[tuple[Account, str], int] = {}
    for rail, currency, minor in rows:
        key = (cash_of(rail), currency)
        leaving[key] = leaving.get(key, 0) + int(minor)
    return {
        key: Cash(posted.get(key, 0), leaving.get(key, 0)) for key in posted.keys() | leaving.keys()
    }
