"""How a notification and its deliveries move on: held, ended, failed. Callers hold its lock."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications import routing
from notifications.models import Contact, Delivery, Notification
from notifications.states import LIVE, NOTIFICATION, DeliveryStatus, Event

CONTACT_HOURS = "contact_hours"
PAUSE = "pause"


async def lock(session: AsyncSession, notification_id: UUID) -> Notification | None:
    return await session.get(
        Notification, notification_id, with_for_update=True, populate_existing=True
    )


async def deliveries_of(session: AsyncSession, notification_id: UUID) -> list[Delivery]:
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.notification_id == notification_id)
        .order_by(Delivery.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


def hold(notification: Notification, until: datetime, *, reason: str) -> None:
    notification.status = NOTIFICATION.after(notification.status, Event.HOLD)
    notification.not_before, notification.reason = until, reason


def fail(delivery: Delivery, code: str, now: datetime) -> None:
    delivery.status = DeliveryStatus.FAILED
    delivery.error_code, delivery.concluded_at = code, now


def end(notification: Notification, contact: Contact, past: Sequence[Delivery]) -> None:
    """No channel is left to try."""
    if past:
        close(notification, past, Event.FAIL, reason=past[-1].error_code)
    else:
        close(notification, past, Event.SUPPRESS, reason=routing.why_unreachable(contact))


def close(
    notification: Notification, past: Sequence[Delivery], event: Event, *, reason: str | None
) -> None:
    """What one channel has taken is sent, whatever happened on the others."""
    statuses = {delivery.status for delivery in past}
    if not statuses & LIVE:
        notification.status = NOTIFICATION.after(notification.status, event)
        notification.reason = reason
        return
    notification.status = NOTIFICATION.after(notification.status, Event.ACCEPT)
    if DeliveryStatus.DELIVERED in statuses:
        notification.status = NOTIFICATION.after(notification.status, Event.CONFIRM)
