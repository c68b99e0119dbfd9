"""What a rail tells us by files: read whole, taken in event by event, then put away."""

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.db import unit_of_work
from kit.errors import TransientFailure
from servicing import incidents, queries, rail_events
from servicing.rails.base import Delivery, FileRefused, FileRepeated, Mailbox, RailEvent

log = structlog.get_logger(__name__)
RECONCILE = "servicing.reconcile"
_SUBJECT_MAX = 120
_AWAY = (OperationalError, InterfaceError, NoFreeConnection, TransientFailure, OSError)
"""The database, or the disk. That is no fault of what was told."""


async def take_in(context: jobs.Context, rail: Mailbox, name: str) -> None:
    """Killed at any point it can be done again: every event counts once."""
    try:
        delivery = await rail.read(name)
    except FileNotFoundError:
        return
    except FileRefused as why:
        await _refuse(context, rail, name, why)
        return
    await _believe(context, delivery)
    await _note(context, rail, delivery)
    await rail.keep(name, delivery)


async def _believe(context: jobs.Context, delivery: Delivery) -> None:
    for event in (*delivery.events, *await _known(context, delivery)):
        try:
            await _apply(context, event)
        except _AWAY:
            raise
        except Exception as fault:
            log.exception("rail_files.event_failed", rail=event.rail, told=event.event_id)
            await _leave(context, delivery, event, fault)


async def _known(context: jobs.Context, delivery: Delivery) -> list[RailEvent]:
    """Of sums, those that are in our books under their own name. Of others a person hears."""
    known = []
    for event in delivery.sums:
        reference = f"{event.rail}:{event.rail_id}"
        async with unit_of_work(context.sessions) as session:
            if await queries.find_suspense_item(session, reference) or (
                await queries.find_repayment(session, reference)
            ):
                known.append(event)
                continue
            await incidents.report(
                session, kind="entry_without_details", subject=reference[:_SUBJECT_MAX],
                now=context.clock.now(), file=delivery.message, amount=str(event.amount),
            )  # fmt: skip
    return known


async def _apply(context: jobs.Context, event: RailEvent) -> None:
    now, zone = context.clock.now(), context.service(Settings).timezone
    async with unit_of_work(context.sessions) as session:
        await rail_events.apply(session, event, on=business_date(now, zone), zone=zone, now=now)


async def _leave(
    context: jobs.Context, delivery: Delivery, event: RailEvent, fault: Exception
) -> None:
    """It had no effect. Those behind it shall not wait for it."""
    async with unit_of_work(context.sessions) as session:
        await incidents.report(
            session, kind="rail_event_failed",
            subject=f"{event.rail}:{event.event_id}"[:_SUBJECT_MAX], now=context.clock.now(),
            file=delivery.message, rail_id=event.rail_id, amount=str(event.amount),
            told=event.outcome.status, fault=type(fault).__name__,
        )  # fmt: skip


async def _note(context: jobs.Context, rail: Mailbox, delivery: Delivery) -> None:
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        for doubt in delivery.doubts:
            await incidents.report(
                session, kind=doubt.kind, subject=f"{rail.name}:{doubt.about}"[:_SUBJECT_MAX],
                now=now, message=delivery.message, **doubt.facts,
            )  # fmt: skip
        for day in delivery.statements_of:
            await jobs.enqueue(
                session, RECONCILE, key=f"reconcile:{rail.name}:{delivery.message}:{day}",
                rail=rail.name, day=day.isoformat(), is_here=True,
            )  # fmt: skip


async def _refuse(context: jobs.Context, rail: Mailbox, name: str, why: FileRefused) -> None:
    """A repeat is nothing new. Of any other file nobody knows which money it speaks of."""
    log.warning("rail_files.refused", rail=rail.name, file=name, reason=str(why))
    now = context.clock.now()
    if not isinstance(why, FileRepeated):
        async with unit_of_work(context.sessions) as session:
            await incidents.report(
                session, kind="rail_file_refused",
                subject=f"{rail.name}:{now:%Y-%m-%d}:{name}"[:_SUBJECT_MAX], now=now,
                reason=str(why),
            )  # fmt: skip
    await rail.refuse(name)
