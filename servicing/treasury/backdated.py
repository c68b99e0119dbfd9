"""Days of statements into which something settled afterwards, which no statement has."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.models import PaymentRequest, Payout, ReconciliationBreak, ReconciliationRun
from servicing.states import ARRIVED
from servicing.treasury.models import Order, Refund, Resolution, StatedLine


async def days(session: AsyncSession, rail: str) -> set[date]:
    """To be compared again: what settles late, or by the word of people, may be said to have moved
    on a day that was compared before (UTC)."""
    rows = await session.scalars(
        select(ReconciliationRun.day).where(ReconciliationRun.rail == rail)
    )
    compared = set(rows)
    if not compared:
        return set()
    found: set[date] = set()
    end = datetime.combine(max(compared) + timedelta(days=1), time(), UTC)
    for model in (Payout, PaymentRequest, Refund):
        settled = await session.scalars(
            select(model.settled_at).where(
                func.coalesce(model.rail, rail) == rail,
                model.status.in_(ARRIVED),
                model.settled_at < end,
                ~_is_stated(rail, model),
                ~_is_found(rail, model),
            )
        )
        found |= {each.date() for each in settled if each is not None}
    return found & compared


def _is_stated(rail: str, model: type[Order]) -> ColumnElement[bool]:
    line = select(StatedLine.id).where(StatedLine.rail == rail, StatedLine.key == model.client_ref)
    return line.exists()


def _is_found(rail: str, model: type[Order]) -> ColumnElement[bool]:
    """Its break stands: open, it is compared anyway; resolved, people have spoken."""
    known = select(ReconciliationBreak.id).where(
        ReconciliationBreak.rail == rail,
        ReconciliationBreak.reference == model.client_ref,
        ReconciliationBreak.resolution.is_distinct_from(Resolution.MENDED),
    )
    return known.exists()
