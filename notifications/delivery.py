"""Sends what the outbox holds: decide and write it down, call the gateway, write what it said.

Each of the three is a step of its own; no transaction is open during the call. A delivery is
written as `sending` before the call, so whatever happens later knows that a call was made.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.db import unit_of_work
from notifications import consequences, lifecycle, preparing
from notifications.channels.base import (
    Accepted,
    NotTaken,
    Outcome,
    Refused,
    SmsChannel,
    Unknown,
    Wait,
)
from notifications.channels.telegram import TelegramChannel
from notifications.models import Delivery, Notification
from notifications.preparing import NO_ANSWER, Call
from notifications.states import NOTIFICATION, OPEN, Channel, DeliveryStatus, Event, Purpose, Status

SEND = "notifications.send"
TRIES = 4
"""After this many a silent gateway ends in a fallback, when there is another channel."""
PATIENCE = {
    Purpose.CRITICAL: timedelta(hours=24),
    Purpose.SERVICE: timedelta(hours=24),
    Purpose.REMINDER: timedelta(hours=2),
    Purpose.COLLECTION: timedelta(hours=2),
}
"""How long the last channel is tried, unless the message is of no use before."""
LONGEST_PAUSE_SECONDS = 600.0
RELEASED_AT_ONCE = 1_000


async def enqueue(session: AsyncSession, notification: Notification) -> None:
    """One job for each time that the notification is queued."""
    key = f"send:{notification.id}:{notification.releases}"
    await jobs.enqueue(session, SEND, key=key, notification_id=str(notification.id))


async def requeue(session: AsyncSession, notification: Notification, event: Event) -> None:
    notification.status = NOTIFICATION.after(notification.status, event)
    notification.releases, notification.reason = notification.releases + 1, None
    await enqueue(session, notification)


@jobs.every("*/5 * * * *", "notifications.release")
async def release(session: AsyncSession, *, now: datetime, tick: datetime) -> None:
    """Queue again what was held until now."""
    rows = await session.scalars(
        select(Notification)
        .where(Notification.status == Status.HELD, Notification.not_before <= now)
        .order_by(Notification.not_before)
        .limit(RELEASED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    for notification in rows:
        await requeue(session, notification, Event.RELEASE)


@jobs.effect(SEND, queue="messages")
async def send(context: jobs.Context, *, notification_id: str) -> None:
    while (call := await _prepare(context, UUID(notification_id))) is not None:
        outcome = await _reach(context, call)
        if await _record(context, call, outcome):
            raise jobs.Later(seconds=_pause(outcome, call.tries))


async def _prepare(context: jobs.Context, notification_id: UUID) -> Call | None:
    async with unit_of_work(context.sessions) as session:
        now = context.clock.now()
        return await preparing.prepare(context, session, notification_id, now=now)


async def _reach(context: jobs.Context, call: Call) -> Outcome:
    if call.channel is Channel.TELEGRAM:
        # Telegram has no look-up: after a lost answer the message may be shown twice.
        return await context.service(TelegramChannel).send(call.message)
    sms = context.service(SmsChannel)  # type: ignore[type-abstract]
    if call.look_first:
        found = await sms.find(call.message, since=call.since)
        if isinstance(found, Unknown):
            return found
        for taken in found:
            if not await _is_of_another(context, call, taken):
                return taken
    return await sms.send(call.message)


async def _is_of_another(context: jobs.Context, call: Call, taken: Accepted) -> bool:
    """The same words may have been sent before, by a delivery that knows its message."""
    async with unit_of_work(context.sessions) as session:
        owner = await session.scalar(
            select(Delivery.id).where(Delivery.provider_id == taken.provider_id)
        )
        return owner not in (None, call.delivery_id)


async def _record(context: jobs.Context, call: Call, outcome: Outcome) -> bool:
    """True when the same delivery is to be tried again. Otherwise the next channel's turn comes."""
    async with unit_of_work(context.sessions) as session:
        notification = await lifecycle.lock(session, call.notification_id)
        assert notification is not None
        delivery = await session.get_one(Delivery, call.delivery_id, populate_existing=True)
        if delivery.status not in OPEN:
            return False  # A receipt was faster than the answer and knows more.
        now = context.clock.now()
        await _write(session, delivery, outcome, now)
        if delivery.status not in OPEN:
            return False
        if isinstance(outcome, Wait):
            return True
        is_worth_it = delivery.tries < TRIES or (
            _is_repeated_safely(delivery, outcome)
            and now < call.since + PATIENCE[notification.purpose]
            and not await preparing.has_another_way(context, session, notification)
        )
        if not is_worth_it:
            lifecycle.fail(delivery, delivery.error_code or NO_ANSWER, now)
        return is_worth_it


async def _write(
    session: AsyncSession, delivery: Delivery, outcome: Outcome, now: datetime
) -> None:
    match outcome:
        case Accepted():
            delivery.status, delivery.provider_id = outcome.status, outcome.provider_id
            delivery.sent_at, delivery.error_code = now, None
        case Refused():
            lifecycle.fail(delivery, outcome.code, now)
            await consequences.apply(session, delivery, outcome.refusal, outcome.code, now=now)
        case Wait():
            delivery.status = DeliveryStatus.WAITING
            delivery.tries -= 1  # Being asked to wait is no failure.
        case NotTaken():
            delivery.status = DeliveryStatus.WAITING
            delivery.error_code = delivery.error_code or "not_reachable"
        case Unknown():
            delivery.status, delivery.error_code = DeliveryStatus.UNKNOWN, NO_ANSWER


def _is_repeated_safely(delivery: Delivery, outcome: Outcome) -> bool:
    """However often: it was not taken, or it is looked up before it is sent again."""
    return isinstance(outcome, NotTaken) or delivery.channel is Channel.SMS


def _pause(outcome: Outcome, tries: int) -> float:
    """2, 8, 32 seconds, and so on up to ten minutes; or what the gateway asked for."""
    if isinstance(outcome, Wait):
        return outcome.seconds
    return min(0.5 * 4.0 ** min(tries, 6), LONGEST_PAUSE_SECONDS)
