"""Money that settles one installment after the other goes where the general waterfall sends it."""

from datetime import date, timedelta

import hypothesis.strategies as st
from hypothesis import given

from servicing import allocation, life, product_rules, terms
from servicing.allocation import Component, Owed, Timing

START = date(2026, 1, 31)
AGREED = terms.parse(
    {
        "principal": "100",
        "currency": "EUR",
        "annual_rate_percent": "0",
        "installments": 1,
        "disbursed_on": START.isoformat(),
    }
)
amounts = st.integers(0, 300)
rows = st.lists(st.tuples(amounts, amounts, amounts, amounts), min_size=1, max_size=5)
order = st.tuples(*[st.permutations(list(Component)) for _ in Timing])


@given(rows, order, st.integers(0, 3_000), st.integers(-1, 6))
def test_they_agree(
    due: list[tuple[int, ...]], order: tuple[list[Component], ...], amount: int, week: int
) -> None:
    steps = [(timing, each) for timing, turn in zip(Timing, order, strict=True) for each in turn]
    waterfall = allocation.Waterfall(tuple(steps))
    days = [START + timedelta(weeks=n) for n in range(len(due))]
    on = START + timedelta(weeks=week)
    loan = life.Life(AGREED, product_rules.ProductRules())
    loan.rows = [
        life.Row(life.Kind.INSTALLMENT, day, 7, list(parts))
        for day, parts in zip(days, due, strict=True)
    ]
    owed = [Owed(n, day, *parts) for n, (day, parts) in enumerate(zip(days, due, strict=True))]
    said = allocation.allocate(amount, owed, waterfall, on=on)

    split = life.settle(loan, amount, on, waterfall)

    assert allocation.is_forward(waterfall)
    assert split == tuple(said.paid(each) for each in Component)
    shares = said.by_installment()
    for n, row in enumerate(loan.rows):
        assert row.paid == [shares.get(n, {}).get(each, 0) for each in Component]
