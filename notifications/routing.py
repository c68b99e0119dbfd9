"""Which channel is next, given what was asked, what the person allows, and what has been tried."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from notifications.channels import twilio_codes
from notifications.models import Contact, Delivery, Notification
from notifications.states import LIVE, LOST, Channel, Purpose


@dataclass(frozen=True)
class Attempt:
    channel: Channel
    number: int = 1
    pause: timedelta = timedelta()
    """How long after the attempt before it."""


def next_attempt(
    notification: Notification, usable: Collection[Channel], past: Sequence[Delivery]
) -> Attempt | None:
    """First every channel that was asked for, then another, then once more after a pause."""
    tried = {delivery.channel for delivery in past}
    fresh = [channel for channel in Channel if channel in usable and channel not in tried]
    for name in notification.channels:
        if name in fresh:
            return Attempt(Channel(name))
    if any(delivery.status in LIVE for delivery in past):
        return None
    if notification.fallback and fresh:
        return Attempt(fresh[0])
    return _again(usable, past)


def usable(contact: Contact, purpose: Purpose) -> frozenset[Channel]:
    """The channels on which this person can and wants to be reached."""
    channels = set()
    if contact.telegram_chat_id is not None and contact.telegram_blocked_at is None:
        channels.add(Channel.TELEGRAM)
    wants_sms = contact.sms_opted_out_at is None or purpose is Purpose.CRITICAL
    if contact.phone is not None and contact.phone_bad_at is None and wants_sms:
        channels.add(Channel.SMS)
    return frozenset(channels)


def why_unreachable(contact: Contact) -> str:
    if contact.sms_opted_out_at is not None:
        return "opted_out"
    if contact.telegram_blocked_at is not None:
        return "telegram_blocked"
    return "no_channel"


def _again(usable: Collection[Channel], past: Sequence[Delivery]) -> Attempt | None:
    """A phone that was off may be on later: the code of the receipt says how often to ask."""
    texts = [delivery for delivery in past if delivery.channel is Channel.SMS]
    if Channel.SMS not in usable or not texts or texts[-1].status not in LOST:
        return None
    pauses = twilio_codes.PAUSES.get(texts[-1].error_code or "", ())
    if len(texts) > len(pauses):
        return None
    return Attempt(Channel.SMS, len(texts) + 1, pauses[len(texts) - 1])
