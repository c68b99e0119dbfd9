"""Where a repayment goes: the default order, money in advance, and how a waterfall is said."""

from datetime import date

import pytest

from servicing import allocation
from servicing.allocation import Component, Future, Owed, Processing, Timing
from servicing.fields import InvalidTerms

FIRST = Owed(1, date(2026, 2, 1), penalty=5, fee=10, interest=20, principal=100)
SECOND = Owed(2, date(2026, 3, 1), interest=15, principal=100)
THIRD = Owed(3, date(2026, 4, 1), interest=10, principal=100)
ALL = (FIRST, SECOND, THIRD)


def paid(split: allocation.Allocation) -> dict[int, int]:
    return {n: sum(parts.values()) for n, parts in split.by_installment().items()}


class TestDefault:
    def test_oldest_first_each_penalty_fee_interest_principal(self) -> None:
        split = allocation.allocate(140, ALL)
        assert [(share.n, share.component, share.amount) for share in split.shares] == [
            (1, Component.PENALTY, 5),
            (1, Component.FEE, 10),
            (1, Component.INTEREST, 20),
            (1, Component.PRINCIPAL, 100),
            (2, Component.INTEREST, 5),
        ]
        assert split.surplus == 0

    def test_nothing_is_paid_in_advance_and_the_rest_comes_back(self) -> None:
        split = allocation.allocate(500, ALL, on=date(2026, 3, 1))
        assert paid(split) == {1: 135, 2: 115}
        assert split.surplus == 250


class TestInAdvance:
    @pytest.mark.parametrize(
        ("future", "expected"),
        [
            (Future.NEXT_INSTALLMENT, {1: 135, 2: 65}),
            (Future.LAST_INSTALLMENT, {1: 135, 3: 65}),
            (Future.NEXT_LAST_INSTALLMENT, {1: 135, 2: 65}),
            (Future.REAMORTIZATION, {1: 135, 2: 32, 3: 33}),
        ],
    )
    def test_goes_where_the_rule_says(self, future: Future, expected: dict[int, int]) -> None:
        order = allocation.Waterfall(allocation.EVERYTHING.order, future=future)
        assert paid(allocation.allocate(200, ALL, order, on=date(2026, 2, 1))) == expected

    def test_equal_shares_go_to_the_nearest_cent(self) -> None:
        rows = [Owed(n, date(2026, 3, n), principal=1000) for n in (1, 2, 3)]
        order = allocation.Waterfall(allocation.EVERYTHING.order, future=Future.REAMORTIZATION)
        split = allocation.allocate(2000, rows, order, on=date(2026, 1, 1))
        assert paid(split) == {1: 667, 2: 667, 3: 666}

    def test_vertical_pays_all_interest_before_any_principal(self) -> None:
        order = allocation.Waterfall(allocation.EVERYTHING.order, Processing.VERTICAL)
        split = allocation.allocate(50, ALL, order, on=date(2026, 4, 1))
        assert split.paid(Component.PRINCIPAL) == 0
        assert paid(split) == {1: 35, 2: 15}


class TestWords:
    def test_short_and_long_forms_say_the_same(self) -> None:
        short = allocation.parse(
            "DUE_PENALTY_FEE_INTEREST_PRINCIPAL_IN_ADVANCE_PRINCIPAL_PENALTY_FEE_INTEREST"
        )
        usual = ["penalty", "fee", "interest", "principal"]
        ahead = ["principal", "penalty", "fee", "interest"]
        long = [f"{t}_{c}" for t in ("past_due", "due") for c in usual]
        long += [f"in_advance_{c}" for c in ahead]
        assert short.order == allocation.parse(long).order
        assert short.order[-1] == (Timing.IN_ADVANCE, Component.INTEREST)

    @pytest.mark.parametrize(
        "bad",
        [
            "penalty_fee",
            "penalty_fee_interest_tax",
            [],
            ["due_tax"],
            [7],
            ["due_fee", "due_fee"],
            3,
        ],
    )
    def test_refuses_words_it_does_not_know(self, bad: object) -> None:
        with pytest.raises(InvalidTerms, match="allocation_order"):
            allocation.parse(bad)
