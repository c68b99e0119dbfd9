"""A funder's payment that his bank takes back: it leaves his stake, as far as it is free."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.errors import DomainError, Kind
from kit.money import Money
from servicing import incidents
from servicing.funding import capital, pools
from servicing.funding.capital import CapitalNotFree
from servicing.funding.models import Movement, Pool, Stake
from servicing.ledger.rules import Event
from servicing.models import ReconciliationBreak
from servicing.rails.base import Direction
from servicing.treasury import funded
from servicing.treasury.models import StatedLine


class CapitalReturnDiffers(DomainError):
    """The bank took back another amount (`theirs`) than had become capital (`ours`)."""

    kind = Kind.CONFLICT
    code = "capital_return_differs"


@dataclass(frozen=True, slots=True)
class PaidIn:
    stake: Stake
    pool: Pool
    amount: Money


async def find(session: AsyncSession, rail: str, key: str) -> PaidIn | None:
    """What the rail calls `key`, where it is the capital of a stake."""
    known = (await funded.by_key(session, rail, [key])).get(key)
    if known is None or known.back_on is not None:
        return None
    stake_id = await session.scalar(
        select(Movement.stake_id).where(Movement.entry_id == known.entry_id)
    )
    assert stake_id is not None, f"{known.entry} is on no stake's account"
    return PaidIn(*await pools.get_stake(session, stake_id), known.amount)


async def of_break(session: AsyncSession, found: ReconciliationBreak) -> PaidIn | None:
    """The capital that a break says his bank took back."""
    if found.category != "returned" or found.resolved_at is not None:
        return None
    return await find(session, found.rail, found.reference)


async def must_be_free(session: AsyncSession, line: StatedLine) -> None:
    """Raises CapitalNotFree and CapitalReturnDiffers where the line takes capital back. What is
    lent, on its way, promised or lost cannot go: somebody has to pay for it first."""
    paid = await _of_line(session, line)
    if paid is None:
        return
    if paid.amount != line.amount:
        raise CapitalReturnDiffers(ours=str(paid.amount), theirs=str(line.amount))
    await pools.lock(session, rail=paid.pool.rail, currency=paid.pool.currency)
    free = (await capital.book_of(session, paid.pool, paid.stake)).free
    if free < paid.amount.minor:
        raise CapitalNotFree(free=str(Money(max(free, 0), paid.pool.currency)))


async def take_out(session: AsyncSession, line: StatedLine, *, on: date, now: datetime) -> bool:
    """Two people have agreed. False, with nothing done, where the line takes no capital back."""
    paid = await _of_line(session, line)
    if paid is None:
        return False
    await must_be_free(session, line)
    name = funded.name_back(line.rail, line.key)
    await capital.move(
        session, paid.pool, paid.stake, Event.CAPITAL_TAKEN_BACK, paid.amount, name, on, now
    )
    await incidents.put_right(
        session, kind="chargeback_unknown", subject=f"{line.rail}:{line.key}"[:120],
        actor=audit.SYSTEM, now=now,
    )  # fmt: skip
    return True


async def is_out(session: AsyncSession, rail: str, key: str) -> bool:
    """Whether it was capital, and left its stake since."""
    known = (await funded.by_key(session, rail, [key])).get(key)
    return known is not None and known.back_on is not None


async def _of_line(session: AsyncSession, line: StatedLine) -> PaidIn | None:
    if not line.is_back or line.direction is not Direction.INCOMING:
        return None
    return await find(session, line.rail, line.key)
