"""Days past due and buckets, by the conventions of different products."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicing import delinquency, replay
from servicing.delinquency import Bucket, DpdRule, Pause, Standing, Unpaid
from servicing.fields import Fields, InvalidTerms

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
            (DpdRule(pauses=(Pause(late(1), late(4)),)), [0, 0, 1, 2]),
            (DpdRule(pauses=(Pause(late(1), late(3)), Pause(late(2), late(4)))), [0, 0, 1, 2]),
            (DpdRule(counts_due_date=True, pauses=(Pause(late(1), late(4)),)), [0, 1, 1, 3]),
            (DpdRule(pauses=(Pause(late(-9), late(99)),)), [0, 0, 0, 0]),
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
        ("rule", "days"),
        [
            (DpdRule(), 50),
            (DpdRule(tolerance_minor=99), 50),
            (DpdRule(tolerance_minor=100), 20),
            (DpdRule(tolerance_minor=600), 0),
            (DpdRule(tolerance_rate=Fraction(1, 100)), 20),  # 1 % of 10,000 is 100
            (DpdRule(tolerance_minor=99, tolerance_rate=Fraction(1, 10)), 0),
        ],
    )
    def test_small_amounts_do_not_start_the_clock(self, rule: DpdRule, days: int) -> None:
        unpaid = [Unpaid(DUE, 100), Unpaid(late(30), 500)]
        found = delinquency.standing(unpaid, late(50), rule, outstanding_minor=10_000)
        assert found.days_past_due == days

    @settings(deadline=None)
    @given(
        due=st.lists(st.integers(-60, 60), min_size=1, max_size=5),
        grace=st.integers(0, 9),
        counts=st.booleans(),
        day=st.integers(0, 90),
    )
    def test_never_falls_while_nothing_is_paid(
        self, due: list[int], grace: int, counts: bool, day: int
    ) -> None:
        rule = DpdRule(counts_due_date=counts, grace_days=grace)
        unpaid = [late(days) for days in due]
        today = delinquency.days_past_due(unpaid, late(day), rule)
        tomorrow = delinquency.days_past_due(unpaid, late(day + 1), rule)
        assert 0 <= tomorrow - today <= 1


class TestBuckets:
    @pytest.mark.parametrize(
        ("days", "name"),
        [(0, "current"), (1, "1_30"), (30, "1_30"), (31, "31_60"), (500, "91_plus")],
    )
    def test_names(self, days: int, name: str) -> None:
        assert delinquency.bucket_name(days) == name

    @pytest.mark.parametrize(
        "bad", [[[0, 5]], [[5, 1]], [[1, 5], [5, 9]], [[1, None], [9, 10]], [1]]
    )
    def test_refuses_ranges_that_do_not_rise(self, bad: object) -> None:
        with pytest.raises(InvalidTerms):
            delinquency.parse_buckets(Fields({"buckets": bad}))


def told(on: str, *events: dict[str, Any], **rules: Any) -> dict[str, Any]:
    """1,000 without interest: a quarter at once, then three each 15 days from 1 October 2023."""
    (last,) = replay.tell(
        replay.parse(
            {
                "terms": {
                    "principal": "1000",
                    "currency": "EUR",
                    "annual_rate_percent": "0",
                    "frequency": "day",
                    "every": 15,
                    "installments": 3,
                    "down_payment_percent": "25",
                    "disbursed_on": "2023-10-01",
                },
                "auto_down_payment": False,
                "dpd_rule": {"grace_days": 3},
                "buckets": [[1, 3], [4, 30], [31, 60], [61, None]],
                **rules,
                "events": [
                    {"type": "disbursement", "date": "2023-10-01", "amount": "1000"},
                    *events,
                    {"type": "business_date", "date": on},
                ],
            }
        )
    )
    return last


def pause(start: str, end: str) -> dict[str, Any]:
    return {"type": "pause", "start": start, "end": end}


def buckets(snapshot: dict[str, Any]) -> list[tuple[int, str]]:
    return [(each["from_days"], each["amount"]) for each in snapshot["installment_buckets"]]


class TestReplay:
    """Days of grace are the loan's; each installment's own bucket counts without them."""

    @pytest.mark.parametrize(
        ("on", "days", "calendar", "amount", "bucket", "own"),
        [
            ("2023-10-02", 0, 1, "250.00", None, [(1, "250.00")]),
            ("2023-10-04", 0, 3, "250.00", None, [(1, "250.00")]),
            ("2023-10-05", 1, 4, "250.00", 1, [(4, "250.00")]),
            ("2023-10-06", 2, 5, "250.00", 1, [(4, "250.00")]),
            ("2023-10-30", 2, 29, "500.00", 1, [(4, "250.00")]),
            ("2023-10-31", 3, 30, "500.00", 1, [(1, "250.00"), (4, "250.00")]),
        ],
    )
    def test_a_pause_stops_the_clock(
        self, on: str, days: int, calendar: int, amount: str, bucket: int | None, own: list[Any]
    ) -> None:
        last = told(on, pause("2023-10-06", "2023-10-30"))
        assert last["delinquent_since"] == "2023-10-04"
        assert (last["days_past_due"], last["calendar_days_past_due"]) == (days, calendar)
        assert (last["delinquent_amount"], last["bucket_from_days"]) == (amount, bucket)
        assert buckets(last) == own

    @pytest.mark.parametrize(
        ("on", "days"),
        [("2023-10-26", 12), ("2023-11-13", 30), ("2023-11-30", 31), ("2023-12-01", 32)],
    )
    def test_a_pause_may_end_early_and_another_begin(self, on: str, days: int) -> None:
        last = told(
            on,
            pause("2023-10-15", "2023-10-30"),
            {"type": "resume", "date": "2023-10-25"},
            pause("2023-11-14", "2023-11-30"),
        )
        assert last["days_past_due"] == days

    def test_money_taken_back_is_late_from_that_day(self) -> None:
        paid = {"type": "repayment", "date": "2023-10-01", "amount": "250"}
        back = {"type": "chargeback", "date": "2023-10-05", "amount": "250"}
        last = told("2023-10-10", paid, back)
        assert (last["delinquent_since"], last["days_past_due"]) == ("2023-10-08", 2)
        assert last["delinquent_amount"] == "250.00"

    def test_nothing_is_late_before_the_money_went_out(self) -> None:
        assert delinquency.standing([], DUE) == Standing()

    def test_a_standing_names_its_bucket(self) -> None:
        assert delinquency.standing([Unpaid(DUE, 1)], late(31)).bucket == Bucket(31, 60)
