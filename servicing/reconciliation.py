"""Three accounts of the same money, compared daily: what we hold, our ledger, the statement."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.db import lock_key
from kit.ids import new_id
from kit.money import Money
from servicing import queries
from servicing.models import (
    RailEventRow,
    ReconciliationBreak,
    ReconciliationRun,
)
from servicing.rails.base import Balances, Direction, StatementLine
from servicing.treasury import backdated, differences, held, lines, not_returned
from servicing.treasury.held import Held
from servicing.treasury.models import Resolution as Resolution
from servicing.treasury.models import StatedLine
from servicing.treasury.not_returned import Back


class Category(StrEnum):
    MISSING_AT_RAIL = "missing_at_rail"
    """We hold it for settled; no statement has it."""
    MISSING_HERE = "missing_here"
    """The statement has it; we know what it is for, and do not hold it for settled."""
    UNKNOWN_REFERENCE = "unknown_reference"
    """The statement has it; it is for nothing that we know."""
    AMOUNT = "amount"
    DUPLICATE = "duplicate"
    """Statements have it more than once. Its amount is that of every time but the first."""
    RETURNED = "returned"
    """It came back, or was taken back, and with us it is not undone."""
    NOT_RETURNED = not_returned.CATEGORY
    """With us it came back, or was taken back, and statements of days since do not have that."""
    NOT_POSTED = "not_posted"
    """Settled at the rail and with us, and not in the ledger."""


@dataclass(frozen=True, slots=True)
class Break:
    category: Category
    reference: str
    ours: Money | None
    theirs: Money | None


@dataclass(frozen=True, slots=True)
class _Compared:
    breaks: tuple[Break, ...]
    matched: int
    late: int
    """Of these, moved on another day than the statement's."""


async def run(
    session: AsyncSession,
    *,
    rail: str,
    day: date,
    lines: Sequence[StatementLine],
    now: datetime,
    balances: Balances | None = None,
) -> list[Break]:
    """Compare one statement day with what we know, and look again at days with open breaks, and at
    those into which something has settled since.

    Running it again replaces what it found; what has mended since is closed by itself.
    """
    await hold(session, rail)
    await _keep_run(session, rail, day, balances, now=now)
    stated = await _replace(session, rail, day, lines)
    known = await _days_known(session, rail)
    backs = await not_returned.by_day(session, rail, known)
    again = {*stated, *await _days_open(session, rail)}
    again |= await backdated.days(session, rail, known)
    again |= await not_returned.days(session, rail, backs)
    compared = await _compare(session, rail, {day, *again}, backs)
    for each, of_day in compared.items():
        await _keep(session, rail, each, of_day, now=now)
    return list(compared[day].breaks)


async def hold(session: AsyncSession, rail: str) -> None:
    """Nobody else changes this rail's statements and breaks until the transaction ends. Before any
    other lock: docs/conventions.md has their order."""
    await lock_key(session, f"reconcile:{rail}")


async def still_broken(session: AsyncSession, rail: str, day: date) -> set[str]:
    """What differs on that day as things are now. That money moved again stays so for ever."""
    backs = await not_returned.by_day(session, rail, await _days_known(session, rail))
    found = (await _compare(session, rail, {day}, backs))[day].breaks
    return {each.reference for each in found if each.category is not Category.DUPLICATE}


async def list_open(
    session: AsyncSession, *, after: UUID | None = None, limit: int | None = None
) -> list[ReconciliationBreak]:
    """Those that were found first. `after`: the last id of the page before."""
    query = select(ReconciliationBreak).where(ReconciliationBreak.resolved_at.is_(None))
    if after is not None:
        query = query.where(ReconciliationBreak.id > after)
    return list(await session.scalars(query.order_by(ReconciliationBreak.id).limit(limit)))


async def list_runs(
    session: AsyncSession,
    *,
    rail: str | None = None,
    after: ReconciliationRun | None = None,
    limit: int = 90,
) -> list[ReconciliationRun]:
    """Newest day first. `after`: the last of the page before."""
    key = ReconciliationRun.day, ReconciliationRun.rail
    query = select(ReconciliationRun).order_by(key[0].desc(), key[1])
    if rail is not None:
        query = query.where(key[1] == rail)
    if after is not None:
        query = query.where((key[0] < after.day) | (key[0] == after.day) & (key[1] > after.rail))
    return list(await session.scalars(query.limit(limit)))


async def _replace(
    session: AsyncSession, rail: str, day: date, told: Sequence[StatementLine]
) -> set[date]:
    """Keep the statement; the days of other statements that speak of the same money."""
    before = await lines.of_day(session, rail, day)
    after = await lines.keep(session, rail, day, told)
    same = await lines.with_keys(session, rail, {line.key for line in (*before, *after)})
    return {line.day for found in same.values() for line in found}


