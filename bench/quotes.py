"""Quotes per second of one core, against `numpy_financial` and `amortization` on the same table.

Principal 1,000, 24 % a year, 12 level monthly installments: interest, principal and balance of
every period. Ours is exact to the cent, dated, and fits the payments to the rounded amounts.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import numpy_financial as npf
from amortization.schedule import amortization_schedule

from bench.report import Goal, Line
from servicing import quotes, schedule, terms

GOAL = Goal("above", 1.0)
TERMS = {
    "principal": "1000.00",
    "currency": "USD",
    "annual_rate_percent": "24",
    "method": "declining",
    "frequency": "month",
    "installments": 12,
    "disbursed_on": "2026-01-15",
    "day_count": "30/360",
}
_PERIODS = 12
_PRINCIPAL, _RATE = 1_000.0, 0.24
_TURNS = 7


def lines(*, tiny: bool = False) -> list[Line]:
    seconds = 0.01 if tiny else 0.4
    turns = 1 if tiny else _TURNS
    agreed = terms.parse(TERMS)
    sides: dict[str, Callable[[], object]] = {
        "table": lambda: schedule.build(agreed),
        "quote": lambda: quotes.quote(agreed),
        "numpy": _with_numpy,
        "amortization": _with_amortization,
    }
    _assert_same_table(agreed)
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(turns):  # Turn by turn, so that a busy machine disturbs all alike.
        for name, work in sides.items():
            rates[name].append(_per_second(work, seconds))
    return [
        _line("the table", rates["table"], rates["numpy"], "numpy_financial", GOAL),
        _line("table and four APRs", rates["quote"], rates["numpy"], "numpy_financial table", None),
        _line("the table", rates["table"], rates["amortization"], "amortization 3.0.1", None),
    ]


def _line(
    what: str, ours: list[float], theirs: list[float], against: str, goal: Goal | None
) -> Line:
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return Line(
        f"quotes: {what}",
        "per second",
        median(ours),
        median(theirs),
        against,
        goal,
        (min(ratios), max(ratios)),
    )


def _with_numpy() -> tuple[Any, Any, Any]:
    periods = np.arange(1, _PERIODS + 1)
    interest = npf.ipmt(_RATE / 12, periods, _PERIODS, -_PRINCIPAL)
    principal = npf.ppmt(_RATE / 12, periods, _PERIODS, -_PRINCIPAL)
    return interest, principal, _PRINCIPAL - principal.cumsum()


def _with_amortization() -> object:
    return list(amortization_schedule(_PRINCIPAL, _RATE, _PERIODS))


def _assert_same_table(agreed: terms.LoanTerms) -> None:
    """The sides differ by rounding only, else the comparison would mean nothing."""
    interest, principal, balance = _with_numpy()
    for row, *theirs in zip(
        schedule.build(agreed).installments, interest, principal, balance, strict=True
    ):
        ours = (row.interest, row.principal, row.balance)
        assert all(
            abs(our / 100 - their) < 0.06 for our, their in zip(ours, theirs, strict=True)
        ), (row, theirs)


def _per_second(work: Callable[[], object], seconds: float) -> float:
    work()
    done, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        work()
        done += 1
    return done / (time.process_time() - start)
