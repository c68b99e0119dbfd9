"""Reads for staff: what was said to a person, what they answered, and how each message went."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import KeyDestroyed, person_key, vault_of
from notifications import inbound, sealing, templates
from notifications.models import Delivery, InboundMessage, Notification
from notifications.states import Channel

HIDDEN = "***"


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


@dataclass(frozen=True)
class Sent:
    """What was to be said, and every attempt to say it. Never the words."""

    notification: Notification
    deliveries: list[Delivery]


async def list_messages(
    session: AsyncSession, person_id: UUID, *, after: UUID | None = None, limit: int = 50
) -> list[Sent]:
    """Newest first; `after` is the last id of the page before."""
    query = select(Notification).where(Notification.person_id == person_id)
    if after is not None:
        query = query.where(Notification.id < after)
    rows = (await session.scalars(query.order_by(Notification.id.desc()).limit(limit))).all()
    attempts: dict[UUID, list[Delivery]] = {row.id: [] for row in rows}
    for delivery in await session.scalars(
        select(Delivery).where(Delivery.notification_id.in_(attempts)).order_by(Delivery.id)
    ):
        attempts[delivery.notification_id].append(delivery)
    return [Sent(row, attempts[row.id]) for row in rows]


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
