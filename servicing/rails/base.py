"""What the product asks of a rail, and what a rail may answer. UNKNOWN is an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from kit.clock import business_date
from kit.errors import DomainError, Kind
from kit.money import Money

SMALLEST = {"mpesa": 100}
"""In minor units, the amount of which a rail moves only multiples. Others move any amount."""
PROMPTED = {"mpesa": ("ws_CO_",)}
"""So begins a rail's name for its prompt, which is not the name of the money that it brings."""
ON_FILE = ("iso20022",)
"""Rails that cannot be asked what they were handed: that stands in a folder of ours, which may be
lost with the disk, or be of another day than the database."""
HINT = "hint:"
"""So begins the name of every message that nobody has signed."""
CALLER = "client-address"
"""Among the headers of a callback, written by our own web server: who called."""


class SignatureInvalid(DomainError):
    """The callback was not signed by the rail."""

    kind = Kind.UNAUTHENTICATED
    code = "rail_signature_invalid"


class CallbackMalformed(DomainError):
    """The callback is signed and cannot be read. `field` is what was wrong in it."""

    code = "rail_callback_malformed"


class Unbookable(Exception):
    """The rail's own word, which no account can hold. To hear it again would not help.

    `about` is whatever the rail calls it, `field` what is wrong in it.
    """

    def __init__(self, about: str, field: str) -> None:
        super().__init__(f"{about}: {field}")
        self.about, self.field = about, field


class FileRefused(Exception):
    """Nothing in a file of the rail is believed. The message says why."""


class FileRepeated(FileRefused):
    """The same message has been taken in before."""


class Direction(StrEnum):
    PAYOUT = "payout"
    COLLECT = "collect"
    INCOMING = "incoming"
    """The borrower sent money himself."""


class AckStatus(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """Proven: nothing was done, and nothing would be."""
    NOT_SENT = "not_sent"
    """Proven: the rail was not given it. The same order may be sent later."""
    UNKNOWN = "unknown"


class OutcomeStatus(StrEnum):
    PENDING = "pending"
    SETTLED = "settled"
    FAILED = "failed"
    RETURNED = "returned"
    """Settled, and the money came back."""
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Instruction:
    client_ref: str
    """Minted once and stored before the call; the rail's idempotency key."""
    direction: Direction
    account: str
    amount: Money
    description: str
    payee: str = ""
    """Whose account it is, for a rail that wants to be told."""
    rail_id: str | None = None
    """The rail's name for it, once it has given one."""
    ordered_at: datetime | None = None
    """Before this moment it was handed to nobody."""


@dataclass(frozen=True, slots=True)
class Ack:
    status: AckStatus
    rail_id: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    status: OutcomeStatus
    amount: Money | None = None
    rail_id: str | None = None
    failure_code: str | None = None
    settled_at: datetime | None = None

    def moved_on(self, *, today: date, not_before: date, zone: str) -> date:
        """The business day on which the money moved. A rail's clock may be wrong, within bounds."""
        if self.settled_at is None:
            return today
        return min(max(business_date(self.settled_at, zone), not_before), today)


@dataclass(frozen=True, slots=True)
class RailEvent:
    """One authenticated message of a rail about one transfer."""

    rail: str
    event_id: str
    direction: Direction
    reference: str
    """Our client reference, or what the payer wrote when he sent money himself."""
    rail_id: str
    amount: Money
    outcome: Outcome
    is_hint: bool = False
    """Nobody has signed it: it is a reason to ask, and nothing is believed of it."""
    is_question: bool = False
    """May this money come? Nothing has moved."""
    account: str = ""
    """The other side's, when the rail says it; digits may be masked with stars."""

    def __post_init__(self) -> None:
        # Taken for the rail's own word, a hint would confirm itself.
        assert not self.is_hint or self.event_id.startswith(HINT), self.event_id


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a rail says and we cannot act on: a person must look."""

    kind: str
    about: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one file of a rail says, read to its end before anything of it is believed."""

    message: str
    """The rail's name for it."""
    events: tuple[RailEvent, ...]
    doubts: tuple[Doubt, ...] = ()
    sums: tuple[RailEvent, ...] = ()
    """Money in without a word of whose it is: the rail may have told it payment by payment."""
    statements_of: tuple[date, ...] = ()
    content: bytes = field(default=b"", compare=False, repr=False)
    """The file, as it was read."""


def readable(text: str) -> str:
    """Whatever somebody typed, without the signs that no database keeps."""
    return "".join(sign for sign in text if sign.isprintable()).strip()


def each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `json.loads`. Of a name that stands twice one reader believes this, another that."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name stands twice")
    return content


@dataclass(frozen=True, slots=True)
class StatementLine:
    rail_id: str
    reference: str
    direction: Direction
    amount: Money
    status: OutcomeStatus
    wrong: str = ""
    """What in it no account can hold: a person looks, and it is compared with nothing."""


@dataclass(frozen=True, slots=True)
class Balances:
    """What the rail says that our account held at the beginning and at the end of a day."""

    opening: Money
    closing: Money


@dataclass(frozen=True, slots=True)
class Caps:
    honours_keys: bool
    """The same reference twice moves money once: an order that never came may be sent again."""


class Rail(Protocol):
    name: str
    caps: Caps

    async def submit(self, instruction: Instruction) -> Ack:
        """Never raises for want of an answer: that is UNKNOWN."""

    async def query(self, instruction: Instruction) -> Outcome:
        """What became of an order that was, or may have been, sent."""

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, path: str = ""
    ) -> list[RailEvent]:
        """Authenticate and read. Pure: nothing happens yet. `path`: what follows our address.

        Raises SignatureInvalid, CallbackMalformed, and Unbookable.
        """

    async def statement(self, day: date, currency: str) -> list[StatementLine] | None:
        """None when the rail sends its statements by itself, and has sent none of that day."""

    async def close(self) -> None: ...


@runtime_checkable
class Balanced(Protocol):
    """A rail whose statements say what the account held."""

    async def balances(self, day: date, currency: str) -> Balances | None:
        """None when it has said none for that day, or more than one."""


@runtime_checkable
class Mailbox(Protocol):
    """A rail that answers by files, which somebody has to fetch."""

    name: str

    async def arrived(self) -> list[str]:
        """The names of files to take in, oldest first."""

    async def read(self, name: str) -> Delivery:
        """Raises FileRefused, and FileNotFoundError when another worker has taken it."""

    async def keep(self, name: str, delivery: Delivery) -> None:
        """It has been taken in. What has come under the same name since waits there."""

    async def refuse(self, name: str) -> None:
        """It is not believed. What has come under the same name since waits there."""


@runtime_checkable
class Witness(Protocol):
    """A rail whose messages are only hints: it is asked."""

    name: str

    async def confirm(self, rail_id: str) -> RailEvent | None:
        """Ask about money that is said to have moved. A lost question may be asked again.

        None: there is no answer, or not yet; it may come as an event.
        """


@runtime_checkable
class Correspondent(Protocol):
    """A rail that reads what its callbacks are answered."""

    name: str

    def answer(self, path: str, *, is_welcome: bool) -> Mapping[str, object]:
        """What its callback to `path` wants to hear."""


class NoSuchRail(DomainError):
    kind = Kind.NOT_FOUND
    code = "rail_not_found"


@dataclass(frozen=True)
class Rails:
    """The rails of this installation. The first one takes new orders."""

    all: tuple[Rail, ...]

    @property
    def main(self) -> Rail:
        return self.all[0]

    def get(self, name: str) -> Rail:
        for rail in self.all:
            if rail.name == name:
                return rail
        raise NoSuchRail(rail=name[:40])
