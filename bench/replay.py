"""The life of one loan told again: 24 periods, 100 events, one of them a backdated repayment."""

import time
from datetime import date, timedelta
from statistics import median
from typing import Any

from bench.report import Goal, Line
from servicing import replay

GOAL = Goal("under", 5.0)
RECALCULATION = {"rest": "daily", "advance": "adjust_last"}
_START = date(2024, 1, 15)
_TURNS = 60


def story(**rules: Any) -> dict[str, Any]:
    """About one repayment a week for two years, with fees; one is told half a year late."""
    events: list[dict[str, Any]] = [
        {"type": "disbursement", "date": _START.isoformat(), "amount": "10000"}
    ]
    for n in range(1, 98):
        day = _START + timedelta(days=7 * n)
        kind = "charge" if n % 12 == 0 else "repayment"
        event: dict[str, Any] = {"type": kind, "amount": "15" if kind == "charge" else "110"}
        event["due" if kind == "charge" else "date"] = day.isoformat()
        events.append(event)
    today = _START + timedelta(days=7 * 98)
    late = (_START + timedelta(days=7 * 72)).isoformat()
    events.append({"type": "business_date", "date": today.isoformat()})
    events.append({"type": "repayment", "date": late, "amount": "250"})
    return {
        "terms": {
            "principal": "10000",
            "currency": "EUR",
            "annual_rate_percent": "24",
            "installments": 24,
            "disbursed_on": _START.isoformat(),
            "day_count": "actual/365",
        },
        "events": events,
        **rules,
    }


def lines(*, tiny: bool = False) -> list[Line]:
    turns = 2 if tiny else _TURNS
    recalculated = story(interest_recalculation=RECALCULATION)
    told = (
        ("one loan, 24 periods, 100 events", story()),
        ("the same, interest recalculated daily", recalculated),
    )
    return [
        Line(f"replay: {what}", "ms of processor time", _milliseconds(document, turns), goal=GOAL)
        for what, document in told
    ]


def _milliseconds(document: dict[str, Any], turns: int) -> float:
    """The median of reading the events, telling the life and taking the snapshot."""
    assert len(document["events"]) == 100
    replay.tell(replay.parse(document))
    spent = []
    for _ in range(turns):
        start = time.process_time()
        replay.tell(replay.parse(document))
        spent.append(time.process_time() - start)
    return median(spent) * 1000
