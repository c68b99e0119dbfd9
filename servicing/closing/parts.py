"""The days that are being closed, part by part: what is begun, how far it is, who stays behind.

As long as a part of some day is open, the days after it are divided in the same way. So each part
comes through the days in their order, and with it each of its loans.
"""

import itertools
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Integer, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit import bulk
from kit.db import constant, insert_once, lock_key, lock_row
from servicing.closing.models import DayClose, DayCloseFailure, DayClosePart
from servicing.models import Loan
from servicing.states import LoanStatus

LOANS = 5_000
"""So many in a part, when it is made."""
_Range = tuple[UUID | None, UUID | None]


class Run(NamedTuple):
    """How the close of one day goes, or went."""

    business_date: date
    started_at: datetime
    closed_at: datetime | None
    parts: int
    parts_done: int
    loans: int
    entries: int
    late_fees: int
    failures: int
    """Loans that have not come through this day."""


async def plan(session: AsyncSession, *, today: date, now: datetime) -> list[int]:
    """Begin all days before `today`; the parts that are to be worked on."""
    await begin(session, await days_to_close(session, today=today), now=now)
    return list(await session.scalars(_NEWEST_PARTS))


async def begin(session: AsyncSession, days: Iterable[date], *, now: datetime) -> None:
    """Divide the book for those of the days for which that is not done yet."""
    wanted = list(days)
    if not wanted:
        return
    await lock_plan(session)
    begun = set(await session.scalars(_BEGUN, {"first": min(wanted)}))
    new = [day for day in wanted if day not in begun]
    if not new:
        return
    ranges = await _open_ranges(session) or await _fresh_ranges(session)
    await bulk.insert(
        session,
        DayClose,
        [
            {"business_date": day, "parts": len(ranges), "started_at": now, "closed_at": None}
            for day in new
        ],
    )
    await bulk.insert(
        session,
        DayClosePart,
        [
            {"business_date": day, "part": n, "after": after, "until": until,
             "loans": 0, "entries": 0, "late_fees": 0}
            for day in new
            for n, (after, until) in enumerate(ranges, 1)
        ],
    )  # fmt: skip


async def days_to_close(session: AsyncSession, *, today: date) -> list[date]:
    """Every business day before `today` that is not closed, oldest first."""
    firsts = (await session.execute(_FIRST_DAYS)).one()
    first: date | None = min((day for day in firsts if day is not None), default=None)
    if first is None:
        return []
    closed = set(await session.scalars(_CLOSED, {"first": first}))
    days = [first + timedelta(days=n) for n in range((today - first).days)]
    return [day for day in days if day not in closed]


async def list_open(session: AsyncSession, on: date) -> list[int]:
    rows = await session.scalars(
        select(DayClosePart.part)
        .where(DayClosePart.business_date == on, DayClosePart.finished_at.is_(None))
        .order_by(DayClosePart.part)
    )
    return list(rows)


async def first_open_day(session: AsyncSession, part: int) -> date | None:
    return await session.scalar(_FIRST_OPEN_DAY, {"part": part})


async def hold(session: AsyncSession, on: date, part: int) -> DayClosePart:
    """Nobody else goes on with it until we are done: others wait here, before any loan."""
    row = await lock_row(session, DayClosePart, on, part)
    assert row is not None, f"{on} has no part {part}"
    return row


async def hold_of_loan(session: AsyncSession, on: date, loan_id: UUID) -> DayClosePart:
    part = await session.scalar(
        select(DayClosePart.part).where(
            DayClosePart.business_date == on,
            or_(DayClosePart.after.is_(None), DayClosePart.after < loan_id),
            or_(DayClosePart.until.is_(None), DayClosePart.until >= loan_id),
        )
    )
    assert part is not None, f"no part of {on} has the loan {loan_id}"
    return await hold(session, on, part)


async def lock_plan(session: AsyncSession) -> None:
    """Until we are done, no day begins."""
    await lock_key(session, "day_close.plan")


async def conclude(session: AsyncSession, *, now: datetime) -> None:
    """Close each day through which all parts and all loans have come.

    In a transaction after that of the last part: of two that end at once, neither sees the other.
    """
    await session.execute(_CONCLUDE, {"now": now})


async def leave_behind(
    session: AsyncSession, loan_id: UUID, *, since: date, fault: Exception, now: datetime
) -> None:
    """What it says may name a person: only its kind is kept."""
    await insert_once(
        session,
        DayCloseFailure,
        loan_id=loan_id,
        since=since,
        error=type(fault).__name__,
        failed_at=now,
    )


