"""Days of statements into which something settled afterwards, which no statement has."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, String, bindparam, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from servicing.models import PaymentRequest, Payout, ReconciliationBreak
from servicing.states import ARRIVED
from servicing.treasury.models import Order, Refund, Resolution, StatedLine


async def days(session: AsyncSession, rail: str, compared: Collection[date]) -> set[date]:
    """Of the days that were compared, those to be compared again: what settles late, or by the
    word of people, may be said to have moved on one of them (UTC)."""
    if not compared:
        return set()
    end = datetime.combine(max(compared) + timedelta(days=1), time(), UTC)
    settled = await session.scalars(_SETTLED, {"rail": rail, "end": end})
    return {each.date() for each in settled if each is not None}.intersection(compared)


_RAIL = bindparam("rail", type_=String())


def _is_stated(model: type[Order]) -> ColumnElement[bool]:
    line = select(StatedLine.id).where(StatedLine.rail == _RAIL, StatedLine.key == model.client_ref)
    return line.exists()


def _is_found(model: type[Order]) -> ColumnElement[bool]:
    """Its break stands: open, it is compared anyway; resolved, people have spoken."""
    known = select(ReconciliationBreak.id).where(
        ReconciliationBreak.rail == _RAIL,
        ReconciliationBreak.reference == model.client_ref,
        ReconciliationBreak.resolution.is_distinct_from(Resolution.MENDED),
    )
    return known.exists()


# Built once: building a statement takes about as long as running it.
_SETTLED = union_all(
    *(
        select(model.settled_at).where(
            func.coalesce(model.rail, _RAIL) == _RAIL,
            model.status.in_(ARRIVED),
            model.settled_at < bindparam("end"),
            ~_is_stated(model),
            ~_is_found(model),
        )
        for model in (Payout, PaymentRequest, Refund)
    )
)
