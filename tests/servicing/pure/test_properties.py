"""What holds for every loan, whatever its terms: nothing is lost and nothing turns negative."""

import itertools
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servicing import allocation, calendars, events, quotes, replay, schedule, terms
from servicing.allocation import Component, Future, Owed, Processing, Timing, Waterfall
from servicing.choices import DayCount, Frequency, MonthEnd, Weekend
from servicing.rounding import Rounding

cents = st.integers(1, 10**9)
days = st.dates(date(2000, 1, 1), date(2080, 12, 31))


def text(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


@st.composite
def loans(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(1, 60))
    start = draw(days)
    loan: dict[str, Any] = {
        "principal": text(draw(st.integers(100, 10**9))),
        "currency": "EUR",
        "annual_rate_percent": str(draw(st.integers(0, 400))),
        "method": draw(
            st.sampled_from(
                ["declining", "flat", "equal_principal", "bullet", "balloon", "graduated"]
            )
        ),
        "frequency": draw(st.sampled_from(Frequency)),
        "installments": count,
        "disbursed_on": start.isoformat(),
        "day_count": draw(st.sampled_from(DayCount)),
        "interest_period": draw(st.sampled_from(["daily", "same_as_repayment"])),
        "rounding": draw(st.sampled_from(Rounding)),
        "last_installment": draw(st.sampled_from(["absorbs", "respread"])),
        "month_end": draw(st.sampled_from(MonthEnd)),
        "weekend": draw(st.sampled_from(Weekend)),
        "installment_multiple": draw(st.sampled_from([None, "0.05", "1", "10"])),
        "down_payment_percent": str(draw(st.sampled_from([0, 0, 10, 25]))),
        "grace": {
            "principal": draw(st.integers(0, count - 1)),
            "interest_payment": draw(st.integers(0, count - 1)),
            "interest_free": draw(st.integers(0, count)),
        },
    }
    if loan["method"] == "balloon":
        loan["balloon_percent"] = str(draw(st.integers(1, 100)))
    if loan["method"] == "graduated":
        loan["step_percent"] = str(draw(st.integers(0, 20)))
    if draw(st.booleans()):
        ahead = draw(st.integers(0, 40))
        loan["first_due_on"] = (start + timedelta(days=ahead)).isoformat()
    return loan


class TestSchedules:
    @given(loans())
    @settings(max_examples=300, deadline=None)
    def test_parts_add_up_and_never_turn_negative(self, loan: dict[str, Any]) -> None:
        read = terms.parse(loan)
        built = schedule.build(read)
        rows = built.installments

        assert sum(row.principal for row in rows) == read.principal.minor
        assert rows[-1].balance == 0
        assert all(min(row.principal, row.interest, row.fees, row.balance) >= 0 for row in rows)
        assert all(row.due == row.principal + row.interest + row.fees for row in rows)
        assert [row.n for row in rows] == list(range(1, len(rows) + 1))
        assert all(a.due_on <= b.due_on for a, b in itertools.pairwise(rows))

    @given(loans(), st.integers(1, 20), st.integers(1, 99))
    @settings(max_examples=150, deadline=None)
    def test_draws_are_all_repaid(self, loan: dict[str, Any], after: int, share: int) -> None:
        read = terms.parse(loan)
        first = calendars.due_dates(read)[0]
        later = read.disbursed_on + timedelta(days=after)
        part = read.principal.minor * share // 100
        if later >= first or not 0 < part < read.principal.minor:
            return
        built = schedule.build(
            terms.parse({**loan, "tranches": [{"on": later.isoformat(), "amount": text(part)}]})
        )
        assert sum(row.principal for row in built.installments) == read.principal.minor
        assert built.installments[-1].balance == 0
        assert all(min(row.principal, row.interest) >= 0 for row in built.installments)

    @given(st.integers(10_000, 10**8), st.integers(1, 60), st.integers(1, 120))
    @settings(max_examples=100, deadline=None)
    def test_level_installments_are_level(self, principal: int, count: int, rate: int) -> None:
        loan = {
            "principal": text(principal),
            "currency": "EUR",
            "annual_rate_percent": str(rate),
            "installments": count,
            "disbursed_on": "2026-01-15",
        }
        dues = [row.due for row in schedule.build(terms.parse(loan)).installments]
        assert len(set(dues[:-1])) <= 1
        assert abs(dues[-1] - dues[0]) <= count * (1 + Fraction(rate, 1200)) ** count

    @given(st.integers(10_000, 10**8), st.integers(1, 36), st.integers(1, 200))
    @settings(max_examples=100, deadline=None)
    def test_without_fees_the_rate_is_the_price(
        self, principal: int, count: int, rate: int
    ) -> None:
        loan = {
            "principal": text(principal),
            "currency": "EUR",
            "annual_rate_percent": str(rate),
            "installments": count,
            "disbursed_on": "2026-01-15",
        }
        apr = quotes.quote(terms.parse(loan)).apr
        assert abs(float(apr["in"]) - rate) < 1e-5
        assert abs(float(apr["us"]) - rate) < 1  # whole cents cost a little on tiny loans
        assert float(apr["eu"]) >= float(apr["us"]) - 1e-9


waterfalls = st.builds(
    Waterfall,
    order=st.permutations([(t, c) for t in Timing for c in Component]).map(tuple),
    processing=st.sampled_from(Processing),
    future=st.sampled_from(Future),
)
small = st.integers(0, 500)
debts = st.lists(st.tuples(st.integers(0, 300), small, small, small, small), max_size=8)


class TestAllocation:
    @given(st.integers(0, 10_000), debts, waterfalls, st.integers(0, 300))
    def test_never_makes_or_loses_a_cent(
        self, amount: int, rows: list[tuple[int, ...]], order: Waterfall, day: int
    ) -> None:
        base = date(2026, 1, 1)
        owed = [
            Owed(n, base + timedelta(days=due), *parts)
            for n, (due, *parts) in enumerate(sorted(rows))
        ]
        split = allocation.allocate(amount, owed, order, on=base + timedelta(days=day))

        assert sum(share.amount for share in split.shares) + split.surplus == amount
        assert all(share.amount > 0 for share in split.shares)
        paid = split.by_installment()
        for row in owed:
            for component in Component:
                assert paid.get(row.n, {}).get(component, 0) <= getattr(row, component.value)
        assert split.surplus == max(amount - sum(sum(row[2:]) for row in owed), 0)

    @given(st.integers(0, 5_000), st.integers(0, 5_000), debts)
    def test_paying_twice_is_paying_the_sum(
        self, first: int, second: int, rows: list[tuple[int, ...]]
    ) -> None:
        base = date(2026, 1, 1)
        owed = [Owed(n, base, *parts) for n, (_, *parts) in enumerate(rows)]
        once = allocation.allocate(first + second, owed)
        begun = allocation.allocate(first, owed).by_installment()
        left = [
            row._replace(
                **{
                    c.value: getattr(row, c.value) - begun.get(row.n, {}).get(c, 0)
                    for c in Component
                }
            )
            for row in owed
        ]
        then = allocation.allocate(second, left)
        for component in Component:
            both = allocation.allocate(first, owed).paid(component) + then.paid(component)
            assert both == once.paid(component)


@st.composite
def stories(draw: st.DrawFn) -> dict[str, Any]:
    start = date(2026, 1, 15)
    told: list[dict[str, Any]] = [
        {"type": "disbursement", "date": start.isoformat(), "amount": "1200"}
    ]
    for _ in range(draw(st.integers(0, 8))):
        day = start + timedelta(days=draw(st.integers(0, 200)))
        kind = draw(st.sampled_from(["repayment", "charge", "goodwill_credit"]))
        event: dict[str, Any] = {"type": kind, "amount": text(draw(st.integers(1, 60_000)))}
        event["due" if kind == "charge" else "date"] = day.isoformat()
        told.append(event)
    return {
        "terms": {
            "principal": "1200",
            "currency": "EUR",
            "annual_rate_percent": "24",
            "installments": 6,
            "disbursed_on": start.isoformat(),
            "day_count": "actual/365",
        },
        "interest_recalculation": draw(
            st.sampled_from(
                [
                    None,
                    {"rest": "daily", "advance": "adjust_last"},
                    {"rest": "daily", "advance": "reduce_installment"},
                    {"rest": "daily", "advance": "reduce_count"},
                    {"rest": "same_as_repayment", "advance": "reduce_installment"},
                ]
            )
        ),
        "events": told,
    }


class TestLives:
    @given(stories())
    @settings(max_examples=200, deadline=None)
    def test_money_in_is_money_accounted_for(self, document: dict[str, Any]) -> None:
        state, _ = replay.after(story := replay.parse(document), len(story.events))
        money_in = sum(event.amount for event in story.events if event.type in events.MONEY_IN)

        assert sum(sum(row.paid) for row in state.rows) + state.credit == money_in
        assert sum(row.due[3] for row in state.rows) == 120_000
        assert all(min(row.due) >= 0 and min(row.paid) >= 0 for row in state.rows)
        assert all(row.unpaid(component) >= 0 for row in state.rows for component in range(4))
        assert sum(amount for _, amount in state.repaid) == 120_000 - state.principal_owed

    @given(stories())
    @settings(max_examples=60, deadline=None)
    def test_a_reversed_payment_never_was(self, document: dict[str, Any]) -> None:
        told = document["events"]
        extra = {"type": "repayment", "date": "2026-03-01", "amount": "77"}
        undone = [*told, extra, {"type": "reversal", "event": len(told) + 1}]
        without = replay.tell(replay.parse(document))[0]
        reversed_ = replay.tell(replay.parse({**document, "events": undone}))[0]
        for key in ("installments", "balances", "transactions", "status"):
            assert reversed_[key] == without[key]