async def _days_open(session: AsyncSession, rail: str) -> list[date]:
    return list(await session.scalars(_DAYS_OPEN, {"rail": rail}))


async def _days_known(session: AsyncSession, rail: str) -> set[date]:
    """Those that were compared."""
    return set(await session.scalars(_DAYS_KNOWN, {"rail": rail}))


async def _compare(
    session: AsyncSession, rail: str, days: Collection[date], backs: Mapping[date, Sequence[Back]]
) -> dict[date, _Compared]:
    """Each day, in their order; all are read at once."""
    stated = {day: await lines.of_day(session, rail, day) for day in sorted(days)}
    moved = {day: await held.keys_of_day(session, rail, day) for day in stated}
    wanted = {day: {line.key for line in stated[day]} | moved[day] for day in stated}
    keys = {key for of_day in wanted.values() for key in of_day}
    ours = await held.by_key(session, rail, keys)
    everywhere = await lines.with_keys(session, rail, keys)
    return {
        day: await _compare_day(
            session, day, stated[day],
            {key: ours[key] for key in sorted(wanted[day]) if key in ours}, everywhere,
            backs.get(day, []),
        )
        for day in stated
    }  # fmt: skip


async def _compare_day(
    session: AsyncSession,
    day: date,
    stated: Sequence[StatedLine],
    ours: Mapping[str, Held],
    everywhere: Mapping[str, Sequence[StatedLine]],
    backs: Sequence[Back],
) -> _Compared:
    keys = {line.key for line in stated}
    breaks: dict[tuple[Category, str], Break] = {}
    repeats: dict[str, list[StatedLine]] = {}
    for line in stated:
        first = next(each for each in everywhere[line.key] if each.is_back == line.is_back)
        if first.id != line.id:
            repeats.setdefault(line.key, []).append(line)
        elif (found := await _difference(session, line, ours.get(line.key))) is not None:
            breaks[found.category, found.reference] = found
    for key, again in repeats.items():
        if moved := _in_all(_not_held(again, everywhere[key], ours.get(key))):
            breaks[Category.DUPLICATE, key] = Break(Category.DUPLICATE, key, None, moved)
    wrong = {reference for _, reference in breaks}
    for key, each in ours.items():
        # What moved that day and stands in no statement, of whatever day.
        if each.on == day and key not in everywhere:
            missing = Break(Category.MISSING_AT_RAIL, key, each.amount, None)
            breaks[missing.category, key] = missing
    late = [key for key in keys - wrong if ours[key].on != day]
    alone = [Break(Category.NOT_RETURNED, back.key, back.amount, None) for back in backs]
    return _Compared((*breaks.values(), *alone), len(keys - wrong), len(late))


def _not_held(
    again: Sequence[StatedLine], every: Sequence[StatedLine], ours: Held | None
) -> Sequence[StatedLine]:
    """Without further parts of what came back, once all of these of the day are in the books."""
    back = [line for line in every if line.is_back]
    missing = lines.besides(back, ours.parts if ours else ())
    if any(line in missing for line in again):
        return again
    return [line for line in again if not line.is_back]


def _in_all(repeated: Sequence[StatedLine]) -> Money | None:
    """What all of them move beyond the first time. Below zero: it was taken back once too often."""
    if not repeated:
        return None
    zero = Money(0, repeated[0].currency)
    return sum((-each.amount if each.is_back else each.amount for each in repeated), zero)


async def _difference(session: AsyncSession, line: StatedLine, ours: Held | None) -> Break | None:
    if line.is_back:
        is_known = ours is not None and line.amount in (ours.came_back, *ours.parts)
        return None if is_known else Break(Category.RETURNED, line.key, None, line.amount)
    if ours is None or not ours.has_moved:
        known = ours is not None or await _names_a_loan(session, line)
        category = Category.MISSING_HERE if known else Category.UNKNOWN_REFERENCE
        return Break(category, line.key, None, line.amount)
    if ours.amount != line.amount:
        is_same = ours.amount.currency == line.currency
        return Break(Category.AMOUNT, line.key, ours.amount if is_same else None, line.amount)
    if not ours.is_posted:
        return Break(Category.NOT_POSTED, line.key, ours.amount, line.amount)
    return None


async def _names_a_loan(session: AsyncSession, line: StatedLine) -> bool:
    if line.direction is not Direction.INCOMING:
        return False
    return await queries.find_by_reference(session, line.reference) is not None


async def _keep_run(
    session: AsyncSession, rail: str, day: date, balances: Balances | None, *, now: datetime
) -> None:
    row = await session.get(ReconciliationRun, (rail, day))
    if row is None:
        row = ReconciliationRun(rail=rail, day=day, matched=0, late=0, breaks=0)
        session.add(row)
    row.ran_at = now
    if balances is not None:
        row.currency = balances.opening.currency
        row.opening_minor, row.closing_minor = balances.opening.minor, balances.closing.minor


