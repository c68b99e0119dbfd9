"""The jobs of servicing: orders to the rail, the sweeper, day close, reminders, reconciliation."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.crypto import Vault
from kit.db import unit_of_work
from kit.errors import TransientFailure
from servicing import (
    day_close,
    hints,
    incidents,
    orders,
    origination,
    rail_events,
    rail_files,
    reconciliation,
    refunds,
    reminders,
    restored,
)
from servicing import payment_requests as requests
from servicing.closing import parts
from servicing.closing.recalculated import Lives
from servicing.disbursements import PAYOUTS
from servicing.ledger import sealing
from servicing.orders import Orders
from servicing.rails.base import Balanced, Mailbox, Rails

log = structlog.get_logger(__name__)
TAKE_IN = "servicing.take_in"
_KINDS = {kind.machine.name: kind for kind in (PAYOUTS, requests.REQUESTS, refunds.REFUNDS)}


class DayNotClosed(Exception):
    """Some loans failed: code must change. Their days stay open and are tried at every tick."""


class FilesNotTaken(Exception):
    """Some files could not be taken in: code must change. They wait where they are."""


class LoansNotReminded(Exception):
    """Some loans failed: code must change. The others have been reminded."""


async def presume_sent(session: AsyncSession, *, rail: str, now: datetime) -> int:
    """Of every order that waits in a database that was restored; how many there were."""
    return sum(
        [await restored.presume_sent(session, kind, rail=rail, now=now) for kind in _KINDS.values()]
    )


@jobs.effect(origination.DISBURSE, queue="rail")
async def disburse(context: jobs.Context, *, payout_id: str) -> None:
    await orders.carry_out(context, PAYOUTS, UUID(payout_id))


@jobs.effect(requests.COLLECT, queue="rail")
async def collect(context: jobs.Context, *, request_id: str) -> None:
    await orders.carry_out(context, requests.REQUESTS, UUID(request_id))


@jobs.effect(refunds.SEND, queue="rail")
async def refund(context: jobs.Context, *, refund_id: str) -> None:
    await orders.carry_out(context, refunds.REFUNDS, UUID(refund_id))


@jobs.effect(hints.INQUIRE, queue="rail")
async def inquire(context: jobs.Context, *, kind: str, order_id: str) -> None:
    """Ask about an order of which we have not heard: a callback may be late or lost."""
    await orders.carry_out(context, _KINDS[kind], UUID(order_id))


@jobs.effect(hints.CONFIRM, queue="rail")
async def confirm_payment(
    context: jobs.Context, *, rail: str, rail_id: str, tries: int = 0, since: str | None = None
) -> None:
    """Ask about money that an unsigned message announces."""
    told = await hints.ask(context, rail, rail_id, tries=tries, since=since)
    if told is None:
        return
    now, zone = context.clock.now(), context.service(Settings).timezone
    async with unit_of_work(context.sessions) as session:
        await rail_events.apply(session, told, on=business_date(now, zone), zone=zone, now=now)


@jobs.every("* * * * *", "servicing.sweep")
async def sweep(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    for kind in _KINDS.values():
        await _enqueue_inquiries(session, kind, now, tick)


@jobs.every("*/5 * * * *", "servicing.fetch_files")
async def fetch_files(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """What a bank has put into our folder."""
    await jobs.enqueue(session, TAKE_IN, key=f"take_in:{tick.isoformat()}")


@jobs.every("*/15 * * * *", "servicing.clock")
async def clock(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """Whatever the lender's time zone, a day that is over is closed within a quarter of an hour."""
    await jobs.enqueue(
        session, "servicing.close_days", key=f"close_days:{tick.isoformat()}", tick=tick.isoformat()
    )


