"""Decides, at the moment of sending, whether and where a notification goes, and writes it down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import jobs
from kit.config import Settings
from kit.crypto import KeyDestroyed, vault_of
from kit.db import lock_key
from kit.ids import new_id
from notifications import contacts, lifecycle, policy, routing, sealing, segments, templates
from notifications.channels.base import Button, Message, SmsChannel
from notifications.channels.telegram import TelegramChannel
from notifications.models import Contact, Delivery, Notification
from notifications.states import (
    NOTIFICATION,
    OPEN,
    Channel,
    DeliveryStatus,
    Event,
    Status,
)

# Longer than any gateway's time limit: a younger `sending` may still be under way elsewhere.
IN_FLIGHT_SECONDS = 30.0
NO_ANSWER = "no_answer"


@dataclass(frozen=True)
class Call:
    """One call to a gateway, already written down."""

    notification_id: UUID
    delivery_id: UUID
    channel: Channel
    message: Message
    tries: int
    look_first: bool
    """An earlier call ended without an answer: ask before sending again."""
    since: datetime
    """When the first call of this notification was made."""


@dataclass(frozen=True)
class _Case:
    """A locked notification with all that is known when it is judged."""

    session: AsyncSession
    notification: Notification
    contact: Contact
    past: list[Delivery]
    settings: Settings
    connected: frozenset[Channel]
    now: datetime


async def prepare(
    context: jobs.Context, session: AsyncSession, notification_id: UUID, *, now: datetime
) -> Call | None:
    """The next call to make for this notification. None: there is none, now or ever."""
    notification = await lifecycle.lock(session, notification_id)
    if notification is None or notification.status not in (Status.QUEUED, Status.SENDING):
        return None
    # Caps count what has left: two messages to one person are judged one after the other.
    await lock_key(session, f"contact:{notification.person_id}")
    past = await lifecycle.deliveries_of(session, notification_id)
    _leave_alone_what_is_under_way(past, now)
    contact = await contacts.find(session, notification.person_id)
    if contact is None:
        lifecycle.close(notification, past, Event.SUPPRESS, reason="no_contact")
        return None
    case = _Case(
        session, notification, contact, past, context.service(Settings), _connected(context), now
    )
    try:
        return await _next_call(case)
    except KeyDestroyed:
        lifecycle.close(notification, past, Event.SUPPRESS, reason="erased")
        return None


def _leave_alone_what_is_under_way(past: Sequence[Delivery], now: datetime) -> None:
    for delivery in past:
        age_seconds = (now - delivery.claimed_at).total_seconds()
        if delivery.status is DeliveryStatus.SENDING and age_seconds < IN_FLIGHT_SECONDS:
            raise jobs.Later(seconds=5)


def _connected(context: jobs.Context) -> frozenset[Channel]:
    adapters = {Channel.TELEGRAM: TelegramChannel, Channel.SMS: SmsChannel}
    return frozenset(name for name, kind in adapters.items() if kind in context.services)


async def _next_call(case: _Case) -> Call | None:
    if _is_over(case):
        return None
    usable = _usable(case.contact, case.notification, case.connected)
    unfinished = _unfinished(case, usable)
    attempt = (
        routing.Attempt(unfinished.channel, unfinished.attempt)
        if unfinished is not None
        else routing.next_attempt(case.notification, usable, case.past)
    )
    if attempt is None:
        lifecycle.end(case.notification, case.contact, case.past)
        return None
    if not await _may_go_now(case, attempt):
        return None
    return await _begin(case, attempt, unfinished)


async def has_another_way(
    context: jobs.Context, session: AsyncSession, notification: Notification
) -> bool:
    """Whether a channel that has not been tried yet could take over."""
    contact = await contacts.find(session, notification.person_id)
    if contact is None:
        return False
    past = await lifecycle.deliveries_of(session, notification.id)
    usable = _usable(contact, notification, _connected(context))
    return routing.next_attempt(notification, usable, past) is not None


def _is_over(case: _Case) -> bool:
    notification = case.notification
    if notification.canceled_at is not None:
        lifecycle.close(notification, case.past, Event.CANCEL, reason=notification.reason)
    elif notification.expires_at is not None and case.now >= notification.expires_at:
        lifecycle.close(notification, case.past, Event.SUPPRESS, reason="expired")
    else:
        return False
    return True


def _usable(
    contact: Contact, notification: Notification, connected: frozenset[Channel]
) -> frozenset[Channel]:
    wanted = routing.usable(contact, notification.purpose)
    return wanted & templates.supported(notification.template) & connected


def _unfinished(case: _Case, usable: frozenset[Channel]) -> Delivery | None:
    """A delivery whose call must be repeated. Meanwhile the person may have opted out of it."""
    for delivery in case.past:
        if delivery.status in OPEN and delivery.channel in usable:
            return delivery
        if delivery.status in OPEN:
            lifecycle.fail(delivery, "no_longer_allowed", case.now)
    return None


async def _may_go_now(case: _Case, attempt: routing.Attempt) -> bool:
    ends = [row.concluded_at for row in case.past if row.concluded_at is not None]
    if attempt.pause and max(ends) + attempt.pause > case.now:
        until = max(ends) + attempt.pause
        lifecycle.hold(case.notification, until, reason=lifecycle.PAUSE)
        return False
    verdict = await _verdict(case)
    if isinstance(verdict, policy.HoldUntil):
        lifecycle.hold(case.notification, verdict.instant, reason=lifecycle.CONTACT_HOURS)
    elif isinstance(verdict, policy.Suppress):
        lifecycle.close(case.notification, case.past, Event.SUPPRESS, reason=verdict.reason)
    return isinstance(verdict, policy.SendNow)


async def _verdict(case: _Case) -> policy.Verdict:
    earlier = await case.session.scalars(
        select(Notification.sent_at).where(
            Notification.person_id == case.notification.person_id,
            Notification.purpose == case.notification.purpose,
            Notification.sent_at > case.now - timedelta(days=9),
            Notification.id != case.notification.id,
        )
    )
    return policy.decide(
        policy.for_country(case.settings.country),
        case.notification.purpose,
        case.now,
        ZoneInfo(case.contact.timezone),
        [moment for moment in earlier if moment is not None],
        heard_at=case.contact.heard_at,
    )


async def _begin(case: _Case, attempt: routing.Attempt, unfinished: Delivery | None) -> Call:
    notification, now = case.notification, case.now
    params = await sealing.params_of(case.session, notification, now=now)
    words = templates.render(
        notification.template,
        attempt.channel,
        case.contact.locale,
        params,
        lender=case.settings.lender_name,
        site=case.settings.base_url,
    )
    look_first = unfinished is not None and _may_have_been_taken(unfinished)
    delivery = unfinished or await _written(case, attempt, words.text)
    delivery.status, delivery.claimed_at = DeliveryStatus.SENDING, now
    delivery.tries += 1
    notification.status = NOTIFICATION.after(notification.status, Event.BEGIN)
    notification.sent_at = notification.sent_at or now
    message = Message(
        reference=str(delivery.id),
        to=await _address(case, attempt.channel),
        text=await sealing.body_of(case.session, delivery, now=now),
        button=Button(words.button, str(params["button"])) if words.button else None,
        valid_seconds=_valid_seconds(case),
    )
    return Call(
        notification_id=notification.id,
        delivery_id=delivery.id,
        channel=attempt.channel,
        message=message,
        tries=delivery.tries,
        look_first=look_first,
        since=notification.sent_at,
    )


def _may_have_been_taken(delivery: Delivery) -> bool:
    return delivery.status is not DeliveryStatus.WAITING or delivery.error_code == NO_ANSWER


async def _written(case: _Case, attempt: routing.Attempt, text: str) -> Delivery:
    identity = new_id()
    delivery = Delivery(
        id=identity,
        notification_id=case.notification.id,
        person_id=case.notification.person_id,
        channel=attempt.channel,
        attempt=attempt.number,
        status=DeliveryStatus.SENDING,
        body=await sealing.seal_body(
            case.session, identity, case.notification.person_id, text, now=case.now
        ),
        segments=segments.segments(text).count if attempt.channel is Channel.SMS else 0,
        tries=0,
        claimed_at=case.now,
    )
    case.session.add(delivery)
    return delivery


async def _address(case: _Case, channel: Channel) -> str:
    if channel is Channel.TELEGRAM:
        return str(case.contact.telegram_chat_id)
    vault = vault_of(case.session)
    phone = await contacts.phone_of(case.session, vault, case.contact, now=case.now)
    assert phone is not None  # Without one the channel is not usable.
    return phone


def _valid_seconds(case: _Case) -> int | None:
    expires_at = case.notification.expires_at
    return int((expires_at - case.now).total_seconds()) if expires_at is not None else None
