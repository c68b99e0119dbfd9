"""Days past due, buckets, penalties and what a cap leaves of them."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from servicing import delinquency, penalties
from servicing.delinquency import DpdRule, Pause
from servicing.fields import InvalidTerms
from servicing.penalties import Kind, Overdue, PenaltyRule

DUE = date(2026, 3, 10)


def late(days: int) -> date:
    return DUE + timedelta(days=days)


class TestDaysPastDue:
    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (DpdRule(), [0, 0, 1, 5]),
            (DpdRule(counts_due_date=True), [0, 1, 2, 6]),
            (DpdRule(grace_days=3), [0, 0, 0, 2]),
            (DpdRule(pauses=(Pause(late(1), late(4)),)), [0, 0, 0, 2]),
        ],
    )
    def test_counts_as_the_product_says(self, rule: DpdRule, expected: list[int]) -> None:
        on = [late(-1), DUE, late(1), late(5)]
        assert [delinquency.days_past_due([DUE], day, rule) for day in on] == expected

    def test_the_oldest_unpaid_installment_counts(self) -> None:
        assert delinquency.days_past_due([late(10), DUE], late(40)) == 40

    def test_nothing_unpaid_is_never_late(self) -> None:
        assert delinquency.days_past_due([], late(400)) == 0

    @pytest.mark.parametrize(
        ("days", "name"),
        [(0, "current"), (1, "1_30"), (30, "1_30"), (31, "31_60"), (500, "91_plus")],
    )
    def test_buckets(self, days: int, name: str) -> None:
        assert delinquency.bucket_name(days) == name


class TestPenalty:
    OVERDUE = Overdue(DUE, 10_000)

    def test_flat_once_after_the_grace(self) -> None:
        rule = PenaltyRule(Kind.FLAT, amount_minor=500, grace_days=3)
        assert [penalties.penalty(rule, self.OVERDUE, late(n)) for n in (3, 4, 90)] == [0, 500, 500]

    def test_a_part_of_what_is_overdue(self) -> None:
        rule = PenaltyRule(Kind.PERCENT, rate=Fraction(4, 100))
        assert penalties.penalty(rule, self.OVERDUE, late(1)) == 400

    def test_by_the_day_up_to_its_cap(self) -> None:
        rule = PenaltyRule(Kind.DAILY, rate=Fraction(365, 1000), cap_minor=95)
        assert [penalties.penalty(rule, self.OVERDUE, late(n)) for n in (0, 1, 9, 10)] == [
            0,
            10,
            90,
            95,
        ]

    def test_a_cap_over_the_loan_is_never_passed(self) -> None:
        cap = penalties.cap_of(20_000, Fraction(1))
        assert [penalties.allowed(new, 7_500, cap) for new in (5_000, 15_000)] == [5_000, 12_500]
        assert penalties.allowed(100, 30_000, cap) == 0

    @pytest.mark.parametrize(
        "bad",
        [
            {"kind": "ruinous"},
            {"kind": "flat"},
            {"kind": "daily", "percent": "-1"},
            {"kind": "flat", "amount": "5", "extra": 1},
            "flat",
        ],
    )
    def test_refuses_rules_it_cannot_follow(self, bad: object) -> None:
        with pytest.raises(InvalidTerms):
            penalties.parse(bad, "USD")
