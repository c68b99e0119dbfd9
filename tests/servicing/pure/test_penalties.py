"""Penalties: what each rule charges, when, and that no cap is ever passed."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicing import penalties, replay
from servicing.delinquency import Pause
from servicing.fields import InvalidTerms
from servicing.penalties import NOTHING, LateRow, PenaltyRule

DUE = date(2026, 3, 10)
OPEN = LateRow(1, DUE, 0, 300, 2_000, 8_000, NOTHING)


def late(days: int) -> date:
    return DUE + timedelta(days=days)


def rule(**document: Any) -> PenaltyRule:
    parsed = penalties.parse(document, "USD")
    assert parsed is not None
    return parsed


def charged(agreed: PenaltyRule, days: Sequence[int], row: LateRow = OPEN) -> list[int]:
    """What the row was charged in all, looking at it on each of these days."""
    totals = []
    for day in days:
        for each in penalties.charges_due([row], agreed, late(day)):
            row = row._replace(tally=each.tally, penalty=row.penalty + each.amount_minor)
        totals.append(row.tally.charged_minor)
    return totals


class TestWhatIsCharged:
    @pytest.mark.parametrize(
        ("document", "days", "expected"),
        [
            # Once, on the first day that is later than the days of grace.
            ({"kind": "flat", "amount": "5", "grace_days": 3}, [0, 3, 4, 90], [0, 0, 500, 500]),
            ({"kind": "percent", "percent": "4"}, [0, 1, 2], [0, 400, 400]),
            ({"kind": "percent", "percent": "4", "amount": "1"}, [1], [500]),
            # Of which components.
            ({"kind": "percent", "percent": "10", "base": "principal"}, [1], [800]),
            ({"kind": "percent", "percent": "10", "base": "interest"}, [1], [200]),
            ({"kind": "percent", "percent": "10", "base": "total"}, [1], [1_030]),
            # Again while it stays late.
            ({"kind": "flat", "amount": "1", "every": "day"}, [0, 1, 2, 5], [0, 100, 200, 500]),
            ({"kind": "flat", "amount": "1", "every": "week"}, [1, 7, 8, 15], [100, 100, 200, 300]),
            (
                {"kind": "flat", "amount": "1", "every": "month", "grace_days": 2},
                [2, 3, 33, 34, 64],  # 13 March, 12 April, 13 April, 13 May
                [0, 100, 100, 200, 300],
            ),
            # By the day: a whole number of cents, however often somebody looks.
            ({"kind": "daily", "percent": "36.5"}, [0, 1, 9, 10], [0, 10, 90, 100]),
            ({"kind": "daily", "percent": "25"}, [1, 2, 3, 100], [7, 14, 21, 685]),
            ({"kind": "daily", "percent": "25"}, [100], [685]),
            ({"kind": "daily", "percent": "25", "counts_due_date": True}, [0, 1], [7, 14]),
            ({"kind": "daily", "percent": "36", "year_days": 360}, [10], [100]),
            # Grace: afterwards the whole time counts, or the free days never do.
            ({"kind": "daily", "percent": "36.5", "grace_days": 5}, [5, 6], [0, 60]),
            (
                {"kind": "daily", "percent": "36.5", "grace_days": 5, "is_grace_free": True},
                [5, 6],
                [0, 10],
            ),
            # Caps of the installment.
            ({"kind": "daily", "percent": "36.5", "cap": "0.95"}, [9, 10, 99], [90, 95, 95]),
            ({"kind": "flat", "amount": "1", "every": "day", "cap": "2.50"}, [9], [250]),
            # Interest on interest only when the product says so.
            (
                {"kind": "percent", "percent": "10", "every": "day"},
                [1, 2, 3],
                [1_000, 2_000, 3_000],
            ),
            (
                {"kind": "percent", "percent": "10", "every": "day", "compounds": True},
                [1, 2, 3],
                [1_000, 2_100, 3_310],
            ),
            ({"kind": "daily", "percent": "3650", "compounds": True}, [3], [3_310]),
            (
                {"kind": "daily", "percent": "3650", "compounds": True},
                [1, 2, 3],
                [1_000, 2_100, 3_310],
            ),
        ],
    )
    def test_golden(self, document: dict[str, Any], days: list[int], expected: list[int]) -> None:
        assert charged(rule(**document), days) == expected

    def test_an_installment_without_what_counts_costs_nothing(self) -> None:
        only_fees = OPEN._replace(interest=0, principal=0)
        assert charged(rule(kind="percent", percent="10"), [5], only_fees) == [0]
        assert charged(rule(kind="flat", amount="5"), [5], only_fees) == [500]

    def test_paused_days_cost_nothing(self) -> None:
        agreed = rule(kind="daily", percent="36.5")
        pauses = (Pause(late(2), late(5)),)
        (each,) = penalties.charges_due([OPEN], agreed, late(10), pauses=pauses)
        assert each.amount_minor == 70

    def test_a_pause_puts_the_charge_off(self) -> None:
        agreed = rule(kind="flat", amount="5", grace_days=3)
        pauses = (Pause(late(2), late(5)),)
        for day, expected in ((6, 0), (7, 500)):
            found = penalties.charges_due([OPEN], agreed, late(day), pauses=pauses)
            assert sum(each.amount_minor for each in found) == expected

    def test_the_room_of_the_loan_goes_to_the_oldest(self) -> None:
        younger = OPEN._replace(n=2, due_on=late(5))
        agreed = rule(kind="flat", amount="5")
        found = penalties.charges_due([younger, OPEN], agreed, late(9), room_minor=700)
        assert [(each.n, each.amount_minor) for each in found] == [(1, 500), (2, 200)]


class TestRoom:
    @pytest.mark.parametrize(
        ("document", "charged_so_far", "law", "expected"),
        [
            ({}, 0, None, None),
            ({"cap_per_loan": "10"}, 300, None, 700),
            ({"cap_percent_of_principal": "5"}, 300, None, 200),
            ({"cap_per_loan": "10", "cap_percent_of_principal": "5"}, 900, None, 0),
            ({"cap_per_loan": "10"}, 300, 150, 150),
            ({}, 300, -20, 0),
        ],
    )
    def test_the_smallest_cap_counts(
        self, document: dict[str, Any], charged_so_far: int, law: int | None, expected: int | None
    ) -> None:
        agreed = rule(kind="flat", amount="5", **document)
        room = penalties.room(
            agreed, principal_minor=10_000, charged_minor=charged_so_far, legal_room_minor=law
        )
        assert room == expected

    def test_a_cap_over_the_loan_is_never_passed(self) -> None:
        cap = penalties.cap_of(20_000, Fraction(1))
        assert [penalties.allowed(new, 7_500, cap) for new in (5_000, 15_000)] == [5_000, 12_500]
        assert penalties.allowed(100, 30_000, cap) == 0


class TestParse:
    @pytest.mark.parametrize(
        "bad",
        [
            {"kind": "ruinous"},
            {"kind": "flat"},
            {"kind": "daily", "percent": "-1"},
            {"kind": "daily", "percent": "5", "every": "day"},
            {"kind": "percent", "percent": "5", "base": "income"},
            {"kind": "flat", "amount": "5", "extra": 1},
            "flat",
        ],
    )
    def test_refuses_rules_it_cannot_follow(self, bad: object) -> None:
        with pytest.raises(InvalidTerms):
            penalties.parse(bad, "USD")


RULES = st.fixed_dictionaries(
    {"kind": st.sampled_from(["percent", "daily"]), "percent": st.integers(0, 400).map(str)},
    optional={
        "grace_days": st.integers(0, 10),
        "is_grace_free": st.booleans(),
        "counts_due_date": st.booleans(),
        "base": st.sampled_from(["principal", "interest", "principal_and_interest", "total"]),
        "cap": st.integers(0, 50).map(str),
    },
)
ROWS = st.lists(
    st.builds(
        LateRow,
        st.integers(1, 9),
        st.integers(0, 60).map(late),
        st.integers(0, 500),
        st.integers(0, 500),
        st.integers(0, 5_000),
        st.integers(0, 50_000),
        st.just(NOTHING),
    ),
    max_size=4,
    unique_by=lambda row: row.n,
)
DAYS = st.lists(st.integers(0, 120), min_size=1, max_size=6).map(sorted)


class TestProperties:
    @settings(deadline=None)
    @given(document=RULES, rows=ROWS, days=DAYS, room=st.integers(0, 5_000))
    def test_no_cap_is_passed_and_nothing_is_given_back(
        self, document: dict[str, Any], rows: list[LateRow], days: list[int], room: int
    ) -> None:
        agreed, spent = rule(**document), 0
        by_n = {row.n: row for row in rows}
        for day in days:
            found = penalties.charges_due(by_n.values(), agreed, late(day), room_minor=room - spent)
            for each in found:
                assert each.amount_minor >= 0
                spent += each.amount_minor
                by_n[each.n] = by_n[each.n]._replace(tally=each.tally)
        assert spent <= room
        assert sum(row.tally.charged_minor for row in by_n.values()) == spent
        if agreed.cap_minor is not None:
            assert all(row.tally.charged_minor <= agreed.cap_minor for row in by_n.values())

    @settings(deadline=None)
    @given(document=RULES, rows=ROWS, days=DAYS)
    def test_charging_often_comes_to_the_same_as_charging_once(
        self, document: dict[str, Any], rows: list[LateRow], days: list[int]
    ) -> None:
        agreed = rule(**document)
        for row in rows:
            assert charged(agreed, days, row)[-1] == charged(agreed, days[-1:], row)[-1]


def told(penalty: dict[str, Any], *events: dict[str, Any], **rules: Any) -> dict[str, Any]:
    """Three installments of 100.00 without interest, due on the 10th of March, April and May."""
    (last,) = replay.tell(
        replay.parse(
            {
                "terms": {
                    "principal": "300",
                    "currency": "USD",
                    "annual_rate_percent": "0",
                    "installments": 3,
                    "disbursed_on": "2026-02-10",
                },
                "penalty": penalty,
                **rules,
                "events": [
                    {"type": "disbursement", "date": "2026-02-10", "amount": "300"},
                    *events,
                ],
            }
        )
    )
    return last


def at(day: str) -> dict[str, Any]:
    return {"type": "business_date", "date": day}


def paid(day: str, amount: str) -> dict[str, Any]:
    return {"type": "repayment", "date": day, "amount": amount}


FEE = {"kind": "flat", "amount": "5", "grace_days": 3}


class TestReplay:
    def test_charges_late_installments_by_itself(self) -> None:
        last = told(FEE, at("2026-04-14"))
        assert [row["penalties"] for row in last["installments"]] == ["5.00", "5.00", "0.00"]
        assert last["penalty_accrued"] == "10.00"
        assert last["balances"]["outstanding"] == "310.00"

    def test_counts_what_was_late_before_it_was_paid(self) -> None:
        daily = {"kind": "daily", "percent": "36.5"}
        last = told(daily, paid("2026-03-20", "51"), paid("2026-03-30", "51"), at("2026-04-01"))
        # Ten days of 100.00, then ten of the 50.00 that were left.
        assert last["penalty_accrued"] == "1.50"
        assert last["installments"][0]["outstanding"] == "0.00"
        assert last["installments"][0]["paid"] == "101.50"

    def test_a_payment_told_late_takes_the_penalty_back(self) -> None:
        late_fee = told(FEE, at("2026-03-20"))
        assert late_fee["penalty_accrued"] == "5.00"
        in_time = told(FEE, at("2026-03-20"), paid("2026-03-09", "100"))
        assert in_time["penalty_accrued"] == "0.00"
        assert in_time["balances"]["outstanding"] == "200.00"

    def test_stays_under_the_cap_of_the_whole_cost(self) -> None:
        weekly = {"kind": "flat", "amount": "5", "every": "week"}
        last = told(weekly, at("2026-12-31"), cost_cap_percent_of_principal="20")
        assert last["penalty_accrued"] == "60.00"

    def test_a_loan_that_ended_costs_nothing_more(self) -> None:
        last = told(FEE, paid("2026-02-20", "300"), at("2026-06-01"))
        assert (last["status"], last["penalty_accrued"]) == ("closed", "0.00")


PAYMENTS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40_000)), max_size=5).map(sorted)
LOAN_RULES = st.fixed_dictionaries(
    {"kind": st.sampled_from(["percent", "daily", "flat"])},
    optional={
        "grace_days": st.integers(0, 10),
        "cap_per_loan": st.integers(0, 60).map(str),
        "compounds": st.booleans(),
    },
)


class TestLives:
    @settings(deadline=None)
    @given(document=LOAN_RULES, payments=PAYMENTS, day=st.integers(0, 300), cap=st.integers(0, 40))
    def test_caps_hold_and_looking_on_the_way_changes_nothing(
        self,
        document: dict[str, Any],
        payments: list[tuple[int, int]],
        day: int,
        cap: int,
    ) -> None:
        amount = {"amount": "7.31"} if document["kind"] == "flat" else {"percent": "90"}
        start = date(2026, 2, 10)
        money = [
            paid((start + timedelta(days=on)).isoformat(), f"{minor / 100:.2f}")
            for on, minor in payments
        ]
        looks = [at((start + timedelta(days=n)).isoformat()) for n in range(0, day, 13)]
        end = at((start + timedelta(days=day)).isoformat())
        cost = {"cost_cap_percent_of_principal": str(cap)}
        plain = told({**document, **amount}, *money, end, **cost)
        watched = told({**document, **amount}, *money, *looks, end, **cost)

        assert watched["penalty_accrued"] == plain["penalty_accrued"]
        assert watched["installments"] == plain["installments"]
        charged = Fraction(plain["penalty_accrued"])
        assert charged <= 3 * cap
        assert charged <= Fraction(document.get("cap_per_loan", 10**9))
        assert Fraction(plain["totals"]["penalties"]) == charged
        assert all(Fraction(row["outstanding"]) >= 0 for row in plain["installments"])
