"""What a rail tells us by files: read whole, taken in event by event, then put away."""

import structlog

from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.db import unit_of_work
from servicing import incidents, rail_events
from servicing.rails.base import Delivery, FileRefused, FileRepeated, Mailbox

log = structlog.get_logger(__name__)
RECONCILE = "servicing.reconcile"
_SUBJECT_MAX = 120


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
    await rail.keep(name)


async def _believe(context: jobs.Context, delivery: Delivery) -> None:
    now, zone = context.clock.now(), context.service(Settings).timezone
    for event in delivery.events:
        async with unit_of_work(context.sessions) as session:
            await rail_events.apply(session, event, on=business_date(now, zone), zone=zone, now=now)


async def _note(context: jobs.Context, rail: Mailbox, delivery: Delivery) -> None:
    now = context.clock.now()
    async with unit_of_work(context.sessions) as session:
        for doubt in delivery.doubts:
            await incidents.report(
                session, kind=doubt.kind, subject=f"{rail.name}:{doubt.about}", now=now,
                message=delivery.message, **doubt.facts,
            )  # fmt: skip
        if delivery.statement_of is not None:
            await jobs.enqueue(
                session, RECONCILE, key=f"reconcile:{rail.name}:{delivery.message}",
                rail=rail.name, day=delivery.statement_of.isoformat(), is_here=True,
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
