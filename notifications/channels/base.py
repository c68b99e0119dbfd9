"""What every gateway is asked and may answer. A gateway never raises for an answer it expects."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from notifications.states import DeliveryStatus


@dataclass(frozen=True)
class Button:
    label: str
    callback_data: str


@dataclass(frozen=True)
class Message:
    reference: str
    """Our delivery's id."""
    to: str
    text: str
    button: Button | None = None
    valid_seconds: int | None = None
    """From now on; what cannot be delivered by then is of no use."""


class Refusal(StrEnum):
    """What a refusal means for the next message, whoever the gateway is."""

    BLOCKED = "blocked"
    """The chat is closed to us."""
    BAD_NUMBER = "bad_number"
    OPTED_OUT = "opted_out"
    NOT_NOW = "not_now"
    """The phone could not be reached; it may be later."""
    ALARM = "alarm"
    """Our account, sender or set-up is at fault: an operator must act."""
    PERMANENT = "permanent"


@dataclass(frozen=True)
class Accepted:
    provider_id: str
    status: DeliveryStatus = DeliveryStatus.ACCEPTED


@dataclass(frozen=True)
class Refused:
    refusal: Refusal
    code: str


@dataclass(frozen=True)
class Wait:
    """Proven not taken, and welcome again after a pause."""

    seconds: float


@dataclass(frozen=True)
class NotTaken:
    """Proven not taken because the gateway could not be reached."""

    why: str


@dataclass(frozen=True)
class Unknown:
    """It may have been taken: it must be looked up before it is sent again."""

    why: str


Outcome = Accepted | Refused | Wait | NotTaken | Unknown


class SmsChannel(Protocol):
    async def send(self, message: Message) -> Outcome:
        """Send it, once. Never raises for what a gateway may answer."""

    async def find(self, message: Message, *, since: datetime) -> list[Accepted] | Unknown:
        """Messages with these words to this phone that the gateway took, newest first."""
