"""Telegram, and the provider that charges cards behind it: nobody can ask it, and it sends no
statement. Its books are what the provider's dashboard shows."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from kit.money import Money
from servicing.cards import CardPayment
from servicing.rails import telegram
from servicing.rails.base import (
    Ack,
    AckStatus,
    Direction,
    Instruction,
    Outcome,
    OutcomeStatus,
    StatementLine,
)
from simulation.rail import NO_FAULTS, SETTLED, SimulatedRail, Transfer, World

_FAULTS = replace(NO_FAULTS, timeout=0.15, rejected=0.03, lost=0.35, doubled=0.25, late=0.25)


class CardDesk(SimulatedRail):
    def __init__(self, world: World, random: Random) -> None:
        super().__init__(telegram.NAME, world, random, _FAULTS, skew=timedelta())
        self.shown: set[str] = set()
        """Invoices that stand in the borrower's chat."""
        self.told: dict[str, datetime] = {}
        """Charges of which we have answered for the news, and when they were told last."""

    async def submit(self, instruction: Instruction) -> Ack:
        self.world.reaper.point()
        faults, roll = self.faults, self.random.random()
        if self.random.random() < faults.rejected:
            return Ack(AckStatus.REJECTED, code="chat_not_found")
        if roll >= faults.timeout / 2:
            self.shown.add(instruction.client_ref)
        self.world.reaper.point()
        if roll < faults.timeout:
            return Ack(AckStatus.UNKNOWN)
        self._numbers += 1
        return Ack(AckStatus.ACCEPTED, rail_id=f"message:{self._numbers}")

    async def query(self, instruction: Instruction) -> Outcome:
        is_shown = instruction.rail_id is not None
        return Outcome(OutcomeStatus.PENDING if is_shown else OutcomeStatus.NOT_FOUND)

    async def statement(self, day: date, currency: str) -> list[StatementLine] | None:
        return None

    def called(self, transfer: Transfer) -> tuple[str, ...]:
        """By the provider's name; by Telegram's only once Telegram has told us."""
        provider = _at_provider(transfer)
        return (transfer.rail_id, provider) if transfer.rail_id in self.told else (provider,)

    def charge(self, reference: str, amount: Money) -> Transfer:
        transfer = self._open(reference, Direction.COLLECT, "", amount)
        transfer.status, transfer.settled_at = SETTLED, self.now()
        self._move(transfer, 1)
        return transfer

    def tell(self, transfer: Transfer) -> None:
        """By an update to the bot, and never of what goes back."""

    def payment(self, transfer: Transfer) -> CardPayment:
        assert transfer.settled_at is not None
        name, provider = transfer.rail_id, _at_provider(transfer)
        return CardPayment(name, provider, transfer.reference, transfer.amount, transfer.settled_at)

    def last_word(self, transfer: Transfer) -> datetime:
        """When the money moved last, or we were told of it."""
        moved = transfer.moves[-1][0]
        return max(moved, self.told.get(transfer.rail_id, moved))


def _at_provider(transfer: Transfer) -> str:
    return f"ch_{transfer.rail_id}"
