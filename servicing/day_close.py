"""The end of a business day: interest, what fell due, credit and late fees, for every running loan.

The book is divided into parts, and a part is done batch by batch, each in its own transaction, in
which it also notes how far it is. Whatever a day brings to a loan it brings once, so a close may
run late, twice, beside another one, or again after it was stopped in the middle.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, bindparam, cast, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.bulk import among
from kit.db import constant
from servicing import accrual, debts, late_fees, living, queries
from servicing import rules as agreed_rules
from servicing.closing import parts, quiet
from servicing.closing.models import DayCloseFailure, DayClosePart
from servicing.closing.recalculated import Lives
from servicing.closing.running import Running
from servicing.ledger import posting
from servicing.ledger.rules import EntryKind
from servicing.living import Act
from servicing.models import Installment, Loan
from servicing.states import LoanStatus

BATCH = 500
"""So few that on SQLite nobody else who writes has to wait for long."""
TOLD = 200
"""Not more of them with interest that is recalculated: each takes as long as some others."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Loans of one part, of which some are `left`: each of those is a transaction of its own."""

    on: date
    part: int
    since: UUID | None
    """How far the part was before it."""
    loans: list[UUID]
    left: list[UUID]
    is_last: bool


async def close(session: AsyncSession, *, on: date, now: datetime) -> None:
    """Close one business day in the caller's transaction."""
    await parts.begin(session, [on], now=now)
    for part in await parts.list_open(session, on):
        while batch := await take(session, on, part, now=now):
            for loan_id in batch.left:
                await close_left(session, loan_id, batch=batch, now=now)
            await move_on(session, batch, failed=0, now=now)
    await parts.conclude(session, now=now)


async def take_next(
    session: AsyncSession,
    part: int,
    *,
    now: datetime,
    at_once: bool = True,
    lives: Lives | None = None,
) -> Batch | None:
    """Take the next batch of the first day that the part has not come through. None: there is none.

    Another worker may end that day meanwhile: then the next one is begun. `lives` are what was told
    on the days before.
    """
    while (day := await parts.first_open_day(session, part)) is not None:
        batch = await take(session, day, part, now=now, at_once=at_once, lives=lives)
        if batch is not None:
            return batch
    return None


async def take(
    session: AsyncSession,
    on: date,
    part: int,
    *,
    now: datetime,
    at_once: bool = True,
    lives: Lives | None = None,
) -> Batch | None:
    """Take the next batch of a part and close what is quiet in it, at once. None: it is done.

    When all of it was quiet, the part has moved on.
    """
    row = await parts.hold(session, on, part)
    if row.finished_at is not None:
        return None
    loans, is_last = await _list_running(session, row)
    ids = [loan.id for loan in loans]
    left = ids
    if at_once:
        done = await quiet.close(session, loans, on=on, now=now, lives=lives or Lives())
        row.entries += done.entries
        left = done.left
    batch = Batch(on, part, row.done_to, ids, left, is_last)
    if not left:
        _move(row, batch, failed=0, now=now)
    return batch


async def close_left(session: AsyncSession, loan_id: UUID, *, batch: Batch, now: datetime) -> None:
    row = await parts.hold(session, batch.on, batch.part)
    await _close_within(session, row, loan_id, now=now)


async def move_on(session: AsyncSession, batch: Batch, *, failed: int, now: datetime) -> None:
    """All loans of the batch are done, but for so many."""
    row = await parts.hold(session, batch.on, batch.part)
    if row.finished_at is None and row.done_to == batch.since:
        _move(row, batch, failed=failed, now=now)


async def catch_up(session: AsyncSession, loan_id: UUID, *, now: datetime) -> bool:
    """Close the next day of a loan that was left behind; False when it is with the others."""
    await parts.lock_plan(session)
    failure = await session.get(
        DayCloseFailure, loan_id, with_for_update=True, populate_existing=True
    )
    if failure is None:
        return False
    day = await parts.next_day_behind(session, failure)
    if day is None:
        await session.delete(failure)
        return False
    row = await parts.hold_of_loan(session, day, loan_id)
    await _close_within(session, row, loan_id, now=now)
    row.loans += 1
    failure.since = day + timedelta(days=1)
    return True


async def close_loan(session: AsyncSession, loan_id: UUID, *, on: date, now: datetime) -> int:
    """One loan's day; how many late fees it was charged."""
    loan = await queries.get_loan(session, loan_id, lock=True)
    is_beyond = loan.accrued_on is not None and loan.accrued_on > on
    if loan.status is not LoanStatus.ACTIVE or is_beyond:
        return 0
    before = await late_fees.penalties(session, loan)
    rows = await _come_to(session, loan, on, now)
    if loan.status is not LoanStatus.ACTIVE:
        return 0
    told = await late_fees.tell(session, loan, rows, before, on=on, now=now)
    return told + await late_fees.charge(session, loan, rows, on=on, now=now)


