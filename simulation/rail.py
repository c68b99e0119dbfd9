"""A rail behind the product's own protocol: it keeps books of its own, and everything that a rail
can do wrong it does, as the seed says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Protocol

from kit.errors import TransientFailure
from kit.money import Money
from servicing.rails.base import (
    Ack,
    AckStatus,
    Caps,
    Direction,
    Instruction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    StatementLine,
)
from simulation.clock import Clock
from simulation.death import Reaper

PENDING, SETTLED = OutcomeStatus.PENDING, OutcomeStatus.SETTLED
FAILED, RETURNED = OutcomeStatus.FAILED, OutcomeStatus.RETURNED


@dataclass(frozen=True)
class Faults:
    """How often what goes wrong, of 1."""

    timeout: float = 0.20
    """No answer; in half of the cases the order has arrived."""
    lost: float = 0.05
    doubled: float = 0.10
    late: float = 0.15
    """By hours or days, so that callbacks overtake each other."""
    early: float = 0.10
    """The callback is there before the answer."""
    rejected: float = 0.03
    fails: float = 0.06
    comes_back: float = 0.15
    denies: float = 0.003
    """Asked about what it has, it says that there is nothing."""
    lies: float = 0.08
    """A callback that is one minor unit off."""
    old_news: float = 0.08
    """A settled order is called failed days later."""
    unkept_keys: float = 0.0
    """Whether this rail forgets references: the same one twice moves money twice."""
    swallows: float = 0.0
    """A request that it says it has, and of which it knows nothing afterwards."""


NO_FAULTS = Faults(*[0.0] * 11)


@dataclass
class Transfer:
    """What the rail has written down. Its moves are its books."""

    rail_id: str
    reference: str
    direction: Direction
    account: str
    amount: Money
    status: OutcomeStatus = PENDING
    settled_at: datetime | None = None
    failure_code: str | None = None
    moves: list[tuple[datetime, int]] = field(default_factory=list)
    """When, and by how much the lender's balance rose."""

    @property
    def net_minor(self) -> int:
        return sum(minor for _, minor in self.moves)


class World(Protocol):
    """What the rail needs of the world: later, and somebody who takes callbacks."""

    clock: Clock
    reaper: Reaper

    def ring(self, rail: "SimulatedRail", event: RailEvent, after: timedelta) -> None: ...
    def ring_final(self, rail: "SimulatedRail", event: RailEvent, after: timedelta) -> None:
        """Only for an order that is settled with us: before that it would be believed."""

    def decide(self, rail: "SimulatedRail", transfer: Transfer) -> None: ...
    async def deliver(self, rail: "SimulatedRail", event: RailEvent) -> None: ...


