"""The fast way of everyday loans gives the cents of the general way, or leaves them to it."""

from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from servicing import plain, rounding, schedule, terms
from servicing.choices import Frequency, MonthEnd, Weekend
from servicing.rounding import Rounding

LOAN: dict[str, Any] = {
    "principal": "1200",
    "currency": "EUR",
    "annual_rate_percent": "24",
    "installments": 12,
    "disbursed_on": "2026-01-15",
}

everyday = st.fixed_dictionaries(
    {
        "principal": st.integers(1, 10**12).map(lambda minor: f"{minor // 100}.{minor % 100:02d}"),
        "currency": st.just("EUR"),
        "annual_rate_percent": st.one_of(
            st.integers(0, 1_000).map(str),
            st.integers(0, 10**7).map(lambda part: f"{part // 10**4}.{part % 10**4:04d}"),
        ),
        "frequency": st.sampled_from(Frequency),
        "every": st.integers(1, 3),
        "installments": st.one_of(st.integers(1, 33), st.integers(1, 33), st.just(300)),
        "disbursed_on": st.dates(date(2000, 1, 1), date(2080, 12, 31)).map(str),
        "day_count": st.sampled_from([None, "30/360", "actual/365", "actual/360"]),
        "rounding": st.sampled_from(Rounding),
        "interest_rounding": st.just("half_even"),
        "installment_multiple": st.sampled_from([None, None, "0.05", "1", "10", "1000"]),
        "last_installment": st.sampled_from(["absorbs", "respread"]),
        "month_end": st.sampled_from(MonthEnd),
        "weekend": st.sampled_from(Weekend),
        "fees": st.sampled_from([[], [{"code": "a", "percent": "1", "when": "deducted"}]]),
    }
).filter(lambda loan: loan["frequency"] != "year" or loan["installments"] <= 33)


below = st.integers(1, rounding.EXACT - 1)


class TestExactQuotients:
    @given(below, below)
    @settings(max_examples=500, deadline=None)
    def test_round_as_half_even_does(self, numerator: int, denominator: int) -> None:
        assert round(numerator / denominator) == rounding.half_even(numerator, denominator)

    @given(st.integers(0, 2**20), st.integers(1, 2**28), st.integers(-1, 1))
    @settings(max_examples=500, deadline=None)
    def test_know_a_half_from_its_neighbors(self, whole: int, part: int, off: int) -> None:
        near_half = (2 * whole + 1) * part + off
        assert round(near_half / (2 * part)) == rounding.half_even(near_half, 2 * part)


class TestPlain:
    @given(everyday)
    @settings(max_examples=500, deadline=None)
    @example(LOAN | {"installment_multiple": "1000"})
    @example(LOAN | {"installments": 300, "annual_rate_percent": "7.3"})
    def test_is_the_general_schedule(self, loan: dict[str, Any]) -> None:
        read = terms.parse(loan)
        fast = plain.rows(read)
        assert plain.is_plain(read)
        assert fast is None or fast == schedule.general_rows(read)

    def test_shares_what_rounding_leaves(self) -> None:
        read = terms.parse({**LOAN, "principal": "50000", "installments": 240})
        fast = plain.rows(read)
        assert fast is not None
        assert fast == schedule.general_rows(read)
        assert abs(fast[-1].due - fast[0].due) < 60_000

    @pytest.mark.parametrize(
        "change",
        [
            {"method": "flat"},
            {"interest_rounding": "down"},
            {"last_installment": "level"},
            {"installments": None, "installment": "150"},
            {"grace": {"principal": 1}},
            {"weights": ["1"] * 12},
            {"first_due_on": "2026-03-01"},
            {"tranches": [{"on": "2026-03-01", "amount": "1"}]},
            {"rate_changes": [{"from": "2026-07-15", "annual_rate_percent": "12"}]},
            {"interest_pauses": [{"start": "2026-04-15", "end": "2026-05-15"}]},
            {"down_payment_percent": "25"},
            {"day_count": "actual/actual"},
            {"day_count": "actual/365", "last_installment": "absorbs"},
            {"fees": [{"code": "a", "amount": "1", "when": "per_installment"}]},
            {"principal": "1.00", "installment_multiple": "10"},
            {"principal": "999999999999.99", "annual_rate_percent": "9.48221234"},
        ],
    )
    def test_leaves_the_rest_to_the_general_way(self, change: dict[str, Any]) -> None:
        read = terms.parse({**LOAN, **change})
        assert plain.rows(read) is None
        assert schedule.build(read).installments == tuple(schedule.general_rows(read))
