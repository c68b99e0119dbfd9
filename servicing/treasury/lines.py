"""The lines of the rails' statements: kept as they came, and found again by their keys."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from kit.money import Money
from servicing.rails.base import Direction, OutcomeStatus, StatementLine
from servicing.treasury import held
from servicing.treasury.models import StatedLine

_CHUNK = 500
_GOES_BACK_WITHIN = timedelta(days=90)
_MOVED = (OutcomeStatus.SETTLED, OutcomeStatus.RETURNED)


async def keep(
    session: AsyncSession, rail: str, day: date, lines: Sequence[StatementLine]
) -> list[StatedLine]:
    """Money that moved, instead of what the statement of that day said before."""
    await session.execute(_FORGET, {"of_rail": rail, "of_day": day})
    moved = [line for line in lines if line.status in _MOVED and not line.wrong]
    if not moved:
        return []
    ours = {
        **await held.named_otherwise(session, rail, day),
        **{
            name: name
            for name in await held.by_key(session, rail, {line.reference for line in moved})
        },
    }
    asked = {line.rail_id for line in moved if line.direction is Direction.COLLECT}
    # What came for a request beyond its own money is in the books by the rail's name.
    ours |= {name: name for name in await held.by_key(session, rail, asked)}
    ours = {**await _taken_back(session, rail, day, moved), **ours}
    rows = [
        StatedLine(
            id=new_id(), rail=rail, day=day, n=n, key=_key(line, ours), rail_id=line.rail_id,
            reference=line.reference[:120], direction=_direction(line, ours), status=line.status,
            amount_minor=line.amount.minor, currency=line.amount.currency,
        )
        for n, line in enumerate(moved, 1)
    ]  # fmt: skip
    session.add_all(rows)
    await session.flush()
    return rows


async def _taken_back(
    session: AsyncSession, rail: str, day: date, moved: Sequence[StatementLine]
) -> dict[str, str]:
    """What goes back is known as it was when it moved, long ago as that may be."""
    back = {line.rail_id: line for line in moved if line.status is OutcomeStatus.RETURNED}
    if not back:
        return {}
    names = {"rail": rail, "since": day - _GOES_BACK_WITHIN, "rail_ids": sorted(back)}
    found = (await session.execute(_STATED_AS, names)).all()
    return {
        name: row.key
        for row in found
        for name in (row.rail_id, back[row.rail_id].reference)
        if name
    }


async def of_day(session: AsyncSession, rail: str, day: date) -> list[StatedLine]:
    return list(await session.scalars(_OF_DAY, {"rail": rail, "day": day}))


async def with_keys(
    session: AsyncSession, rail: str, keys: Collection[str]
) -> dict[str, list[StatedLine]]:
    """Whatever any statement of the rail says of them, oldest first."""
    found: dict[str, list[StatedLine]] = {}
    names = sorted(keys)
    for at in range(0, len(names), _CHUNK):
        some = {"rail": rail, "keys": names[at : at + _CHUNK]}
        for row in await session.scalars(_WITH_KEYS, some):
            found.setdefault(row.key, []).append(row)
    return found


def besides(stated: Iterable[StatedLine], amounts: Iterable[Money]) -> list[StatedLine]:
    """Those that none of the amounts answers for; each does for one line, the first of its own."""
    left = Counter(amounts)
    found = []
    for line in stated:
        if left[line.amount] > 0:
            left[line.amount] -= 1
        else:
            found.append(line)
    return found


def _direction(line: StatementLine, ours: Mapping[str, str]) -> Direction:
    """A payer may write what looks like a name of ours: what we did not ask for he has sent."""
    asked = line.direction is not Direction.COLLECT or (line.reference or line.rail_id) in ours
    return line.direction if asked else Direction.INCOMING


def _key(line: StatementLine, ours: Mapping[str, str]) -> str:
    """Anybody may write any reference, twice: what we did not order goes by the rail's own id."""
    if line.direction is Direction.INCOMING:
        return line.rail_id[:120]
    if line.direction is Direction.COLLECT and ours.get(line.rail_id) == line.rail_id:
        return line.rail_id[:120]
    return ours.get(line.reference or line.rail_id, line.rail_id)[:120]


# Built once: building a statement takes about as long as running it.
_FORGET = (
    delete(StatedLine)
    .where(StatedLine.rail == bindparam("of_rail"), StatedLine.day == bindparam("of_day"))
    .execution_options(synchronize_session="fetch")
)
_STATED_AS = select(StatedLine.rail_id, StatedLine.key).where(
    StatedLine.rail == bindparam("rail"),
    StatedLine.day >= bindparam("since"),
    StatedLine.status == OutcomeStatus.SETTLED,
    StatedLine.direction != Direction.INCOMING,
    StatedLine.rail_id.in_(bindparam("rail_ids", expanding=True)),
)
_OF_DAY = (
    select(StatedLine)
    .where(StatedLine.rail == bindparam("rail"), StatedLine.day == bindparam("day"))
    .order_by(StatedLine.n)
)
_WITH_KEYS = (
    select(StatedLine)
    .where(
        StatedLine.rail == bindparam("rail"),
        StatedLine.key.in_(bindparam("keys", expanding=True)),
    )
    .order_by(StatedLine.day, StatedLine.n)
)
