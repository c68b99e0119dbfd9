"""Seals what is said to a person with the person's key, and opens it again."""

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import KeyDestroyed, person_key, vault_of
from notifications.models import Delivery, Notification
from notifications.templates import Params


async def seal_params(
    session: AsyncSession, notification_id: UUID, person_id: UUID, params: Params, *, now: datetime
) -> bytes:
    key = await person_key(session, vault_of(session), person_id, now=now)
    return key.seal(_place(notification_id), json.dumps(dict(params), sort_keys=True))


async def params_of(
    session: AsyncSession, notification: Notification, *, now: datetime
) -> dict[str, str | int]:
    """Raises KeyDestroyed when the person has been erased since."""
    if notification.params is None:
        raise KeyDestroyed()
    key = await person_key(session, vault_of(session), notification.person_id, now=now)
    text = key.open_text(_place(notification.id), notification.params)
    opened: dict[str, str | int] = json.loads(text)
    return opened


async def seal_body(
    session: AsyncSession, delivery_id: UUID, person_id: UUID, text: str, *, now: datetime
) -> bytes:
    key = await person_key(session, vault_of(session), person_id, now=now)
    return key.seal(_body_place(delivery_id), text)


async def body_of(session: AsyncSession, delivery: Delivery, *, now: datetime) -> str:
    key = await person_key(session, vault_of(session), delivery.person_id, now=now)
    return key.open_text(_body_place(delivery.id), delivery.body)


def _place(notification_id: UUID) -> str:
    return f"outbound_messages.params.{notification_id}"


def _body_place(delivery_id: UUID) -> str:
    return f"deliveries.body.{delivery_id}"
