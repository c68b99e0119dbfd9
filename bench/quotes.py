"""Quotes per second of one core, against `numpy_financial` on the table alone.

Principal 1,000, 24 % a year, 12 level monthly installments: interest, principal and balance of
every period. Ours is exact to the cent, dated, and fits the payments to the rounded amounts;
bench/schedules.py has the tables of many loans.
"""

from collections.abc import Callable

from bench import schedules
from bench.report import Goal, Line
from servicing import quotes, schedule, terms

GOAL = Goal("above", 1.0)
TERMS = {
    "principal": "1000.00",
    "currency": "USD",
    "annual_rate_percent": "24",
    "method": "declining",
    "frequency": "month",
    "installments": schedules.PERIODS,
    "disbursed_on": "2026-01-15",
    "day_count": "30/360",
}
_TURNS = 7


def lines(*, tiny: bool = False) -> list[Line]:
    seconds, turns = (0.01, 1) if tiny else (0.4, _TURNS)
    agreed = terms.parse(TERMS)
    sides: dict[str, Callable[[], object]] = {
        "table": lambda: schedule.build(agreed),
        "quote": lambda: quotes.quote(agreed),
        "numpy": lambda: schedules.with_numpy(1_000.0, 0.24),
    }
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(turns):  # Turn by turn, so that a busy machine disturbs all alike.
        for name, work in sides.items():
            rates[name].append(schedules.per_second(work, seconds))
    table, quote, peer = rates["table"], rates["quote"], rates["numpy"]
    return [
        schedules.compared("quotes: the table", table, peer, "numpy_financial", GOAL),
        schedules.compared(
            "quotes: table and four APRs", quote, peer, "numpy_financial table", None
        ),
    ]
