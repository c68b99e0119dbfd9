"""Day counts against figures that others published, and through a whole quote."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicing import day_counts, interest, schedule, terms
from servicing.choices import DayCount

# curo 1.0.0 (PyPI), tests/daycount/; each agrees with QuantLib 1.44.
PUBLISHED = """
30E/360             2020-01-28 2020-02-29 31/360
30E/360             2019-01-28 2019-02-28 30/360
30E/360             2017-12-31 2019-12-31 2
30U/360             2020-01-28 2020-02-28 30/360
30U/360             2020-01-29 2020-02-29 30/360
30U/360             2020-01-31 2020-02-29 29/360
30U/360             2024-02-29 2024-03-30 30/360
30U/360             2025-02-28 2025-03-30 30/360
30U/360             2019-06-16 2019-07-31 45/360
30U/360             2018-12-31 2020-12-31 2
30U/360             2020-02-01 2020-03-15 44/360
actual/actual-isda  2020-01-28 2020-02-28 31/366
actual/actual-isda  2019-01-28 2019-02-28 31/365
actual/actual-isda  2017-12-31 2019-12-31 2
actual/actual-isda  2018-12-31 2020-12-31 1/365+1+365/366
actual/actual-isda  2019-06-30 2021-06-30 2
actual/actual-isda  2020-02-29 2021-02-28 307/366+58/365
actual/actual-isda  2019-12-31 2020-01-01 1/365
actual/actual       2023-12-12 2024-01-12 19/365+12/366
actual/actual       2023-12-31 2024-01-01 1/366
"""


def part(text: str) -> Fraction:
    return sum((Fraction(each) for each in text.split("+")), Fraction(0))


@pytest.mark.parametrize("line", PUBLISHED.strip().splitlines())
def test_published(line: str) -> None:
    name, start, end, expected = line.split()
    count = day_counts.BY_CALENDAR[DayCount(name)]
    ours = count(date.fromisoformat(start), date.fromisoformat(end))
    assert Fraction(*ours) == part(expected)


def loan(**more: Any) -> terms.LoanTerms:
    document = {
        "principal": "1000000",
        "currency": "EUR",
        "annual_rate_percent": "36.5",
        "installments": 3,
        "disbursed_on": "2023-12-31",
    }
    return terms.parse(document | more)


def test_months_of_30_days_in_a_year_of_365() -> None:
    """Apache Fineract, ProgressiveEMICalculatorTest: 9.4822 % is 0.007793589041 a month."""
    monthly = loan(annual_rate_percent="9.4822", day_count="30/365")
    dates = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]
    for period in interest.periods(monthly, dates):
        assert f"{period.numerator / period.denominator:.12f}" == "0.007793589041"
    weekly = schedule.build(loan(day_count="30/365", frequency="week"))
    assert weekly.installments[0].interest == 700_000
    yearly = schedule.build(loan(day_count="30/365", frequency="year", installments=1))
    assert yearly.installments[0].interest == 36_000_000


@pytest.mark.parametrize(
    ("day_count", "days"),
    [("30E/360", (59, 31, 30)), ("30U/360", (59, 30, 30)), ("actual/360", (60, 31, 30))],
)
def test_a_schedule_counts_between_its_own_dates(day_count: str, days: tuple[int, ...]) -> None:
    """Of a bullet's interest each period costs as many 360ths as the count has days."""
    plan = schedule.build(
        loan(
            method="interest_only",
            annual_rate_percent="36",
            installments=None,
            due_dates=["2024-02-29", "2024-03-31", "2024-04-30"],
            day_count=day_count,
        )
    )
    assert [row.interest for row in plan.installments] == [100_000 * n for n in days]


@given(
    st.sampled_from([*day_counts.BY_CALENDAR]),
    st.dates(date(1999, 1, 1), date(2101, 1, 1)),
    st.integers(0, 900),
)
def test_no_stretch_of_days_costs_less_than_nothing_or_more_than_it_is_long(
    name: DayCount, start: date, days: int
) -> None:
    counted = Fraction(*day_counts.BY_CALENDAR[name](start, start + timedelta(days=days)))
    assert 0 <= counted <= Fraction(days + 3, 360)
    assert counted >= Fraction(days - 12, 366) - Fraction(1, 60)