@jobs.every("5 * * * *", "servicing.reminders")
async def remind_hourly(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    await jobs.enqueue(session, "servicing.remind", key=f"remind:{tick.isoformat()}")


@jobs.every("30 3 * * *", "servicing.reconciliation", catch_up="all")
async def reconcile_daily(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """The statements of the day before, in UTC as rails keep their days."""
    day = (tick.date() - timedelta(days=1)).isoformat()
    await jobs.enqueue(session, "servicing.reconcile_all", key=f"reconcile:{day}", day=day)


@jobs.every("* * * * *", "servicing.seal_often")
async def seal_often(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """A receipt, which wants its entry sealed, then finds little that waits."""
    await sealing.seal(session)


@jobs.every("*/10 * * * *", "servicing.seal_and_sign")
async def seal_and_sign(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    await jobs.enqueue(session, "servicing.seal", key=f"seal:{tick.isoformat()}")


@jobs.every("45 1 * * *", "servicing.seal_nightly")
async def seal_nightly(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """Whatever the quick look has missed."""
    key = f"seal_nightly:{tick.isoformat()}"
    await jobs.enqueue(session, "servicing.seal", key=key, looks_at_all=True)


@jobs.effect("servicing.seal")
async def seal(context: jobs.Context, *, looks_at_all: bool = False) -> None:
    """Seal what was posted, in short transactions, and sign how far that is."""
    await sealing.seal_all(context.sessions, looks_at_all=looks_at_all)
    signer = context.service(Vault).signer
    if signer is not None:
        async with unit_of_work(context.sessions) as session:
            await sealing.sign(session, signer, now=context.clock.now())


@jobs.effect(TAKE_IN, queue="rail")
async def take_in(context: jobs.Context) -> None:
    """Each file in its own transactions. A rail that answers at once has none."""
    failed = 0
    for rail in context.service(Rails).all:
        if not isinstance(rail, Mailbox):
            continue
        for name in await rail.arrived():
            try:
                await rail_files.take_in(context, rail, name)
            except (OperationalError, InterfaceError):
                raise  # The database is away: that is no fault of this file.
            except Exception:
                log.exception("rail_files.failed", rail=rail.name, file=name)
                failed += 1
    if failed:
        raise FilesNotTaken(f"{failed} files wait")


@jobs.effect("servicing.close_days")
async def close_days(context: jobs.Context, *, tick: str = "") -> None:
    """Close every business day that is over. A large book is spread over the workers, in parts."""
    now = context.clock.now()
    today = business_date(now, context.service(Settings).timezone)
    async with unit_of_work(context.sessions) as session:
        found = await parts.plan(session, today=today, now=now)
        for part in found if len(found) > 1 else ():
            key = f"close_part:{tick or now.isoformat()}:{part}"
            await jobs.enqueue(session, "servicing.close_part", key=key, part=part)
    if len(found) == 1:
        await close_part(context, part=found[0])


@jobs.effect("servicing.close_part", queue="close")
async def close_part(context: jobs.Context, *, part: int) -> None:
    """Bring one part of the book through the days that are over, in their order.

    A loan that fails keeps its days open, and nobody else from them: when it is mended, it catches
    up on all of them.
    """
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        behind = [row.loan_id for row in await parts.list_behind(session, part)]
    lives = Lives()
    while await _close_batch(context, part, now, lives):
        pass
    for loan_id in behind:
        await _catch_up(context, loan_id, now)
    async with unit_of_work(context.sessions) as session:
        await parts.conclude(session, now=now)
        failed = await parts.list_behind(session, part)
    if failed:
        first = min(row.since for row in failed)
        raise DayNotClosed(f"{len(failed)} loans could not be closed, the first on {first}")


@jobs.effect("servicing.remind")
async def remind(context: jobs.Context) -> None:
    now, zone = context.clock.now(), context.service(Settings).timezone
    last: UUID | None = None
    failed = 0
    while True:
        async with unit_of_work(context.sessions) as session:
            batch = await reminders.list_candidates(
                session, on=business_date(now, zone), after=last
            )
        for loan_id in batch:
            fault = await _alone(
                context, "reminders.loan_failed", loan_id, reminders.remind, zone=zone, now=now
            )
            failed += fault is not None
        if not batch:
            break
        last = batch[-1]
    if failed:
        raise LoansNotReminded(f"{failed} loans could not be reminded")


@jobs.effect("servicing.reconcile_all", queue="rail")
async def reconcile_all(context: jobs.Context, *, day: str) -> None:
    """Each rail by itself: one that gives no statement keeps no other waiting."""
    async with unit_of_work(context.sessions) as session:
        for rail in context.service(Rails).all:
            await jobs.enqueue(
                session, rail_files.RECONCILE, key=f"reconcile:{rail.name}:{day}",
                rail=rail.name, day=day,
            )  # fmt: skip


@jobs.effect(rail_files.RECONCILE, queue="rail")
async def reconcile(context: jobs.Context, *, rail: str, day: str, is_here: bool = False) -> None:
    """`is_here`: a file with the day's statement came, and is being put away."""
    on = date.fromisoformat(day)
    kept_by = context.service(Rails).get(rail)
    currency = context.service(Settings).currency
    lines = await kept_by.statement(on, currency)
    if lines is None and is_here:
        raise jobs.Later(seconds=1)
    if lines is None:
        return
    told = await kept_by.balances(on, currency) if isinstance(kept_by, Balanced) else None
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        for line in lines:
            if line.wrong:
                await incidents.report(
                    session, kind="statement_line_unbookable", subject=f"{rail}:{line.rail_id}",
                    now=now, day=day, field=line.wrong,
                )  # fmt: skip
        await reconciliation.run(session, rail=rail, day=on, lines=lines, balances=told, now=now)


async def _close_batch(context: jobs.Context, part: int, now: datetime, lives: Lives) -> bool:
    """The next loans of a part on the first day that it has not come through; False: no more."""
    batch = await _take(context, part, now, lives)
    if batch is None or not batch.left:
        return batch is not None
    failed = 0
    for loan_id in batch.left:
        fault = await _alone(
            context, "day_close.loan_failed", loan_id, day_close.close_left, batch=batch, now=now
        )
        if fault is not None:
            failed += 1
            async with unit_of_work(context.sessions) as session:
                await parts.leave_behind(session, loan_id, since=batch.on, fault=fault, now=now)
    async with unit_of_work(context.sessions) as session:
        await day_close.move_on(session, batch, failed=failed, now=now)
    return True


async def _take(
    context: jobs.Context, part: int, now: datetime, lives: Lives
) -> day_close.Batch | None:
    """All that is quiet at once. When that fails, each loan by itself: one shall fail alone."""
    try:
        async with unit_of_work(context.sessions) as session:
            return await day_close.take_next(session, part, now=now, lives=lives)
    except (OperationalError, InterfaceError, TransientFailure):
        raise
    except Exception:
        log.exception("day_close.batch_failed", part=part)
    async with unit_of_work(context.sessions) as session:
        return await day_close.take_next(session, part, now=now, at_once=False)


async def _catch_up(context: jobs.Context, loan_id: UUID, now: datetime) -> None:
    """A loan that was left behind comes through its days until it fails again, or is there."""
    is_behind = True

    async def step(session: AsyncSession, loan_id: UUID) -> None:
        nonlocal is_behind
        is_behind = await day_close.catch_up(session, loan_id, now=now)

    while is_behind:
        if await _alone(context, "day_close.loan_failed", loan_id, step) is not None:
            return


async def _alone(
    context: jobs.Context,
    event: str,
    loan_id: UUID,
    work: Callable[..., Awaitable[object]],
    **given: object,
) -> Exception | None:
    """Do it for one loan in a transaction of its own; a fault in it is logged and told."""
    try:
        async with unit_of_work(context.sessions) as session:
            await work(session, loan_id, **given)
    except (OperationalError, InterfaceError, TransientFailure):
        raise  # The database is away: that is no fault of this loan.
    except Exception as fault:
        log.exception(event, loan=str(loan_id))
        return fault
    return None


async def _enqueue_inquiries(
    session: AsyncSession, kind: Orders, now: datetime, tick: datetime
) -> None:
    for order_id in await orders.take_due(session, kind, now=now):
        await jobs.enqueue(
            session,
            hints.INQUIRE,
            key=f"inquire:{order_id}:{tick.isoformat()}",
            kind=kind.machine.name,
            order_id=str(order_id),
        )
