"""How the simulation counts payouts: what came back may go out again, and is not lost."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from kit.money import Money
from servicing.rails.base import Direction
from servicing.states import OrderStatus
from simulation.books import Position, Rows
from simulation.payouts import sums
from simulation.rail import Transfer

NOW = datetime(2026, 11, 20, tzinfo=UTC)
GOES, COMES_BACK = (NOW, -500), (NOW, 500)
SETTLED, FAILED = OrderStatus.SETTLED, OrderStatus.FAILED


def counted(*tries: tuple[OrderStatus, list[tuple[datetime, int]]]) -> tuple[int, int]:
    """Of one loan, whose payout was tried so often: paid twice, lost."""
    payouts: dict[str, Any] = {}
    positions = []
    for n, (status, moves) in enumerate(tries):
        key = f"P{n}"
        payouts[key] = SimpleNamespace(loan_id=1, amendment_id=None, status=status)
        transfer = Transfer(f"W{n}", key, Direction.PAYOUT, "7", Money(500, "KES"), moves=moves)
        positions.append(Position(key, key, None, (transfer,), 0, 0, "KES"))
    found = sums(Rows({}, payouts, {}, {}, {}, {}, {}), positions)
    return found["paid_twice"], found["lost"]


@pytest.mark.parametrize(
    ("tries", "expected"),
    [
        ([(SETTLED, [GOES])], (0, 0)),
        ([(FAILED, [GOES, COMES_BACK]), (SETTLED, [GOES])], (0, 0)),
        ([(FAILED, [GOES]), (SETTLED, [GOES])], (1, 0)),
        ([(SETTLED, [GOES, COMES_BACK])], (0, 0)),
        ([(SETTLED, [])], (0, 1)),
    ],
)
def test_payouts_are_counted(tries: Any, expected: tuple[int, int]) -> None:
    assert counted(*tries) == expected
