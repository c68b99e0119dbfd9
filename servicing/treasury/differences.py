"""What two of staff have posted of a break: lost, gained, or the lender's own; and what is left."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from servicing.ledger import posting
from servicing.ledger.chart import cash_of
from servicing.ledger.models import Entry
from servicing.ledger.rules import EntryKind, Event
from servicing.models import ReconciliationBreak

_CHUNK = 500
_LOST = (Event.RAIL_SHORT, Event.RAIL_OVER)
_OWN = (Event.OWN_TAKEN_OUT, Event.OWN_CAME_BACK)


async def posted(session: AsyncSession, break_id: UUID) -> tuple[int, int]:
    """In minor units, of all its entries: lost or gained, and the lender's own. Below zero: it has
    left."""
    moved, n = [0, 0], 1
    while (entry := await posting.find(session, _name(break_id, n))) is not None:
        for line in await posting.lines_of(session, entry):
            sign = 1 if line.event in (_LOST[True], _OWN[True]) else -1
            moved[line.event in _OWN] += sign * line.amount_minor
        n += 1
    return moved[False], moved[True]


async def standing(session: AsyncSession, rows: Iterable[ReconciliationBreak]) -> set[UUID]:
    """Those of which something is posted that was not taken back."""
    names = {_name(row.id, 1): row.id for row in rows}
    some = sorted(names)
    found: set[UUID] = set()
    for at in range(0, len(some), _CHUNK):
        query = select(Entry.reference).where(Entry.reference.in_(some[at : at + _CHUNK]))
        found |= {names[name] for name in await session.scalars(query)}
    return {break_id for break_id in found if any(await posted(session, break_id))}


async def post(
    session: AsyncSession, found: ReconciliationBreak, difference: Money, *, on: date,
    now: datetime, is_own: bool = False,
) -> None:  # fmt: skip
    """Between the rail's cash and `rail_differences`, or `lender_funds`; below zero it has left."""
    n = 1
    while await posting.find(session, _name(found.id, n)) is not None:
        n += 1
    event = (_OWN if is_own else _LOST)[difference.minor > 0]
    amount = Money(abs(difference.minor), difference.currency)
    await posting.post(
        session, EntryKind.DIFFERENCE, (event, amount), reference=_name(found.id, n), on=on,
        now=now, cash=cash_of(found.rail),
    )  # fmt: skip


def _name(break_id: UUID, n: int) -> str:
    """How its n-th entry is called, from 1."""
    return f"difference:{break_id}" if n == 1 else f"difference:{break_id}:{n}"
