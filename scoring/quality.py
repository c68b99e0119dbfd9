"""Can the inputs be trusted: where each comes from, and whether answers suddenly look made up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.features.registry import Value
from scoring.snapshot import Snapshot
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
    """Where one input of a snapshot comes from."""

    name: str
    value: Value
    source: str
    """`typed`, `document`, `face_check`, `own_books`, `behaviour`, `product` or `law`."""
    confidence: float | None
    """0 to 1 where a check says so; None where nobody vouches for it."""
    is_missing: bool


_SOURCES = {
    "product": "product", "currency": "product", "installments": "product",
    "installment_minor": "product", "existing_loans": "own_books",
    "debt_service_most_bps": "law",
}  # fmt: skip
_NOT_SHOWN = frozenset(
    {"options", "answers", "rates", "min_amount_minor", "max_amount_minor", "amount_step_minor"}
)


def origins(snapshot: Snapshot) -> list[Origin]:
    """Every input with its source; missing ones too, because missing is not zero."""
    told = snapshot.to_json()
    found = []
    for name, value in told["application"].items():
        if name not in _NOT_SHOWN and not isinstance(value, dict):
            found.append(_origin(name, value, _SOURCES.get(name, "typed"), None))
    for name, value in told["history"].items():
        found.append(_origin(name, value, "own_books", None if value is None else 1.0))
    readable = snapshot.identity.document_quality
    for name, value in told["identity"].items():
        source = "document" if name == "document_quality" else "face_check"
        found.append(_origin(name, value, source, readable))
    found += [_origin(name, value, "behaviour", None) for name, value in told["behaviour"].items()]
    return found


def _origin(name: str, value: Value, source: str, confidence: float | None) -> Origin:
    return Origin(name, value, source, confidence, value is None)
