"""Tables: who can be reached where, what was to be said, each attempt, and what came back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, Row
from notifications.states import Channel, DeliveryStatus, InboundKind, Purpose, Status


class Contact(Base):
    __tablename__ = "contacts"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    telegram_chat_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    """E.164, sealed with the person's key."""
    phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    """Blind index. Not unique: two persons may show the same phone, which is a signal."""
    locale: Mapped[str] = mapped_column(String(16))
    timezone: Mapped[str] = mapped_column(String(64))
    """IANA name: contact hours are the borrower's, not the lender's."""
    heard_at: Mapped[datetime | None]
    """When they last wrote in the chat, to the minute: whoever writes is awake."""
    telegram_blocked_at: Mapped[datetime | None]
    sms_opted_out_at: Mapped[datetime | None]
    phone_bad_at: Mapped[datetime | None]
    """The carrier said that this number cannot receive messages."""
    created_at: Mapped[datetime]


class Notification(Row):
    # The job engine has a table `notifications` of its own in the same SQLite file.
    __tablename__ = "outbound_messages"
    __table_args__ = (Index(None, "status", "not_before"), Index(None, "person_id", "sent_at"))

    key: Mapped[str] = mapped_column(String(200), unique=True)
    """The natural key of what is said: saying it twice hits this constraint."""
    person_id: Mapped[UUID]
    template: Mapped[str] = mapped_column(String(60))
    params: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON sealed with the person's key. Empty when the person had been erased."""
    purpose: Mapped[Purpose]
    subject: Mapped[str] = mapped_column(String(80), index=True)
    """What it is about, such as `loan:<id>`: cancelling goes by it."""
    channels: Mapped[list[Any]]
    fallback: Mapped[bool]
    status: Mapped[Status]
    reason: Mapped[str | None] = mapped_column(String(80))
    not_before: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """From this instant on it is of no use, and is not sent."""
    releases: Mapped[int] = mapped_column(default=0)
    """How often it was queued: a part of the job's key, since a key runs once for ever."""
    created_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    """When it first left us; contact caps count by it."""
    canceled_at: Mapped[datetime | None]
    """No longer wanted. What is under way cannot be called back, but is not tried again."""


class Delivery(Row):
    """One attempt on one channel. Its id goes with the call, so the outside can name it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("notification_id", "channel", "attempt"),
        CheckConstraint("attempt > 0", name="attempt_counts_from_one"),
    )

    notification_id: Mapped[UUID] = mapped_column(ForeignKey("outbound_messages.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(index=True)
    channel: Mapped[Channel]
    attempt: Mapped[int]
    provider_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    status: Mapped[DeliveryStatus]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """The very words that were sent, sealed: an unknown outcome is looked up by them."""
    segments: Mapped[int]
    """SMS parts that are paid for; 0 elsewhere."""
    tries: Mapped[int]
    error_code: Mapped[str | None] = mapped_column(String(40))
    claimed_at: Mapped[datetime]
    """Start of the newest call."""
    sent_at: Mapped[datetime | None]
    concluded_at: Mapped[datetime | None]


class InboundMessage(Row):
    __tablename__ = "inbound_messages"

    provider_id: Mapped[str] = mapped_column(String(80), unique=True)
    """The gateway repeats its webhooks; the message has one effect."""
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    """Empty when nobody we know has this phone."""
    phone_index: Mapped[str] = mapped_column(String(32), index=True)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed. Not kept for a stranger, who has no key: only what it asked for is."""
    kind: Mapped[InboundKind]
    received_at: Mapped[datetime]
