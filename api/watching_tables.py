"""The tables of watching: measures, groups, alerts."""

from typing import Any

from api.exports import Column, Table
from scoring.watching.models import RiskAlert, WatchMeasure
from scoring.watching.report import Kind

_SHARES = frozenset({Kind.BAD_RATE, Kind.APPROVAL_RATE, Kind.OVERRIDE_RATE})


def _number(kind: Kind, value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:.1%}" if kind in _SHARES else f"{value:.3f}"


def _between(row: WatchMeasure) -> str | None:
    if row.low is None or row.high is None:
        return None
    return f"{_number(row.kind, row.low)} to {_number(row.kind, row.high)}"


MEASURES: Table[WatchMeasure] = Table(
    "watching",
    (
        Column("Day", lambda row: row.on),
        Column("Model", lambda row: row.model_sha256[:12]),
        Column("Measure", lambda row: row.kind),
        Column("Of", lambda row: row.subject or None),
        Column("Stands", lambda row: "alarming" if row.is_alarming else "steady", is_code=True),
        Column("Value", lambda row: _number(row.kind, row.value)),
        Column("95 % interval", _between),
        Column("Held against", lambda row: _number(row.kind, row.threshold)),
        Column("Rows", lambda row: row.rows),
    ),
)


def groups_of(row: WatchMeasure) -> list[dict[str, Any]]:
    if row.kind is not Kind.FAIRNESS:
        return []
    gap = row.detail["opportunity_gap"]
    return [{"by": row.subject, "gap": gap, **told} for told in row.detail["groups"]]


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"


def _interval(pair: list[float]) -> str:
    return f"{pair[0]:.1%} to {pair[1]:.1%}"


GROUPS: Table[dict[str, Any]] = Table(
    "fairness",
    (
        Column("By", lambda row: row["by"], is_code=True),
        Column("Group", lambda row: row["group"]),
        Column("Stands", lambda row: "adverse" if row["is_adverse"] else "steady", is_code=True),
        Column("People", lambda row: row["rows"]),
        Column("Approved", lambda row: _percent(row["approved"])),
        Column("95 % interval", lambda row: _interval(row["approved_interval"])),
        Column("Impact ratio", lambda row: row["impact"] and f"{row['impact']:.2f}"),
        Column("Gap to the best", lambda row: _interval(row["gap_interval"])),
        Column("Good ones approved", lambda row: _percent(row["good_approved"])),
        Column("Stated bad", lambda row: _percent(row["stated"])),
        Column("Found bad", lambda row: _percent(row["found"])),
    ),
)

ALERTS: Table[RiskAlert] = Table(
    "risk-alerts",
    (
        Column("What", lambda row: row.kind, lambda row: f"/console/risk-alerts/{row.id}",
               is_code=True),
        Column("About", lambda row: row.subject),
        Column("Since", lambda row: row.raised_at),
        Column("Last found", lambda row: row.stood_at),
        Column("Looked at", lambda row: row.seen_at),
        Column("Note", lambda row: row.note),
    ),
)  # fmt: skip