class SimulatedRail:
    def __init__(
        self, name: str, world: World, random: Random, faults: Faults, *, skew: timedelta
    ) -> None:
        self.name = name
        self.world, self.random, self.faults, self.skew = world, random, faults, skew
        self.caps = Caps(honours_keys=not faults.unkept_keys)
        self.transfers: dict[str, Transfer] = {}
        self.by_reference: dict[str, list[Transfer]] = {}
        self._numbers = 0
        self.more = random

    # The protocol.

    async def submit(self, instruction: Instruction) -> Ack:
        self.world.reaper.point()
        if self._swallows(instruction):
            return Ack(AckStatus.ACCEPTED, f"{self.name[0].upper()}{self._numbers}")
        faults, roll = self.faults, self.random.random()
        arrives = not (roll < faults.timeout / 2)
        known = self.by_reference.get(instruction.client_ref, [])
        is_new = not known or not self.caps.honours_keys
        if arrives and is_new and self.random.random() < faults.rejected:
            self.world.reaper.point()
            return Ack(AckStatus.REJECTED, code="unknown_account")
        if arrives and is_new:
            transfer = self._open(
                instruction.client_ref, instruction.direction, instruction.account,
                instruction.amount,
            )  # fmt: skip
            self.world.decide(self, transfer)
            if self.random.random() < faults.late:
                self.tell(transfer)  # That it is pending: this may be heard after its end.
            if self.random.random() < faults.early:
                await self.world.deliver(self, self._news(transfer))
        self.world.reaper.point()
        if roll < faults.timeout:
            return Ack(AckStatus.UNKNOWN)
        return Ack(AckStatus.ACCEPTED, self.by_reference[instruction.client_ref][0].rail_id)

    async def query(self, instruction: Instruction) -> Outcome:
        self.world.reaper.point()
        if self.random.random() < self.faults.timeout:
            return Outcome(OutcomeStatus.UNKNOWN)
        known = self.by_reference.get(instruction.client_ref)
        self.world.reaper.point()
        if not known or self.random.random() < self.faults.denies:
            return Outcome(OutcomeStatus.NOT_FOUND)
        return outcome(known[0])

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, path: str = ""
    ) -> list[RailEvent]:
        raise NotImplementedError("events are handed over as they are: signatures have own tests")

    async def statement(self, day: date, currency: str) -> list[StatementLine] | None:
        """Of the lender's one account: what came in another currency stands there too."""
        if self.random.random() < self.faults.timeout:
            raise TransientFailure("no statement now")
        return [
            StatementLine(
                each.rail_id, each.reference, each.direction,
                Money(abs(minor), each.amount.currency), RETURNED if n else SETTLED,
            )
            for each in self.transfers.values()
            for n, (at, minor) in enumerate(each.moves)
            if at.date() == day
        ]  # fmt: skip

    async def close(self) -> None:
        return None

    # What the rail's own people and customers do.

    def settle(self, transfer: Transfer) -> None:
        if transfer.status is not PENDING:
            return
        transfer.status, transfer.settled_at = SETTLED, self.now()
        self._move(transfer, self._sign(transfer))
        self.tell(transfer)
        if self.random.random() < self.faults.old_news:
            self.world.ring_final(self, self._news(transfer, FAILED), timedelta(days=3))

    def fail(self, transfer: Transfer, code: str) -> None:
        if transfer.status is PENDING:
            transfer.status, transfer.failure_code = FAILED, code
            self.tell(transfer)

    def give_back(self, transfer: Transfer) -> None:
        """A payout that comes back, or a payment that the payer's bank takes back."""
        if transfer.status is SETTLED:
            transfer.status, transfer.failure_code = RETURNED, "taken_back"
            self._move(transfer, -self._sign(transfer))
            self.tell(transfer)

    def receive(self, account: str, reference: str, amount: Money) -> Transfer:
        """Somebody sends money by himself."""
        transfer = self._open(reference, Direction.INCOMING, account, amount)
        self.settle(transfer)
        return transfer

    def pay_by_hand(self, reference: str, amount: Money) -> Transfer:
        """A payment that the lender's staff make on the rail's own screen."""
        transfer = self._open(reference, Direction.PAYOUT, "", amount)
        transfer.status, transfer.settled_at = SETTLED, self.now()
        self._move(transfer, self._sign(transfer))
        return transfer

    def tell_again(self, transfer: Transfer) -> RailEvent:
        """Asked by phone, the rail's people send the newest callback once more."""
        return self._news(transfer)

    def tell(self, transfer: Transfer) -> None:
        roll, faults = self.random.random(), self.faults
        event = self._news(transfer)
        is_ordered = transfer.direction is not Direction.INCOMING
        if transfer.status is SETTLED and is_ordered and self.random.random() < faults.lies:
            event = self._wrong(event)
        if roll >= faults.lost:
            self.world.ring(self, event, self._delay())
        if roll >= 1 - faults.doubled:
            self.world.ring(self, event, self._delay())

    @contextmanager
    def led_by(self, random: Random) -> Iterator[None]:
        """What happens meanwhile is drawn from another stream, and leaves ours where it was."""
        own, self.random = self.random, random
        try:
            yield
        finally:
            self.random = own

    def called(self, transfer: Transfer) -> tuple[str, ...]:
        """All names by which people know it."""
        return (transfer.rail_id,)

    def balance(self, currency: str) -> int:
        return sum(t.net_minor for t in self.transfers.values() if t.amount.currency == currency)

    def now(self) -> datetime:
        return self.world.clock.at + self.skew

    def _open(self, reference: str, direction: Direction, account: str, amount: Money) -> Transfer:
        self._numbers += 1
        rail_id = f"{self.name[0].upper()}{self._numbers}"
        transfer = Transfer(rail_id, reference, direction, account, amount)
        self.transfers[rail_id] = transfer
        self.by_reference.setdefault(reference, []).append(transfer)
        return transfer

    def _swallows(self, instruction: Instruction) -> bool:
        is_open = instruction.direction is Direction.COLLECT and self.faults.swallows > 0
        if not is_open or instruction.client_ref in self.by_reference:
            return False
        self._numbers += 1
        return self.more.random() < self.faults.swallows

    def _move(self, transfer: Transfer, sign: int) -> None:
        transfer.moves.append((self.now().astimezone(UTC), sign * transfer.amount.minor))

    def _sign(self, transfer: Transfer) -> int:
        return -1 if transfer.direction is Direction.PAYOUT else 1

    def _delay(self) -> timedelta:
        if self.random.random() < self.faults.late:
            return timedelta(minutes=self.random.randint(60, 3 * 24 * 60))
        return timedelta(seconds=self.random.randint(1, 600))

    def _news(self, transfer: Transfer, status: OutcomeStatus | None = None) -> RailEvent:
        self._numbers += 1
        told = outcome(transfer)
        if status is not None:
            told = Outcome(status, transfer.amount, transfer.rail_id, "old_news")
        return RailEvent(
            self.name, f"E{self._numbers}", transfer.direction, transfer.reference,
            transfer.rail_id, transfer.amount, told,
        )  # fmt: skip

    def _wrong(self, event: RailEvent) -> RailEvent:
        amount = event.amount + Money(self.random.choice((-1, 1)), event.amount.currency)
        return replace(event, amount=amount, outcome=replace(event.outcome, amount=amount))


def outcome(transfer: Transfer) -> Outcome:
    return Outcome(
        transfer.status, transfer.amount, transfer.rail_id, transfer.failure_code,
        transfer.settled_at,
    )  # fmt: skip
