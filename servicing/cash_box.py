"""Cash that staff entered by hand, which is at no rail: how much is there, one act at a time."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import lock_key
from kit.money import Money
from servicing import incidents
from servicing.ledger import balances
from servicing.ledger.chart import OUTSIDE, cash_of


async def held(session: AsyncSession, currency: str) -> Money:
    """Nobody else takes out of it until the transaction ends. Locked after what waits in suspense:
    docs/conventions.md."""
    await lock_key(session, "cash_outside")
    cash = cash_of(OUTSIDE)
    found = (await balances.cash(session, accounts=[cash])).get((cash, currency))
    return Money(0 if found is None else found.available_minor, currency)


async def look(session: AsyncSession, currency: str, *, subject: str, now: datetime) -> None:
    """Something was taken out of it, by `subject`. An incident says so where it is short: what
    never came was taken to a rail before."""
    left = await held(session, currency)
    if left.minor < 0:
        await incidents.report(
            session, kind="cash_box_short", subject=subject, now=now, short=str(-left)
        )
