"""Schedules per second of one core, one by one and many at once, and how long an offer takes.

Twelve level monthly installments for loans of many amounts, rates and days. Ours are dated and
exact to the cent. `amortization` makes no dates, keeps cents as floats and does not share what
rounding leaves; `numpy_financial` rounds nothing. Both sides take the same loans, turn by turn, in
processor time.
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

import numpy as np
import numpy_financial as npf
import yaml
from amortization.schedule import amortization_schedule

from bench.report import Goal, Line
from kit.config import Settings
from kit.money import Money
from onboarding import calculator
from onboarding.products import Body, LoanProduct
from servicing import batch, schedule, terms

PERIODS = 12
_LOANS, _MANY = 64, 20_000
_TURNS = 7
_DAY = date(2026, 1, 15)


def lines(*, tiny: bool = False) -> list[Line]:
    seconds, turns = (0.01, 1) if tiny else (0.4, _TURNS)
    loans = _loans(_LOANS)
    peers = [(float(loan.principal.minor) / 100, float(loan.annual_rate)) for loan in loans]
    _assert_same_tables(loans, peers)
    sides: dict[str, Callable[[], object]] = {
        "ours": lambda: [schedule.build(loan) for loan in loans],
        "numpy": lambda: [with_numpy(*peer) for peer in peers],
        "amortization": lambda: [with_amortization(*peer) for peer in peers],
    }
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(turns):  # Turn by turn, so that a busy machine disturbs all alike.
        for name, work in sides.items():
            rates[name].append(per_second(work, seconds) * _LOANS)
    one = rates["ours"]
    return [
        compared("schedules: dated, one by one", one, rates["amortization"],
                 "amortization 3.0.1", Goal("at least", 1.0)),
        compared("schedules: dated, one by one", one, rates["numpy"],
                 "numpy_financial", Goal("at least", 5.0)),
        _batch(seconds, turns, tiny=tiny),
        _offer(seconds, turns),
    ]  # fmt: skip


def compared(
    what: str, ours: list[float], theirs: list[float], against: str, goal: Goal | None
) -> Line:
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    spread = min(ratios), max(ratios)
    return Line(what, "per second", median(ours), median(theirs), against, goal, spread)


def with_numpy(principal: float, rate: float) -> tuple[Any, Any, Any]:
    periods = np.arange(1, PERIODS + 1)
    interest = npf.ipmt(rate / 12, periods, PERIODS, -principal)
    repaid = npf.ppmt(rate / 12, periods, PERIODS, -principal)
    return interest, repaid, principal - repaid.cumsum()


def with_amortization(principal: float, rate: float) -> list[Any]:
    return list(amortization_schedule(principal, rate, PERIODS))


def per_second(work: Callable[[], object], seconds: float) -> float:
    work()
    done, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        work()
        done += 1
    return done / (time.process_time() - start)


def _loans(count: int) -> list[terms.LoanTerms]:
    some = random.Random(1)
    return [
        terms.parse(
            {
                "principal": Money(some.randrange(10_000, 5_000_000), "USD").major,
                "currency": "USD",
                "annual_rate_percent": Money(some.randrange(600, 6_000), "USD").major,
                "installments": PERIODS,
                "disbursed_on": str(_DAY + timedelta(days=some.randrange(20 * 365))),
                "day_count": "30/360",
            }
        )
        for _ in range(count)
    ]


def _batch(seconds: float, turns: int, *, tiny: bool) -> Line:
    loans = _loans(50 if tiny else _MANY)
    rates = [per_second(lambda: batch.build(loans), seconds) * len(loans) for _ in range(turns)]
    return Line(
        "schedules: dated, many at once",
        "per second",
        median(rates),
        goal=Goal("at least", 80_000),
    )


def _offer(seconds: float, turns: int) -> Line:
    """Schedule, every APR, legal caps and key facts: what a borrower sees while sliding."""
    listed = yaml.safe_load(Settings().products_file.read_text())["products"]
    product = LoanProduct(1, Body.model_validate(listed[0]))
    amounts = [Money(100_000 * n, product.currency) for n in range(10, 50)]

    def screens() -> None:
        for amount in amounts:
            calculator.quote(product, amount, "12m", _DAY).to_json()

    each = [1_000 / (per_second(screens, seconds) * len(amounts)) for _ in range(turns)]
    return Line("schedules: an offer screen", "ms", median(each), goal=Goal("under", 1.0))


def _assert_same_tables(
    loans: Sequence[terms.LoanTerms], peers: Sequence[tuple[float, float]]
) -> None:
    """The sides differ by rounding only, else the comparison would mean nothing."""
    for loan, peer in zip(loans, peers, strict=True):
        rows = schedule.build(loan).installments
        undated = with_amortization(*peer)
        for row, other, *theirs in zip(rows, undated, *with_numpy(*peer), strict=True):
            ours = [amount / 100 for amount in (row.interest, row.principal, row.balance)]
            floats = (other.interest, other.principal, other.balance)
            for our, exact, rounded in zip(ours, theirs, floats, strict=True):
                assert abs(our - exact) < 0.2, (row, exact)
                assert abs(our - rounded) < 0.2, (row, rounded)
