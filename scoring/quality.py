"""Can the inputs be trusted: where each comes from, and whether answers suddenly look made up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.features.registry import Value
from scoring.snapshot import Snapshot, Source
from scoring.watching import chances, drift
from scoring.watching.report import Alert

SHIFTED, REPEATED = "input_shifted", "input_repeated"
KINDS = (SHIFTED, REPEATED)
CHANCE = 0.001
"""How often one look at all inputs may cry wolf."""
FEWEST_REPEATS = 5
FEWEST_BEFORE = 100
SHIFT_WORTH_A_LOOK = 0.10
INPUTS = (
    "amount_minor", "term_days", "purpose", "monthly_income_minor", "side_income_minor",
    "monthly_obligations_minor", "employment", "employment_type", "residence", "age_years",
    "dependents",
)  # fmt: skip
"""Of an application: what people answer, and so what somebody may teach many people to answer."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """One answer that is given far more often than before."""

    value: str
    times: int
    rows: int
    share_before: float
    surprise: float


def suspicions(
    recent: Sequence[Mapping[str, Value]], before: Sequence[Mapping[str, Value]]
) -> list[Alert]:
    """What new applications say against what earlier ones said, input by input."""
    if len(before) < FEWEST_BEFORE:
        return []
    chance = CHANCE / (2 * len(INPUTS))
    found = []
    for name in INPUTS:
        now = [row.get(name) for row in recent]
        past = [row.get(name) for row in before]
        if (repeat := repeated(now, past, chance=chance)) is not None:
            found.append(Alert(REPEATED, f"input:{name}", _told(repeat)))
        moved = drift.measure(drift.reference(past), now, chance=chance)
        if moved is not None and moved.index > max(moved.limit, SHIFT_WORTH_A_LOOK):
            shares = {bin_: list(pair) for bin_, pair in moved.shares.items()}
            evidence = {"rows": moved.rows, "index": round(moved.index, 4), "shares": shares}
            found.append(Alert(SHIFTED, f"input:{name}", evidence))
    return found


def repeated(recent: Sequence[Value], before: Sequence[Value], *, chance: float) -> Repeat | None:
    """The most unnatural repetition. Round numbers are repeated always: the past says how often."""
    told = [str(value) for value in recent if value is not None]
    past = Counter(str(value) for value in before if value is not None)
    known = sum(past.values())
    found = [
        _repeat(value, times, len(told), past[value], known)
        for value, times in Counter(told).items()
        if times >= FEWEST_REPEATS
    ]
    worst = min(found, key=lambda repeat: repeat.surprise, default=None)
    return worst if worst is not None and worst.surprise * len(found) < chance else None


def _repeat(value: str, times: int, rows: int, past: int, known: int) -> Repeat:
    # One more than was seen: a share that a few hundred rows give is no law.
    share = min((past + 1 + past**0.5) / (known + 1), 1.0)
    surprise = chances.binomial_tail(times, rows, share)
    return Repeat(value, times, rows, past / known if known else 0.0, surprise)


def _told(repeat: Repeat) -> dict[str, Any]:
    return {
        "value": repeat.value,
        "times": repeat.times,
        "of": repeat.rows,
        "share_before": round(repeat.share_before, 4),
    }


def inputs_of(snapshot: Mapping[str, Any]) -> dict[str, Value]:
    """What `suspicions` compares, from a stored snapshot."""
    asked = snapshot["application"]
    return {name: asked.get(name) for name in INPUTS}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one input of a snapshot comes from, how old it is and how sure."""

    name: str
    value: Value
    source: Source
    at: datetime | None
    """When it was told or read; None where that was not kept yet."""
    age_days: int | None
    """At the decision."""
    confidence: float | None
    """0 to 1 where a check says so; None where nobody vouches for it."""
    is_missing: bool


_SOURCES = {
    "product": Source.PRODUCT, "currency": Source.PRODUCT, "installments": Source.PRODUCT,
    "installment_minor": Source.PRODUCT, "existing_loans": Source.OWN_BOOKS,
    "debt_service_most_bps": Source.LAW, "document_quality": Source.DOCUMENT,
}  # fmt: skip
_OF_GROUP = {
    "application": Source.TYPED, "history": Source.OWN_BOOKS, "identity": Source.FACE_CHECK,
    "behaviour": Source.BEHAVIOUR,
}  # fmt: skip
_LOOKED_UP = frozenset({Source.OWN_BOOKS, Source.BEHAVIOUR, Source.PRODUCT, Source.LAW})
"""Ours: read when the snapshot was taken, and as sure as our own books."""
_NOT_SHOWN = frozenset(
    {"options", "answers", "rates", "min_amount_minor", "max_amount_minor", "amount_step_minor"}
)


def origins(snapshot: Snapshot) -> list[Origin]:
    """Every input with its source; missing ones too, because missing is not zero."""
    told = snapshot.to_json()
    return [
        _origin(snapshot, group, name, value)
        for group in _OF_GROUP
        for name, value in told[group].items()
        if name not in _NOT_SHOWN
    ]


def _origin(snapshot: Snapshot, group: str, name: str, value: Value) -> Origin:
    source, at, confidence = _came(snapshot, group, name)
    if value is None:
        at = confidence = None
    age_days = (snapshot.as_of - at).days if at is not None else None
    return Origin(name, value, source, at, age_days, confidence, is_missing=value is None)


def _came(
    snapshot: Snapshot, group: str, name: str
) -> tuple[Source, datetime | None, float | None]:
    if (given := snapshot.given.get(name)) is not None:
        return given.source, given.at, given.confidence
    source = _SOURCES.get(name, _OF_GROUP[group])
    if source in _LOOKED_UP:
        return source, snapshot.as_of, 1.0
    # A snapshot of before knows no times, but how well the document was to be read.
    return source, None, snapshot.identity.document_quality if group == "identity" else None