async def _come_to(session: AsyncSession, loan: Loan, on: date, now: datetime) -> list[Installment]:
    """Where nothing but days goes by, installments say what is earned; else life is told again."""
    if not agreed_rules.recalculates(loan.rules):
        rows = await accrual.accrue(session, loan, on=on, now=now)
        if not debts.total(debts.due(rows, on)):
            return rows
        charges = agreed_rules.charges_penalties(loan.rules)
        if not charges and not await queries.free_credit(session, loan, rows):
            return rows
    names = {EntryKind.ACCRUAL: accrual.reference(loan.id, on)} if _is_ahead(loan, on) else {}
    await living.happen(session, loan, Act(audit.SYSTEM, on, now, names))
    return await queries.list_installments(session, loan.id)


def _is_ahead(loan: Loan, on: date) -> bool:
    """Whether the day is one that the loan has not seen: then nothing is called by it yet."""
    return loan.accrued_on is not None and loan.accrued_on < on


async def _close_within(
    session: AsyncSession, row: DayClosePart, loan_id: UUID, *, now: datetime
) -> None:
    before = posting.count_written(session)
    row.late_fees += await close_loan(session, loan_id, on=row.business_date, now=now)
    row.entries += posting.count_written(session) - before


def _move(row: DayClosePart, batch: Batch, *, failed: int, now: datetime) -> None:
    if batch.loans:
        row.done_to = batch.loans[-1]
    row.loans += len(batch.loans) - failed
    if batch.is_last:
        row.finished_at = now


async def _list_running(session: AsyncSession, row: DayClosePart) -> tuple[list[Running], bool]:
    """The next loans of a part, locked in the order of their ids; and whether none come after.

    A loan that has come beyond the day has nothing to do on it, and one that was left behind comes
    through its days by itself.
    """
    after = row.done_to or row.after
    query = _running(has_start=after is not None, has_end=row.until is not None)
    span = {"on": row.business_date, "after": after, "until": row.until}
    rows = await session.execute(query.limit(BATCH), span)
    found = [Running(row.id, row.currency, row.accrued_on, _read(row.rules)) for row in rows]
    loans = _as_many_as_fit(found)
    is_last = len(found) < BATCH and len(loans) == len(found)
    return await _locked(session, loans, query, span), is_last


@cache
def _running(*, has_start: bool, has_end: bool) -> Select[UUID, str, date | None, str]:
    """Built once: building a statement takes about as long as running it."""
    rules = cast(Loan.rules, Text).label("rules")
    query = select(Loan.id, Loan.currency, Loan.accrued_on, rules).where(
        Loan.status == constant(LoanStatus.ACTIVE),
        Loan.disbursed_on <= bindparam("on"),
        or_(Loan.accrued_on.is_(None), Loan.accrued_on <= bindparam("on")),
        ~exists().where(DayCloseFailure.loan_id == Loan.id),
    )
    if has_start:
        query = query.where(Loan.id > bindparam("after"))
    if has_end:
        query = query.where(Loan.id <= bindparam("until"))
    return query.order_by(Loan.id)


@lru_cache(maxsize=1_000)
def _read(rules: str) -> Mapping[str, Any]:
    """Read once: loans of one product have the same."""
    found: Mapping[str, Any] = json.loads(rules)
    return found


async def _locked(
    session: AsyncSession,
    loans: list[Running],
    query: Select[UUID, str, date | None, str],
    span: Mapping[str, Any],
) -> list[Running]:
    """Those that are running still. Only these are locked: others may be paid meanwhile."""
    if session.get_bind().dialect.name == "sqlite":  # Its one writer is who asks.
        return loans
    of_these = among(session, Loan.id, [loan.id for loan in loans])
    now = query.with_only_columns(Loan.id, Loan.accrued_on).where(of_these)
    rows = await session.execute(now.with_for_update(of=Loan), span)
    accrued = {row.id: row.accrued_on for row in rows}
    # What was agreed of a loan is never another.
    return [
        loan if accrued[loan.id] == loan.accrued_on else replace(loan, accrued_on=accrued[loan.id])
        for loan in loans
        if loan.id in accrued
    ]


def _as_many_as_fit(loans: list[Running]) -> list[Running]:
    told = 0
    for n, loan in enumerate(loans, 1):
        told += agreed_rules.recalculates(loan.rules)
        if told == TOLD:
            return loans[:n]
    return loans