async def list_behind(session: AsyncSession, part: int | None = None) -> list[DayCloseFailure]:
    """Loans that could not be closed: all, or those of a part as the book is divided now."""
    if part is None:
        return list(await session.scalars(_BEHIND))
    return list(await session.scalars(_BEHIND_IN, {"part": part}))


async def next_day_behind(session: AsyncSession, failure: DayCloseFailure) -> date | None:
    return await session.scalar(
        select(func.min(DayClose.business_date)).where(
            DayClose.business_date >= failure.since, DayClose.closed_at.is_(None)
        )
    )


async def list_runs(
    session: AsyncSession, *, before: date | None = None, limit: int = 50
) -> list[Run]:
    """Newest first. `before` is the last day of the page before."""
    behind = select(func.count()).where(DayCloseFailure.since <= DayClose.business_date)
    query = (
        select(
            DayClose.business_date,
            DayClose.started_at,
            DayClose.closed_at,
            DayClose.parts,
            func.count(DayClosePart.finished_at),
            *(
                func.sum(column)
                for column in (DayClosePart.loans, DayClosePart.entries, DayClosePart.late_fees)
            ),
            behind.scalar_subquery(),
        )
        .join(DayClosePart, DayClosePart.business_date == DayClose.business_date)
        .group_by(DayClose.business_date, DayClose.started_at, DayClose.closed_at, DayClose.parts)
        .order_by(DayClose.business_date.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(DayClose.business_date < before)
    return [Run._make(row) for row in (await session.execute(query)).all()]


async def _open_ranges(session: AsyncSession) -> list[_Range]:
    return [(row.after, row.until) for row in await session.execute(_OPEN_RANGES)]


async def _fresh_ranges(session: AsyncSession) -> list[_Range]:
    """By the running loans of now. Those to come have the highest ids, and join the last part."""
    ends: list[UUID | None] = list(await session.scalars(_ENDS, {"loans": LOANS}))
    return list(itertools.pairwise([None, *ends, None]))


# Built once: building a statement takes about as long as running it.
_BEGUN = select(DayClose.business_date).where(DayClose.business_date >= bindparam("first"))
_CLOSED = _BEGUN.where(DayClose.closed_at.is_not(None))
_FIRST_DAYS = select(
    select(func.min(Loan.disbursed_on)).scalar_subquery(),
    # A loan whose money came back has no such day any more; days are closed without a gap.
    select(func.min(DayClose.business_date)).scalar_subquery(),
)
_NEWEST_PARTS = (
    select(DayClosePart.part)
    .where(
        DayClosePart.business_date
        == select(func.max(DayClose.business_date))
        .where(DayClose.closed_at.is_(None))
        .scalar_subquery()
    )
    .order_by(DayClosePart.part)
)
_FIRST_OPEN_DAY = select(func.min(DayClosePart.business_date)).where(
    DayClosePart.part == bindparam("part"), DayClosePart.finished_at.is_(None)
)
_CONCLUDE = (
    update(DayClose)
    .where(
        DayClose.closed_at.is_(None),
        ~exists().where(
            DayClosePart.business_date == DayClose.business_date, DayClosePart.finished_at.is_(None)
        ),
        ~exists().where(DayCloseFailure.since <= DayClose.business_date),
    )
    .values(closed_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)
_BEHIND = select(DayCloseFailure).order_by(DayCloseFailure.loan_id)
_BEHIND_IN = _BEHIND.join(
    DayClosePart,
    (DayClosePart.business_date == select(func.max(DayClosePart.business_date)).scalar_subquery())
    & (DayClosePart.part == bindparam("part"))
    & or_(DayClosePart.after.is_(None), DayClosePart.after < DayCloseFailure.loan_id)
    & or_(DayClosePart.until.is_(None), DayClosePart.until >= DayCloseFailure.loan_id),
)
_OPEN_RANGES = (
    select(DayClosePart.after, DayClosePart.until)
    .where(
        DayClosePart.business_date
        == select(func.max(DayClosePart.business_date))
        .where(DayClosePart.finished_at.is_(None))
        .scalar_subquery()
    )
    .order_by(DayClosePart.part)
)
_NUMBERED = (
    select(Loan.id, func.row_number().over(order_by=Loan.id).label("n"))
    .where(Loan.status == constant(LoanStatus.ACTIVE))
    .subquery()
)
_ENDS = (
    select(_NUMBERED.c.id)
    .where(_NUMBERED.c.n % bindparam("loans", type_=Integer()) == 0)
    .order_by(_NUMBERED.c.id)
)
