"""Saying something to a person: written in the caller's transaction, sent by a job after it."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import KeyDestroyed
from kit.db import insert_once
from kit.ids import new_id
from notifications import contacts, delivery, sealing, templates
from notifications.models import Notification
from notifications.states import NOTIFICATION, Channel, Event, Purpose, Status
from notifications.templates import Params


async def notify(
    session: AsyncSession,
    *,
    person_id: UUID,
    template: str,
    params: Params,
    key: str,
    purpose: Purpose,
    subject: str,
    now: datetime,
    channels: Sequence[Channel] = (Channel.TELEGRAM,),
    fallback: bool = True,
    not_before: datetime | None = None,
) -> Notification:
    """Say it on every one of `channels`; when all of them fail, on another (`fallback`).

    The same `key` twice is said once. Amounts and days are given as `money:12345:KES` and
    `date:2026-11-21`. Three parameters are for us and not for the text: `expires_on` (the last
    day of use, in the person's zone) or `expires_at` (an instant), and `button` (callback data
    of a button below the chat message). A code says for how many `minutes` it is of use.
    """
    templates.check(template, channels, params)
    identity = new_id()
    status = Status.HELD if not_before is not None and not_before > now else Status.QUEUED
    sealed = await _sealed(session, identity, person_id, params, now)
    wrote = await insert_once(
        session,
        Notification,
        id=identity,
        key=key,
        person_id=person_id,
        template=template,
        params=sealed,
        purpose=purpose,
        subject=subject,
        channels=[channel.value for channel in channels],
        fallback=fallback,
        status=status if sealed is not None else Status.SUPPRESSED,
        reason=None if sealed is not None else "erased",
        not_before=not_before,
        expires_at=await _expiry(session, person_id, params, now),
        releases=0,
        created_at=now,
    )
    notification = await session.scalar(select(Notification).where(Notification.key == key))
    assert notification is not None
    if wrote and notification.status is Status.QUEUED:
        await delivery.enqueue(session, notification)
    return notification


async def cancel(
    session: AsyncSession,
    *,
    subject: str,
    purposes: Collection[Purpose],
    reason: str,
    now: datetime,
) -> int:
    """Stop everything about `subject` that has not left yet; how many were stopped.

    Part of the caller's transaction: when that is rolled back, nothing was canceled.
    """
    wanted = Notification.purpose.in_(list(purposes))
    return _stop(await _waiting(session, Notification.subject == subject, wanted), reason, now)


async def cancel_sms(session: AsyncSession, *, person_id: UUID, reason: str, now: datetime) -> int:
    """Stop what this person was to get by SMS alone, such as codes; how many were stopped."""
    rows = await _waiting(session, Notification.person_id == person_id)
    return _stop([row for row in rows if row.channels == [Channel.SMS]], reason, now)


async def cancel_all(session: AsyncSession, *, person_id: UUID, reason: str, now: datetime) -> int:
    """Stop whatever this person was still to get; how much was stopped."""
    return _stop(await _waiting(session, Notification.person_id == person_id), reason, now)


async def _waiting(
    session: AsyncSession, *conditions: ColumnElement[bool]
) -> Sequence[Notification]:
    rows = await session.scalars(
        select(Notification)
        .where(
            *conditions,
            Notification.status.in_([Status.QUEUED, Status.HELD, Status.SENDING]),
            Notification.canceled_at.is_(None),
        )
        .order_by(Notification.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


def _stop(rows: Sequence[Notification], reason: str, now: datetime) -> int:
    stopped = 0
    for row in rows:
        row.canceled_at, row.reason = now, reason
        if row.status is not Status.SENDING:
            row.status = NOTIFICATION.after(row.status, Event.CANCEL)
            stopped += 1
    return stopped


async def _sealed(
    session: AsyncSession, identity: UUID, person_id: UUID, params: Params, now: datetime
) -> bytes | None:
    try:
        return await sealing.seal_params(session, identity, person_id, params, now=now)
    except KeyDestroyed:
        # Nobody is there any more. The fact that we told about goes on without it.
        return None


async def _expiry(
    session: AsyncSession, person_id: UUID, params: Params, now: datetime
) -> datetime | None:
    if "expires_at" in params:
        return datetime.fromisoformat(str(params["expires_at"]))
    if "minutes" in params:
        return now + timedelta(minutes=int(params["minutes"]))
    if "expires_on" not in params:
        return None
    last = date.fromisoformat(str(params["expires_on"]).removeprefix("date:"))
    contact = await contacts.find(session, person_id)
    zone = ZoneInfo(contact.timezone) if contact is not None else UTC
    return datetime.combine(last + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
