"""A bank's lump: one sum for many payments, which may stand in our books one by one."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from math import gcd

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import DomainError, Kind
from servicing import incidents, standings, transfers
from servicing.models import Loan, ReconciliationBreak
from servicing.reconciliation import Category, Resolution
from servicing.treasury import held, lines
from servicing.treasury.funded import FUNDED
from servicing.treasury.models import StatedLine

LUMP = "entry_without_details"
"""How the incident is called that a lump leaves."""
_NEAR = timedelta(days=3)
_MONEY_IN = ("repayment:", "recovery:", "suspense:", FUNDED)
_SHOWN_MAX = 20
_STEPS_MAX = 10**8


class PartsStandAlready(DomainError):
    """Payments that may make up the lump `lump` stand in the books, and no statement has them."""

    kind = Kind.CONFLICT
    code = "parts_stand_already"

    def __str__(self) -> str:
        return (
            f"{self.params['lump']} may be made up of payments that are in the books already: "
            f"{self.params['parts']}. Explain first what these are."
        )


async def must_be_other_money(session: AsyncSession, line: StatedLine) -> None:
    """Raises PartsStandAlready for a lump near whose day payments have come in that no statement
    has: before two people have explained what they are, and after it where some of them make up
    the lump to the last minor unit."""
    subject = f"{line.rail}:{line.rail_id}"[:120]
    if not await incidents.is_reported(session, kind=LUMP, subject=subject):
        return
    told = await _told_one_by_one(session, line)
    open_ones = sorted(told.keys() - await _explained(session, line.rail, list(told)))
    parts = open_ones or (list(told) if _can_make_up(told.values(), line.amount_minor) else [])
    if parts:
        said = [await _where(session, line.rail, each) for each in parts[:_SHOWN_MAX]]
        more = f" and {len(parts) - _SHOWN_MAX} more" if len(parts) > _SHOWN_MAX else ""
        raise PartsStandAlready(lump=line.rail_id, parts=", ".join(said) + more)


async def _told_one_by_one(session: AsyncSession, line: StatedLine) -> dict[str, int]:
    """In minor units, by the rail's name."""
    days = [line.day + timedelta(days=n) for n in range(-_NEAR.days, _NEAR.days + 1)]
    keys = {key for day in days for key in await held.keys_of_day(session, line.rail, day)}
    ours = await held.by_key(session, line.rail, keys)
    stated = await lines.with_keys(session, line.rail, keys)
    return {
        key: each.amount.minor
        for key, each in sorted(ours.items())
        if key not in stated
        and each.entries[0].startswith(_MONEY_IN)
        and not each.is_back
        and each.amount.currency == line.currency
        and each.amount.minor <= line.amount_minor
    }


async def _explained(session: AsyncSession, rail: str, names: Sequence[str]) -> set[str]:
    found = await session.scalars(
        select(ReconciliationBreak.reference).where(
            ReconciliationBreak.rail == rail,
            ReconciliationBreak.reference.in_(names),
            ReconciliationBreak.category == Category.MISSING_AT_RAIL,
            ReconciliationBreak.resolution == Resolution.EXPLAINED,
        )
    )
    return set(found)


def _can_make_up(minor: Collection[int], whole: int) -> bool:
    """Whether some of them add up to `whole`. Of sums that take too many steps: all of them."""
    unit = gcd(whole, *minor)
    steps = whole // unit
    if steps > _STEPS_MAX:
        return sum(minor) == whole
    reached = 1  # Bit n: some of those so far add up to n units.
    for each in minor:
        reached |= (reached << each // unit) & ((1 << steps + 1) - 1)
    return bool(reached >> steps & 1)


async def _where(session: AsyncSession, rail: str, name: str) -> str:
    known = await transfers.find(session, rail, name)
    if known is None:
        return name
    loan = None if known.loan_id is None else await session.get(Loan, known.loan_id)
    return f"{name} as {standings.said(known.as_, loan.reference if loan else None)}"
