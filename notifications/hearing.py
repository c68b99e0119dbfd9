"""Somebody writes to us: the chat works, they are awake, and answers need not wait for morning."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications import delivery, lifecycle
from notifications.models import Contact, Notification
from notifications.states import Event, Purpose, Status

PRECISION = timedelta(minutes=1)
"""How exactly it is known when somebody was heard: more would cost a write for each message."""


async def heard(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The person has just written in the chat. What waits only for its hour goes now."""
    await session.execute(_HEARD, {"person": person_id, "now": now})
    for notification in await session.scalars(_WAITING, {"person": person_id}):
        await delivery.requeue(session, notification, Event.RELEASE)


# Built once: this runs in the transaction of an update.
_HEARD = (
    update(Contact)
    .where(Contact.person_id == bindparam("person"))
    .values(heard_at=bindparam("now"), telegram_blocked_at=None)
    .execution_options(synchronize_session=False)
)
_WAITING = (
    select(Notification)
    .where(
        Notification.person_id == bindparam("person"),
        Notification.status == Status.HELD,
        Notification.purpose == Purpose.SERVICE,
        Notification.reason == lifecycle.CONTACT_HOURS,
    )
    .with_for_update(skip_locked=True)
)
