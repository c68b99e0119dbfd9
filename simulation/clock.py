"""The one clock of a world, what each process believes it to be, and the lender's calendar."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


class Clock:
    """True time, moved by the world alone. Kopa sees it with the error of its machine."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.error = timedelta()

    def now(self) -> datetime:
        return self.at + self.error


def day_in(zone: str, instant: datetime) -> date:
    """By the zone's own rules, not by the product's code."""
    return instant.astimezone(ZoneInfo(zone)).date()


def end_of(zone: str, day: date) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC)
