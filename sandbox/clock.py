"""How the page moves time: a small protocol for the program, and one that moves a shifted clock."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Protocol

from kit.clock import ShiftedClock


class ClockControl(Protocol):
    def now(self) -> datetime:
        """The sandbox's instant, aware, UTC."""

    def move(self, hours: int) -> AsyncIterator[datetime]:
        """Walk on, doing what falls due on the way; yields the instants that were reached."""

    async def next_due(self, telegram_chat_id: int) -> date | None:
        """The next day after today on which this borrower owes something."""


class ShiftedControl:
    """Moves the clock hour by hour; there is no lending behind it, so nothing falls due."""

    def __init__(self, clock: ShiftedClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    async def move(self, hours: int) -> AsyncIterator[datetime]:
        for _ in range(hours):
            self._clock.move(timedelta(hours=1))
            yield self._clock.now()

    async def next_due(self, telegram_chat_id: int) -> date | None:
        return None
