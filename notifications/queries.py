"""Reads for staff: what was said to a person and what they answered, and how sending goes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import KeyDestroyed, person_key, vault_of
from kit.errors import DomainError, Kind
from notifications import inbound, sealing, templates
from notifications.models import Delivery, InboundMessage, Notification
from notifications.states import Channel, Status

HIDDEN = "***"


class NotificationNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "notification_not_found"


class Direction(StrEnum):
    OUT = "out"
    IN = "in"


@dataclass(frozen=True)
class Said:
    at: datetime
    direction: Direction
    channel: Channel
    text: str | None
    """None when the person was erased, or a stranger wrote. Codes are never shown."""
    about: str
    """The template of what we said; the kind of what they said."""
    status: str
    error_code: str | None = None


async def conversation(
    session: AsyncSession, person_id: UUID, *, actor: str, now: datetime, limit: int = 100
) -> list[Said]:
    """The newest `limit` messages both ways, oldest first. Reading them is recorded."""
    subject = f"contact:{person_id}"
    audit.record(session, actor=actor, action="conversation.read", subject=subject, now=now)
    ours = await _ours(session, person_id, limit, now)
    theirs = await _theirs(session, person_id, limit, now)
    return sorted([*ours, *theirs], key=lambda said: said.at)[-limit:]


async def count_by_status(session: AsyncSession) -> dict[Status, int]:
    rows = await session.execute(
        select(Notification.status, func.count().label("number")).group_by(Notification.status)
    )
    counts = {row.status: row.number for row in rows}
    return {status: counts.get(status, 0) for status in Status}


async def get_notification(session: AsyncSession, notification_id: UUID) -> Notification:
    notification = await session.get(Notification, notification_id)
    if notification is None:
        raise NotificationNotFound()
    return notification


async def list_about(session: AsyncSession, subject: str) -> list[Notification]:
    """Everything that was to be said about `subject`, oldest first."""
    rows = await session.scalars(
        select(Notification).where(Notification.subject == subject).order_by(Notification.id)
    )
    return list(rows)


async def _ours(session: AsyncSession, person_id: UUID, limit: int, now: datetime) -> list[Said]:
    rows = await session.execute(
        select(Delivery, Notification.template)
        .join(Notification, Notification.id == Delivery.notification_id)
        .where(Delivery.person_id == person_id)
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    return [
        Said(
            at=row.claimed_at,
            direction=Direction.OUT,
            channel=row.channel,
            text=HIDDEN if template in templates.SECRET else await _body(session, row, now),
            about=template,
            status=row.status,
            error_code=row.error_code,
        )
        for row, template in rows
    ]


async def _body(session: AsyncSession, row: Delivery, now: datetime) -> str | None:
    try:
        return await sealing.body_of(session, row, now=now)
    except KeyDestroyed:
        return None


async def _theirs(session: AsyncSession, person_id: UUID, limit: int, now: datetime) -> list[Said]:
    rows = await session.scalars(
        select(InboundMessage)
        .where(InboundMessage.person_id == person_id)
        .order_by(InboundMessage.id.desc())
        .limit(limit)
    )
    return [
        Said(
            at=row.received_at,
            direction=Direction.IN,
            channel=Channel.SMS,
            text=await _words(session, row, now),
            about=row.kind,
            status="received",
        )
        for row in rows
    ]


async def _words(session: AsyncSession, row: InboundMessage, now: datetime) -> str | None:
    if row.body is None or row.person_id is None:
        return None
    try:
        key = await person_key(session, vault_of(session), row.person_id, now=now)
    except KeyDestroyed:
        return None
    return key.open_text(inbound.place_of(row.id), row.body)
