"""How a person answered, in a few numbers: from recorded events to features staff can read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scoring.snapshot import Behaviour

# People type a character every 89 ms at their fastest tenth (Aalto keystroke study); a long
# answer that came faster was hardly typed.
FASTEST_SECONDS_PER_CHARACTER = 0.089
SHORTEST_PASTE = 12
NIGHT_ENDS_HOUR = 5
PAUSE = timedelta(minutes=30)


class EventKind(StrEnum):
    SHOWN = "shown"
    ANSWERED = "answered"
    EDITED = "edited"
    BACK = "back"
    CHANGED = "changed"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class Event:
    kind: EventKind
    field: str
    at: datetime
    length: int | None = None
    """Characters of a typed answer; None when a button or a contact was used."""
    seconds: float | None = None
    """From question to answer; worked out from `shown` when the recorder did not say."""


class Explained(NamedTuple):
    name: str
    value: float | int
    meaning: str


def measure(events: Sequence[Event], zone: str, *, income_field: str = "income") -> Behaviour:
    """The features of one application's events. Without any answer nothing is known."""
    ordered = sorted(events, key=lambda event: event.at)
    answers = _timed(ordered)
    if not answers:
        return Behaviour()
    seconds = [taken for _, taken in answers if taken is not None]
    kinds = [event.kind for event in ordered]
    return Behaviour(
        answers=len(answers),
        median_answer_seconds=_rounded(median(seconds)) if seconds else None,
        fastest_answer_seconds=_rounded(min(seconds)) if seconds else None,
        edits=kinds.count(EventKind.EDITED),
        reversals=kinds.count(EventKind.BACK) + kinds.count(EventKind.CHANGED),
        pasted_answers=sum(_looks_pasted(event, taken) for event, taken in answers),
        night_share=_rounded(_night_share([event for event, _ in answers], zone)),
        resumed_sessions=kinds.count(EventKind.RESUMED),
        income_hesitation=_hesitation(answers, income_field),
        total_minutes=_rounded(_active_minutes(ordered)),
    )


def explain(features: Behaviour) -> list[Explained]:
    """Every known feature with what it means, for the staff's page of a case."""
    known = ((name, getattr(features, name)) for name in _MEANINGS)
    return [Explained(name, value, _MEANINGS[name]) for name, value in known if value is not None]


_MEANINGS = {
    "answers": "Questions answered so far.",
    "median_answer_seconds": (
        "Half of the answers took less than this. Under 2 seconds people rarely read; over 120 "
        "they look things up or ask somebody."
    ),
    "fastest_answer_seconds": "The quickest answer. Under 1 second points at prepared answers.",
    "edits": "Messages corrected after they were sent.",
    "reversals": "Times the person went back or changed an earlier answer.",
    "pasted_answers": (
        "Long answers that came faster than anybody types (12 characters or more, under 0.089 "
        "seconds each): pasted or dictated."
    ),
    "night_share": "Share of answers between midnight and five in the person's own time zone.",
    "resumed_sessions": "Times the person left for a while and came back.",
    "income_hesitation": (
        "Time on the income question over the person's own usual time. 3 means three times as long."
    ),
    "total_minutes": "Minutes spent answering; pauses of more than half an hour are left out.",
}


def _timed(ordered: Sequence[Event]) -> list[tuple[Event, float | None]]:
    """Each answer with the seconds it took."""
    shown: dict[str, datetime] = {}
    answers = []
    for event in ordered:
        if event.kind is EventKind.SHOWN:
            shown[event.field] = event.at
        elif event.kind is EventKind.ANSWERED:
            answers.append((event, _taken(event, shown.get(event.field))))
    return answers


def _taken(event: Event, shown_at: datetime | None) -> float | None:
    if event.seconds is not None:
        return event.seconds
    return (event.at - shown_at).total_seconds() if shown_at is not None else None


def _looks_pasted(event: Event, taken: float | None) -> bool:
    if event.length is None or taken is None or event.length < SHORTEST_PASTE:
        return False
    return taken < event.length * FASTEST_SECONDS_PER_CHARACTER


def _night_share(answers: Sequence[Event], zone: str) -> float:
    hours = [event.at.astimezone(ZoneInfo(zone)).hour for event in answers]
    return sum(hour < NIGHT_ENDS_HOUR for hour in hours) / len(hours)


def _hesitation(answers: Sequence[tuple[Event, float | None]], income_field: str) -> float | None:
    on_income = [taken for event, taken in answers if event.field == income_field and taken]
    others = [taken for event, taken in answers if event.field != income_field and taken]
    if not on_income or not others:
        return None
    return _rounded(max(on_income) / median(others))


def _active_minutes(ordered: Sequence[Event]) -> float:
    gaps = [later.at - earlier.at for earlier, later in pairwise(ordered)]
    return sum((gap for gap in gaps if gap <= PAUSE), start=timedelta()).total_seconds() / 60


def _rounded(value: float) -> float:
    return round(value, 4)
