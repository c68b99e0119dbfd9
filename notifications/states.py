"""The words of this room, and the life of a notification and of a delivery as tables."""

from enum import StrEnum

from kit.state import Machine


class Channel(StrEnum):
    TELEGRAM = "telegram"
    SMS = "sms"


class Purpose(StrEnum):
    """Why we write. It decides when we may, and whether an opt-out silences it."""

    CRITICAL = "critical"
    """Codes and receipts: always, also to those who opted out."""
    SERVICE = "service"
    REMINDER = "reminder"
    COLLECTION = "collection"


class Status(StrEnum):
    QUEUED = "queued"
    HELD = "held"
    """Waits for its hour; a schedule queues it again."""
    SENDING = "sending"
    SENT = "sent"
    """A gateway took it. Telegram tells no more than this."""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    SUPPRESSED = "suppressed"
    """We decided not to send it: opt-out, no channel, too late, against the contact rules."""


class Event(StrEnum):
    HOLD = "hold"
    RELEASE = "release"
    BEGIN = "begin"
    ACCEPT = "accept"
    CONFIRM = "confirm"
    BOUNCE = "bounce"
    FALL_BACK = "fall_back"
    FAIL = "fail"
    CANCEL = "cancel"
    SUPPRESS = "suppress"


NOTIFICATION: Machine[Status, Event] = Machine(
    name="notification",
    initial=Status.QUEUED,
    table={
        (Status.QUEUED, Event.BEGIN): Status.SENDING,
        (Status.QUEUED, Event.HOLD): Status.HELD,
        (Status.QUEUED, Event.CANCEL): Status.CANCELED,
        (Status.QUEUED, Event.SUPPRESS): Status.SUPPRESSED,
        # A queued fallback that finds no way left ends like the attempt before it.
        (Status.QUEUED, Event.ACCEPT): Status.SENT,
        (Status.QUEUED, Event.FAIL): Status.FAILED,
        (Status.HELD, Event.RELEASE): Status.QUEUED,
        (Status.HELD, Event.CANCEL): Status.CANCELED,
        (Status.SENDING, Event.BEGIN): Status.SENDING,
        (Status.SENDING, Event.HOLD): Status.HELD,
        (Status.SENDING, Event.ACCEPT): Status.SENT,
        (Status.SENDING, Event.FAIL): Status.FAILED,
        (Status.SENDING, Event.CANCEL): Status.CANCELED,
        (Status.SENDING, Event.SUPPRESS): Status.SUPPRESSED,
        (Status.SENT, Event.CONFIRM): Status.DELIVERED,
        (Status.SENT, Event.BOUNCE): Status.UNDELIVERED,
        (Status.SENT, Event.FALL_BACK): Status.QUEUED,
        (Status.SENT, Event.HOLD): Status.HELD,
    },
)


class DeliveryStatus(StrEnum):
    SENDING = "sending"
    """Written before the call: the gateway may or may not have the message."""
    WAITING = "waiting"
    """The gateway proved that it did not take it: it may be sent again."""
    UNKNOWN = "unknown"
    """No answer. It must be looked up before it is sent again."""
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


# Receipts repeat and overtake each other; a delivery only ever moves to a higher rank.
RANK = {
    DeliveryStatus.SENDING: 0,
    DeliveryStatus.WAITING: 0,
    DeliveryStatus.UNKNOWN: 0,
    DeliveryStatus.ACCEPTED: 1,
    DeliveryStatus.SENT: 2,
    DeliveryStatus.DELIVERED: 3,
    DeliveryStatus.UNDELIVERED: 3,
    DeliveryStatus.FAILED: 3,
}
OPEN = frozenset(status for status, rank in RANK.items() if rank == 0)
LIVE = frozenset({DeliveryStatus.ACCEPTED, DeliveryStatus.SENT, DeliveryStatus.DELIVERED})
LOST = frozenset({DeliveryStatus.UNDELIVERED, DeliveryStatus.FAILED})


class InboundKind(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"
    MENU = "menu"
    TEXT = "text"
