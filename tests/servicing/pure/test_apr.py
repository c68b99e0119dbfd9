"""APRs: the examples that the regulations print, refusals, and an independent solver."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

import pytest
import pyxirr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from servicing import flows, quotes, terms
from servicing.fields import InvalidTerms

Rows = Sequence[tuple[Any, ...]]


def row(when: str, amount: str, count: int = 1, every: str | None = None) -> dict[str, Any]:
    at = {"on": when} if when.count("-") == 2 else {"t": when}
    return {**at, "amount": amount, "count": count, **({"every": every} if every else {})}


def rate(convention: str, advances: Rows, payments: Rows, **said: Any) -> float:
    document = {
        "convention": convention,
        "advances": [row(*each) for each in advances],
        "payments": [row(*each) for each in payments],
    }
    return flows.annual_rate(flows.parse({**document, **said}))


def every_four_weeks(*series: tuple[str, int]) -> list[tuple[str, str]]:
    starts = [(date.fromisoformat(first), count) for first, count in series]
    return [
        ((first + timedelta(days=28 * n)).isoformat(), "100")
        for first, count in starts
        for n in range(count)
    ]


# 12 CFR 1026, Appendix J, (c)-(e): https://www.consumerfinance.gov/rules-policy/regulations/1026/J/
REGULATION_Z: dict[str, tuple[Rows, Rows, str]] = {
    "(c)(1)(i) monthly": (
        [("1978-01-10", "5000")], [("1978-02-10", "230", 24, "1 month")], "9.69"),
    "(c)(1)(ii) monthly, long first period": (
        [("1978-02-10", "6000")], [("1978-04-01", "200", 36, "1 month")], "11.82"),
    "(c)(1)(iii) semimonthly, short first period": (
        [("1978-02-23", "5000")], [("1978-03-01", "219.17", 24, "semimonth")], "10.34"),
    "(c)(1)(iv) quarterly, long first period": (
        [("1978-05-23", "10000")], [("1978-10-01", "385", 40, "3 months")], "8.97"),
    "(c)(1)(v) weekly, long first period": (
        [("1978-03-20", "500")], [("1978-04-21", "17.60", 30, "1 week")], "14.96"),
    "(c)(2)(ii) every four weeks, odd first payment": (
        [("1978-03-18", "400")],
        [("1978-04-20", "39.50"), ("1978-05-18", "38.31", 11, "4 weeks")], "28.50"),
    "(c)(3)(ii) every two weeks, odd last payment": (
        [("1978-04-03", "200")],
        [("1978-04-11", "9.50", 19, "2 weeks"), ("1979-01-02", "30")], "12.22"),
    "(c)(4)(ii) every two months, odd first and last payment": (
        [("1978-01-10", "8000")],
        [("1978-03-01", "449.36"), ("1978-05-01", "465", 18, "2 months"),
         ("1981-05-01", "200")], "7.30"),
    "(c)(5)(i) one payment, a term in days": (
        [("1978-01-03", "1000")], [("1978-09-15", "1080")], "11.45"),
    "(c)(5)(ii) one payment, a term in months": (
        [("1978-07-15", "1000")], [("1979-01-15", "1044")], "8.80"),
    "(c)(5)(iii) one payment, a year and a half": (
        [("1978-01-17", "1000")], [("1979-07-17", "1135.19")], "8.76"),
    "(c)(5)(iv) one payment, two years": (
        [("1978-01-03", "1000")], [("1980-01-03", "1240")], "11.36"),
    "(d)(1) skipped payments": (
        [("1978-01-25", "2135")],
        every_four_weeks(("1978-02-20", 9), ("1978-11-13", 6), ("1979-05-14", 6),
                         ("1979-11-12", 3)), "12.00"),
    "(d)(2) skipped payments and single ones": (
        [("1978-03-03", "7350")],
        [("1978-09-15", "1000", 3, "1 month"), ("1979-03-15", "2000"),
         ("1979-09-15", "750", 3, "1 month"), ("1980-02-01", "1000")], "10.22"),
    "(e)(1) three advances": (
        [("1979-04-10", "20000"), ("1979-06-12", "20000"), ("1979-09-18", "20000")],
        [("1979-12-10", "612.36", 240, "1 month")], "10.25"),
}  # fmt: skip

# Directive 98/7/EC, Annex III, A (calendar) and B (standard year); EC report of January 2015.
EUROPE: dict[str, tuple[Rows, Rows, str]] = {
    "98/7 A1": ([("1994-01-01", "1000")], [("1995-07-01", "1200")], "12.96"),
    "98/7 A2": ([("1994-01-01", "950")], [("1995-07-01", "1200")], "16.90"),
    "98/7 A3": (
        [("1994-01-01", "1000")], [("1995-01-01", "600"), ("1996-01-01", "600")], "13.07"),
    "98/7 B1": ([("0", "1000")], [("1.5", "1200")], "12.92"),
    "98/7 B2": ([("0", "950")], [("1.5", "1200")], "16.85"),
    "98/7 B4": ([("0", "1000")], [("0.25", "272"), ("0.5", "272"), ("1", "544")], "13.19"),
    "EC 2, monthly from an odd day": (
        [("2012-01-12", "200000")],
        [("2012-01-12", "4000"), ("2012-02-15", "1433.57", 240, "1 month")], "6.434185"),
    "EC 2, yearly from an odd day": (
        [("2012-01-12", "200000")],
        [("2012-01-12", "4000"), ("2012-02-15", "16541.86", 20, "1 year")], "6.282070"),
}  # fmt: skip


class TestPublishedExamples:
    @pytest.mark.parametrize("name", REGULATION_Z)
    def test_regulation_z(self, name: str) -> None:
        advances, payments, expected = REGULATION_Z[name]
        assert f"{rate('us', advances, payments):.2f}" == expected

    @pytest.mark.parametrize("convention", ["eu", "uk"])
    @pytest.mark.parametrize("name", EUROPE)
    def test_europe(self, name: str, convention: str) -> None:
        advances, payments, expected = EUROPE[name]
        places = len(expected.partition(".")[2])
        assert f"{rate(convention, advances, payments):.{places}f}" == expected

    def test_india(self) -> None:
        """RBI/2024-25/18, Annex B: 20,000 for 24 months at 15 %, 160 to the lender, 240 beyond."""
        loan = {
            "principal": "20000", "currency": "INR", "annual_rate_percent": "15",
            "installments": 24, "disbursed_on": "2024-10-01",
            "fees": [
                {"code": "processing", "amount": "160", "when": "deducted", "to": "lender"},
                {"code": "insurance", "amount": "240", "when": "deducted", "to": "third_party"},
            ],
        }  # fmt: skip
        assert f"{float(quotes.quote(terms.parse(loan)).apr['in']):.2f}" == "17.07"
        assert f"{rate('in', [('0', '19600')], [('1/12', '969.73', 24, '1 month')]):.2f}" == "17.07"


class TestUnitPeriods:
    def test_last_days_of_months_are_a_month_apart(self) -> None:
        regular = rate("us", [("0", "1000")], [("1/12", "350", 3, "1 month")])
        for start, days in (
            ("2024-01-31", ("2024-02-29", "2024-03-31", "2024-04-30")),
            ("2024-02-29", ("2024-03-31", "2024-04-30", "2024-05-31")),
            ("2023-01-30", ("2023-02-28", "2023-03-30", "2023-04-30")),
        ):
            payments = [(day, "350") for day in days]
            assert rate("us", [(start, "1000")], payments) == pytest.approx(regular, abs=1e-9)

    def test_two_common_periods_give_the_shorter_one(self) -> None:
        payments = [
            (day, "300") for day in ("2026-02-01", "2026-03-01", "2026-06-01", "2026-09-01")
        ]
        found = flows.parse({
            "convention": "us",
            "advances": [row("2026-01-01", "1000")],
            "payments": [row(*each) for each in payments],
        })  # fmt: skip
        assert str(found.unit.unit) == "month"
        assert found.unit.every == 1

    def test_no_common_period_gives_the_average(self) -> None:
        found = flows.parse({
            "convention": "us",
            "advances": [row("2026-01-01", "1000")],
            "payments": [row("2026-01-20", "500"), row("2026-02-27", "600")],
        })  # fmt: skip
        assert (str(found.unit.unit), found.unit.every) == ("week", 4)  # 57 / 2 days: 28 is nearest

    def test_odd_days_that_end_on_a_29_february_are_of_366(self) -> None:
        by_dates = rate("eu", [("2024-02-19", "1000")], [("2024-03-29", "505", 2, "1 month")])
        by_time = rate("eu", [("0", "1000")], [("10/366 + 1/12", "505", 2, "1 month")])
        assert by_dates == pytest.approx(by_time, abs=1e-9)

    def test_what_is_said_of_the_first_payment_beats_the_dates(self) -> None:
        said = {"unit_periods_per_year": 4, "whole_periods_to_first": 1, "odd_fraction": "39/90"}
        by_dates = rate("us", [("1978-05-23", "10000")], [("1978-10-01", "385", 40, "3 months")])
        by_words = rate("us", [("0", "10000")], [("1", "385", 40, "3 months")], **said)
        assert by_words == pytest.approx(by_dates, abs=1e-9)

    def test_times_show_their_unit_period_as_days_do(self) -> None:
        assert f"{rate('us', [('0', '1000')], [('255/365', '1080')]):.2f}" == "11.45"
        weekly = [(f"{n}/52", "250") for n in range(1, 6)]
        expected = rate("us", [("2023-11-23", "1000")], [("2023-11-30", "250", 5, "1 week")])
        assert rate("us", [("0", "1000")], weekly) == pytest.approx(expected)
        half = rate("us", [("0", "1000")], [("1.5", "1135.19")])
        assert f"{half:.2f}" == "8.76"

    def test_computers_may_write_numbers_out(self) -> None:
        payments = [(str(n / 12), str(2760.0000000000005 / 12)) for n in range(1, 25)]
        assert f"{rate('us', [('0', '5000')], payments):.2f}" == "9.69"

    def test_payments_may_come_before_the_first_advance_in_the_united_states(self) -> None:
        advances = [("2026-02-01", "100"), ("2026-03-01", "100")]
        assert rate("us", advances, [("2026-01-01", "20"), ("2026-06-01", "190")]) > 0


REFUSED = [
    ({"payments": [row("1", "900")]}, "payments must add up to at least the advances"),
    ({"payments": [row("0", "1100")]}, "payments have no yearly rate"),
    ({"payments": [row("1", "NaN")]}, "payments[0].amount must be a decimal number"),
    ({"payments": [row("1", "-5")]}, "payments[0].amount must be from 0"),
    ({"payments": [row("1", "1100", 1, "1 moon")]}, "payments[0].every must be"),
    ({"payments": [row("1", "1100", 1, "0 months")]}, "payments[0].every must be"),
    ({"advances": [row("2026-01-01", "9")], "payments": [row("2026-02-01", "1", 9, "1201")]},
     "payments[0] must not lead beyond the year 9999"),
    ({"payments": [row("2026-01-01", "1100")]}, "advances must have a date"),
    ({"payments": [{"on": "2026-01-01", "t": "1", "amount": "5"}]}, "payments[0].t must not"),
    ({"payments": [row("2026-02-30", "1100")]}, "payments[0].on is not a day"),
    ({"advances": []}, "advances must have at least one item"),
    ({"convention": "mars"}, "convention must be one of"),
    ({"colour": 1}, "colour is not a known key"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), REFUSED)
def test_nonsense_is_refused_in_one_sentence(change: dict[str, Any], said: str) -> None:
    sound = {"convention": "eu", "advances": [row("0", "1000")], "payments": [row("1", "1100")]}
    with pytest.raises(InvalidTerms) as refused:
        flows.annual_rate(flows.parse({**sound, **change}))
    assert str(refused.value).startswith(said)


def test_in_europe_nobody_pays_before_the_first_advance() -> None:
    with pytest.raises(InvalidTerms, match="payments must not be before the first advance"):
        rate("eu", [("2026-02-01", "100")], [("2026-01-01", "120")])


gaps = st.lists(st.integers(1, 400), min_size=2, max_size=30)
amounts = st.lists(st.integers(1, 10**7), min_size=30, max_size=30)


class TestAgainstAnotherSolver:
    @given(gaps, amounts, st.floats(1.0, 3.0))
    @settings(max_examples=200, deadline=None)
    def test_days_agree_with_xirr(self, steps: list[int], paid: list[int], ratio: float) -> None:
        start = date(2025, 3, 1)
        days = [start + timedelta(days=n) for n in accumulate(steps)]
        paid = paid[: len(days)]
        lent = max(round(sum(paid) / ratio), 1)
        theirs = pyxirr.xirr([start, *days], [lent, *(-amount for amount in paid)])
        assume(theirs is not None and 0 < theirs < 1e6)
        said = {"unit_periods_per_year": 365}
        payments = [(day.isoformat(), str(amount)) for day, amount in zip(days, paid, strict=True)]
        ours = rate("eu", [(start.isoformat(), str(lent))], payments, **said)
        assert ours / 100 == pytest.approx(theirs, rel=1e-8, abs=1e-9)

    @given(st.integers(100, 10**7), amounts, st.integers(1, 30), st.sampled_from([1, 2, 3, 6]))
    @settings(max_examples=200, deadline=None)
    def test_rows_agree_with_irr(self, lent: int, paid: list[int], count: int, months: int) -> None:
        paid = paid[:count]
        assume(sum(paid) > lent)
        payments = [(f"{n * months}/12", str(amount)) for n, amount in enumerate(paid, 1)]
        per_year = {"unit_periods_per_year": 12 // months}
        theirs = pyxirr.irr([lent, *(-amount for amount in paid)])
        if theirs is None:
            return
        american = rate("us", [("0", str(lent))], payments, **per_year)
        indian = rate("in", [("0", str(lent))], payments, **per_year)
        european = rate("eu", [("0", str(lent))], payments, **per_year)
        assert american == pytest.approx(100 * theirs * 12 / months, rel=1e-8, abs=1e-9)
        assert indian == pytest.approx(american, rel=1e-12, abs=1e-9)
        compound = 100 * ((1 + theirs) ** (12 / months) - 1)
        assert european == pytest.approx(compound, rel=1e-7, abs=1e-9)

    @given(st.integers(1, 60), st.integers(0, 29), st.integers(1, 36), st.integers(0, 300))
    @settings(max_examples=200, deadline=None)
    def test_odd_days_bear_simple_interest(
        self, whole: int, odd: int, count: int, cost: int
    ) -> None:
        """The balance, carried forward payment by payment as (a)(2) says, ends at nothing."""
        lent, paid = 1000, [round(1000 * (100 + cost) / 100 / count) + 1] * count
        said = {
            "unit_periods_per_year": 12,
            "whole_periods_to_first": whole,
            "odd_fraction": f"{odd}/30",
        }
        payments = [("1", str(amount)) for amount in paid]
        payments[1:] = [(f"{12 + n}/12", str(a)) for n, a in enumerate(paid[1:], 1)]
        i = rate("us", [("0", str(lent))], payments, **said) / 1200
        balance = lent * (1 + i * odd / 30) * (1 + i) ** whole - paid[0]
        for amount in paid[1:]:
            balance = balance * (1 + i) - amount
        assert balance == pytest.approx(0, abs=1e-5 * (1 + i) ** (whole + count))


LOANS: list[dict[str, Any]] = [
    {"method": method, **extra}
    for method, extra in (
        ("declining", {}), ("flat", {}), ("equal_principal", {}), ("interest_only", {}),
        ("bullet", {}), ("balloon", {"balloon_percent": "30"}),
        ("graduated", {"step_percent": "2", "step_every": 2}),
        ("seasonal", {"harvest_months": [7], "interest_due": "with_principal"}),
        ("declining", {"frequency": "week"}), ("declining", {"frequency": "day", "every": 10}),
        ("declining", {"first_due_on": "2026-03-03"}),
        ("declining", {"first_due_on": "2026-01-15"}),
        ("declining", {"down_payment_percent": "20"}),
        ("declining", {"tranches": [{"on": "2026-03-20", "amount": "400"}]}),
        ("bullet", {"installments": 1, "first_due_on": "2026-03-03"}),
        ("declining", {"installments": None, "due_dates": ["2026-03-01", "2026-09-11"]}),
        ("declining", {"weekend": "next", "holidays": "KE"}),
    )
]  # fmt: skip


@st.composite
def dated_loans(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(st.dates(date(2023, 1, 1), date(2026, 12, 31)))
    loan: dict[str, Any] = {
        "principal": "5000",
        "currency": "EUR",
        "annual_rate_percent": str(draw(st.integers(1, 120))),
        "method": draw(st.sampled_from(["declining", "flat", "equal_principal", "interest_only"])),
        "frequency": draw(st.sampled_from(["day", "week", "month"])),
        "every": draw(st.integers(1, 6)),
        "installments": draw(st.integers(2, 14)),
        "disbursed_on": start.isoformat(),
    }
    if ahead := draw(st.integers(0, 100)):
        loan["first_due_on"] = (start + timedelta(days=ahead)).isoformat()
    if draw(st.booleans()):
        loan["fees"] = [{"code": "f", "percent": "3", "when": "deducted"}]
    if draw(st.booleans()):
        loan["down_payment_percent"] = "10"
    return loan


@given(dated_loans(), st.sampled_from(["us", "eu"]))
@settings(max_examples=300, deadline=None)
def test_a_quote_has_the_rate_of_its_own_dates(loan: dict[str, Any], convention: str) -> None:
    """A quote knows which periods are whole; the same flows by date alone say the same."""
    quoted = quotes.quote(terms.parse(loan))
    paid = [(row.due_on.isoformat(), str(row.due)) for row in quoted.installments if row.due]
    # Of April and June alone nobody can tell by date whether the 30th is meant or the last day.
    days = [row.due_on for row in quoted.installments if row.due]
    assume(not all(day.day == 30 and (day + timedelta(days=1)).day == 1 for day in days))
    per_year = {"day": 365, "week": 52, "month": 12}[loan["frequency"]]
    said = {"unit_periods_per_year": f"{per_year}/{loan['every']}"}
    received = str(quoted.net_disbursed.minor)
    by_date = rate(convention, [(loan["disbursed_on"], received)], paid, **said)
    assert by_date == pytest.approx(float(quoted.apr[convention]), rel=1e-6, abs=1e-5)


class TestQuotes:
    @pytest.mark.parametrize("change", LOANS, ids=str)
    def test_every_fee_that_the_credit_needs_counts_in_every_rate(
        self, change: dict[str, Any]
    ) -> None:
        loan = {
            "principal": "1200", "currency": "EUR", "annual_rate_percent": "24",
            "installments": 12, "disbursed_on": "2026-01-15", **change,
        }  # fmt: skip
        plain = quotes.quote(terms.parse(loan)).apr
        for to in ("lender", "third_party"):
            for when in ("upfront", "deducted", "per_installment", "last_installment"):
                fees = [{"code": "f", "amount": "12", "when": when, "to": to}]
                dearer = quotes.quote(terms.parse({**loan, "fees": fees})).apr
                assert all(float(dearer[key]) > float(plain[key]) for key in plain)

    def test_a_bullet_has_its_term_as_unit_period(self) -> None:
        loan = {
            "principal": "1000", "currency": "USD", "annual_rate_percent": "365",
            "method": "bullet", "frequency": "week", "every": 2, "installments": 1,
            "disbursed_on": "2026-01-15", "day_count": "actual/365",
        }  # fmt: skip
        assert quotes.quote(terms.parse(loan)).apr["us"] == "365.000000"
        assert quotes.quote(terms.parse({**loan, "installments": 3})).apr["us"] != "365.000000"
