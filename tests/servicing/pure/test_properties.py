"""What holds for every payment and every life: nothing is lost and nothing turns negative."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servicing import allocation, events, replay
from servicing.allocation import Component, Future, Owed, Processing, Timing, Waterfall


def text(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


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
        assert sum(change for _, change in state.moves) == state.principal_owed

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
