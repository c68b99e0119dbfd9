"""The lines of the rails' statements: kept as they came, and found again by their keys."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from servicing.rails.base import Direction, OutcomeStatus, StatementLine
from servicing.treasury import held
from servicing.treasury.models import StatedLine

_CHUNK = 500
_MOVED = (OutcomeStatus.SETTLED, OutcomeStatus.RETURNED)


async def keep(
    session: AsyncSession, rail: str, day: date, lines: Sequence[StatementLine]
) -> list[StatedLine]:
    """Money that moved, instead of what the statement of that day said before."""
    await session.execute(delete(StatedLine).where(StatedLine.rail == rail, StatedLine.day == day))
    moved = [line for line in lines if line.status in _MOVED]
    if not moved:
        return []
    ours = {
        **await held.named_otherwise(session, rail, day),
        **{
            name: name
            for name in await held.by_key(session, rail, {line.reference for line in moved})
        },
    }
    rows = [
        StatedLine(
            id=new_id(), rail=rail, day=day, n=n, key=_key(line, ours), rail_id=line.rail_id,
            reference=line.reference[:120], direction=line.direction, status=line.status,
            amount_minor=line.amount.minor, currency=line.amount.currency,
        )
        for n, line in enumerate(moved, 1)
    ]  # fmt: skip
    session.add_all(rows)
    await session.flush()
    return rows


async def of_day(session: AsyncSession, rail: str, day: date) -> list[StatedLine]:
    rows = await session.scalars(
        select(StatedLine)
        .where(StatedLine.rail == rail, StatedLine.day == day)
        .order_by(StatedLine.n)
    )
    return list(rows)


async def with_keys(
    session: AsyncSession, rail: str, keys: Collection[str]
) -> dict[str, list[StatedLine]]:
    """Whatever any statement of the rail says of them, oldest first."""
    found: dict[str, list[StatedLine]] = {}
    names = sorted(keys)
    for at in range(0, len(names), _CHUNK):
        rows = await session.scalars(
            select(StatedLine)
            .where(StatedLine.rail == rail, StatedLine.key.in_(names[at : at + _CHUNK]))
            .order_by(StatedLine.day, StatedLine.n)
        )
        for row in rows:
            found.setdefault(row.key, []).append(row)
    return found


def _key(line: StatementLine, ours: Mapping[str, str]) -> str:
    """Anybody may write any reference, twice: what we did not order goes by the rail's own id."""
    if line.direction is Direction.INCOMING:
        return line.rail_id[:120]
    return ours.get(line.reference or line.rail_id, line.rail_id)[:120]
