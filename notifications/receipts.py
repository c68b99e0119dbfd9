"""What the gateway says later about a message it took. Receipts repeat and overtake each other."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications import consequences, contacts, delivery, lifecycle, routing, templates
from notifications.channels import twilio_codes
from notifications.models import Delivery, Notification
from notifications.states import (
    LOST,
    NOTIFICATION,
    RANK,
    DeliveryStatus,
    Event,
    Status,
)

log = structlog.get_logger(__name__)

# Twilio's words. `read` says more than `delivered`, but nothing that we act on.
_SAID = {
    "accepted": DeliveryStatus.ACCEPTED,
    "scheduled": DeliveryStatus.ACCEPTED,
    "queued": DeliveryStatus.ACCEPTED,
    "sending": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.DELIVERED,
    "undelivered": DeliveryStatus.UNDELIVERED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}


async def apply(
    session: AsyncSession,
    *,
    delivery_id: UUID | None,
    sid: str,
    status: str,
    error_code: str | None,
    now: datetime,
) -> bool:
    """Take a receipt over. False: it is about no message of ours, or tells nothing new.

    `delivery_id` is the one in the callback's address: it names the message even when the
    gateway's answer, and with it the `sid`, was lost.
    """
    found = await _find(session, delivery_id, sid)
    said = _SAID.get(status)
    if found is None or said is None:
        log.info("receipts.unknown", delivery=str(delivery_id), status=status)
        return False
    notification = await lifecycle.lock(session, found.notification_id)
    assert notification is not None
    past = await lifecycle.deliveries_of(session, notification.id)
    told = next(row for row in past if row.id == found.id)
    if told.provider_id not in (None, sid) or RANK[said] <= RANK[told.status]:
        return False
    told.provider_id, told.status = sid, said
    told.sent_at = told.sent_at or now
    if said is DeliveryStatus.DELIVERED:
        _delivered(notification, told, now)
    elif said in LOST:
        await _lost(session, notification, told, past, error_code or status, now)
    return True


async def _find(session: AsyncSession, delivery_id: UUID | None, sid: str) -> Delivery | None:
    if delivery_id is not None:
        return await session.get(Delivery, delivery_id)
    return await session.scalar(select(Delivery).where(Delivery.provider_id == sid))


def _delivered(notification: Notification, told: Delivery, now: datetime) -> None:
    told.concluded_at, told.error_code = now, None
    if notification.status is Status.SENT:
        notification.status = NOTIFICATION.after(notification.status, Event.CONFIRM)


async def _lost(
    session: AsyncSession,
    notification: Notification,
    told: Delivery,
    past: list[Delivery],
    code: str,
    now: datetime,
) -> None:
    told.concluded_at, told.error_code = now, code
    await consequences.apply(session, told, twilio_codes.meaning(code), code, now=now)
    if notification.status is not Status.SENT:
        return  # Its job is still at work and will see this attempt's end.
    if notification.canceled_at is None:
        attempt = await _next_attempt(session, notification, past)
        if attempt is not None and not attempt.pause:
            await delivery.requeue(session, notification, Event.FALL_BACK)
            return
        if attempt is not None:
            lifecycle.hold(notification, now + attempt.pause, reason=lifecycle.PAUSE)
            return
    notification.status = NOTIFICATION.after(notification.status, Event.BOUNCE)
    notification.reason = code


async def _next_attempt(
    session: AsyncSession, notification: Notification, past: list[Delivery]
) -> routing.Attempt | None:
    contact = await contacts.get(session, notification.person_id)
    usable = routing.usable(contact, notification.purpose)
    worded = templates.supported(notification.template)
    return routing.next_attempt(notification, usable & worded, past)
