"""The only place that reads the clock. Everything else takes `now` as an argument."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    def now(self) -> datetime:
        """An aware UTC instant."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """Real time plus an offset that can only grow: a sandbox moves it on to see next month."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def move(self, by: timedelta) -> None:
        if by < timedelta():
            raise ValueError("a clock moves on, never back")
        self.offset += by


def business_date(now: datetime, zone: str) -> date:
    """The lender's calendar day at the instant `now`."""
    return now.astimezone(ZoneInfo(zone)).date()