async def _keep(
    session: AsyncSession, rail: str, day: date, compared: _Compared, *, now: datetime
) -> None:
    """A break keeps its row, and what people have said of it, as long as it is there."""
    run_row = await session.get_one(ReconciliationRun, (rail, day))
    run_row.matched, run_row.late = compared.matched, compared.late
    run_row.breaks = len(compared.breaks)
    rows = await session.scalars(_KNOWN, {"rail": rail, "day": day})
    known = {(row.category, row.reference): row for row in rows}
    told = await _told(session, rail, [each.reference for each in compared.breaks])
    for each in compared.breaks:
        row = known.pop((each.category, each.reference), None)
        if row is None:
            row = ReconciliationBreak(
                id=new_id(), rail=rail, day=day, category=each.category, reference=each.reference
            )
            session.add(row)
        elif _still_holds(row, each):
            continue
        elif row.resolution not in (None, Resolution.MENDED):
            _record_reopened(session, row, now=now)
        _note(row, each, told.get(each.reference))
    await _close(session, list(known.values()), now=now)
    await session.flush()


def _still_holds(row: ReconciliationBreak, each: Break) -> bool:
    """Whether people have resolved it as it is now. What they had put right and is there again is
    something new, but that money came in again stays so for ever."""
    if row.resolution in (None, Resolution.MENDED):
        return False
    came_again = each.category is Category.DUPLICATE and (row.theirs_minor or 0) > 0
    if row.resolution == Resolution.PUT_RIGHT and not came_again:
        return False
    return (row.ours_minor, row.theirs_minor, row.currency) == _facts(each)


async def _close(
    session: AsyncSession, gone: Sequence[ReconciliationBreak], *, now: datetime
) -> None:
    """They have mended. One of which a difference stands in the ledger is there until it is taken
    back: both sides say the same."""
    ended = (Resolution.MENDED, Resolution.EXPLAINED, Resolution.PUT_RIGHT)
    gone = [row for row in gone if row.resolution not in ended]
    standing = await differences.standing(session, gone)
    for row in gone:
        if row.id in standing:
            if row.resolved_at is not None:
                _record_reopened(session, row, now=now)
            row.theirs_minor = row.ours_minor or 0
            row.resolved_at = row.resolution = None
        elif row.resolved_at is None:
            row.resolved_at, row.resolution = now, Resolution.MENDED


def _record_reopened(session: AsyncSession, row: ReconciliationBreak, *, now: datetime) -> None:
    audit.record(
        session, actor=audit.SYSTEM, action="break.reopened", subject=f"break:{row.id}", now=now,
        resolution=row.resolution, ours=row.ours_minor, theirs=row.theirs_minor,
        currency=row.currency,
    )  # fmt: skip


def _note(row: ReconciliationBreak, each: Break, told: str | None) -> None:
    row.ours_minor, row.theirs_minor, row.currency = _facts(each)
    row.told = told
    row.resolved_at = row.resolution = None


def _facts(each: Break) -> tuple[int | None, int | None, str]:
    amount = each.theirs or each.ours
    assert amount is not None, "a break has an amount"
    ours, theirs = each.ours, each.theirs
    return ours.minor if ours else None, theirs.minor if theirs else None, amount.currency


async def _told(session: AsyncSession, rail: str, references: Sequence[str]) -> Mapping[str, str]:
    """The last that the rail's own events have said of each."""
    if not references:
        return {}
    found: dict[str, str] = {}
    for row in await session.scalars(_TOLD, {"rail": rail, "references": references}):
        found[row.client_ref] = row.status
        if row.rail_id is not None:
            found[row.rail_id] = row.status
    return found


# Built once: building a statement takes about as long as running it.
_DAYS_KNOWN = select(ReconciliationRun.day).where(ReconciliationRun.rail == bindparam("rail"))
_DAYS_OPEN = (
    select(ReconciliationBreak.day)
    .where(ReconciliationBreak.rail == bindparam("rail"), ReconciliationBreak.resolved_at.is_(None))
    .distinct()
)
_KNOWN = select(ReconciliationBreak).where(
    ReconciliationBreak.rail == bindparam("rail"), ReconciliationBreak.day == bindparam("day")
)
_REFERENCES: BindParameter[str] = bindparam("references", expanding=True)
_TOLD = (
    select(RailEventRow)
    .where(
        RailEventRow.rail == bindparam("rail"),
        or_(RailEventRow.client_ref.in_(_REFERENCES), RailEventRow.rail_id.in_(_REFERENCES)),
    )
    .order_by(RailEventRow.id)
)
