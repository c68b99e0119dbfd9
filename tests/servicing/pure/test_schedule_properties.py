"""What holds for every schedule that any terms give: parts add up and nothing turns negative."""

import contextlib
import itertools
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kit import money
from servicing import quotes, schedule, terms
from servicing.choices import DayCount, Frequency, InterestPeriod, Method, MonthEnd, Weekend, When
from servicing.fields import InvalidTerms
from servicing.rounding import Rounding
from servicing.schedule import Kind, Schedule
from servicing.terms import LoanTerms

starts = st.one_of(
    st.dates(date(2000, 1, 1), date(2060, 12, 31)),
    st.sampled_from([date(2024, 1, 31), date(2024, 2, 29), date(2023, 2, 28), date(2023, 12, 31)]),
)
counts = st.one_of(st.integers(1, 13), st.sampled_from([24, 36, 60]))
amounts = st.one_of(st.integers(1, 10_000), st.integers(10_000, 10**11))
rates = st.one_of(st.just("0"), st.integers(0, 400).map(str), st.just("9.4822"))
percents = st.sampled_from(["0.5", "10", "33.3", "90"])
shapes = st.fixed_dictionaries(
    {},
    optional={
        "every": st.sampled_from([1, 2, 3, 15]),
        "day_count": st.sampled_from(DayCount),
        "interest_period": st.sampled_from(InterestPeriod),
        "rounding": st.sampled_from(Rounding),
        "interest_rounding": st.sampled_from(Rounding),
        "last_installment": st.sampled_from(["absorbs", "respread", "level"]),
        "interest_due": st.just("with_principal"),
        "month_end": st.sampled_from(MonthEnd),
        "weekend": st.sampled_from(Weekend),
        "down_payment_percent": percents,
    },
)


class Loans:
    """Amounts in the digits of a currency, days around a start."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.currency = draw(st.sampled_from(["EUR", "EUR", "JPY", "KWD"]))
        self.start = draw(starts)
        self.count = draw(counts)
        self.principal = draw(amounts)

    def text(self, minor: int) -> str:
        return money.Money(minor, self.currency).major

    def day(self, most: int) -> str:
        return str(self.start + timedelta(days=self.draw(st.integers(0, most))))

    def grace(self) -> dict[str, int]:
        periods = st.integers(0, self.count - 1)
        free = self.draw(st.integers(0, self.count))
        return {
            "principal": self.draw(periods),
            "interest_payment": self.draw(periods),
            "interest_free": free,
        }

    def weights(self) -> list[str]:
        some = st.lists(st.sampled_from("0123"), min_size=self.count, max_size=self.count)
        return self.draw(some)

    def fees(self) -> list[dict[str, str]]:
        when = self.draw(st.sampled_from(When))
        return [
            {"code": "a", "when": when, "percent": "2.5"},
            {"code": "b", "when": when, "amount": "1"},
        ]

    def tranches(self) -> list[dict[str, str]]:
        part = self.text(max(self.principal // 3, 1))
        return [{"on": self.day(40), "amount": part}, {"on": self.day(90), "amount": part}]

    def pauses(self) -> list[dict[str, str]]:
        begin = self.start + timedelta(days=self.draw(st.integers(0, 90)))
        return [{"start": str(begin), "end": str(begin + timedelta(days=20))}]

    def of_method(self, method: Method) -> dict[str, Any]:
        if method is Method.BALLOON:
            return {"balloon_percent": self.draw(percents)}
        if method is Method.GRADUATED:
            return {"step_percent": self.draw(st.sampled_from(["0", "5", "60"])), "step_every": 2}
        if method is Method.SEASONAL:
            months = self.draw(st.lists(st.integers(1, 12), min_size=1, max_size=3))
            cash = [self.text(100 + n) for n in range(len(months))]
            return {"harvest_months": months, "harvest_cash": cash, "harvest_delay_months": 1}
        if method is Method.REVENUE_SHARE:
            sales = [self.text(self.principal * part // 7) for part in (1, 0, 3, 2)]
            fee = self.text(self.draw(st.integers(0, self.principal)))
            return {"revenue": {"sales": sales, "share_percent": "40", "fee": fee}}
        return {}


@st.composite
def loans(draw: st.DrawFn) -> dict[str, Any]:
    some = Loans(draw)
    method = draw(st.sampled_from(Method))
    loan = {
        "principal": some.text(some.principal),
        "currency": some.currency,
        "annual_rate_percent": draw(rates),
        "method": method,
        "frequency": draw(st.sampled_from(Frequency)),
        "disbursed_on": str(some.start),
        **draw(shapes),
        **some.of_method(method),
    }
    clauses: dict[str, Any] = {
        "first_due_on": lambda: some.day(100),
        "installment_multiple": lambda: some.text(draw(st.sampled_from([5, 100, 1000]))),
        "holidays": lambda: [some.day(100), some.day(400)],
        "fees": some.fees,
    }
    if method is not Method.REVENUE_SHARE:
        loan["installments"] = some.count
        clauses |= {
            "grace": some.grace,
            "tranches": some.tranches,
            "interest_pauses": some.pauses,
            "rate_changes": lambda: [{"from": some.day(90), "annual_rate_percent": "5"}],
        }
        if method not in (Method.BULLET, Method.INTEREST_ONLY):
            clauses["weights"] = some.weights
    for key, clause in clauses.items():
        if draw(st.integers(0, 3)) == 0:
            loan[key] = clause()
    return loan


def read(loan: dict[str, Any]) -> LoanTerms:
    try:
        return terms.parse(loan)
    except InvalidTerms:
        assume(False)
        raise


def built(agreed: LoanTerms) -> Schedule:
    try:
        return schedule.build(agreed)
    except InvalidTerms:
        assume(False)
        raise


class TestEverySchedule:
    @given(loans())
    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    def test_adds_up_and_never_turns_negative(self, loan: dict[str, Any]) -> None:
        agreed = read(loan)
        rows = built(agreed).installments

        assert sum(row.principal for row in rows) == agreed.principal.minor
        assert rows[-1].balance == 0
        assert all(min(row.principal, row.interest, row.fees, row.balance) >= 0 for row in rows)
        assert all(row.due == row.principal + row.interest + row.fees for row in rows)
        assert [row.n for row in rows] == list(range(1, len(rows) + 1))

    @given(loans())
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    def test_has_dates_that_rise(self, loan: dict[str, Any]) -> None:
        agreed = read(loan)
        rows = [row for row in built(agreed).installments if row.kind is Kind.INSTALLMENT]
        days = [agreed.disbursed_on, *(row.due_on for row in rows)]

        assert all(a <= b for a, b in itertools.pairwise(days))
        assert [row.days for row in rows] == [(b - a).days for a, b in itertools.pairwise(days)]
        if agreed.weekend is Weekend.KEEP and not agreed.holidays:
            assert all(a < b for a, b in itertools.pairwise(days[1:]))

    @given(loans())
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    def test_has_a_price_or_a_refusal(self, loan: dict[str, Any]) -> None:
        agreed = read(loan)
        with contextlib.suppress(InvalidTerms):
            document = quotes.as_document(quotes.quote(agreed))
            assert set(document["apr"]) == {"us", "eu", "uk", "in"}
            assert len(document["installments"]) == len(built(agreed).installments)

    @given(loans())
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    def test_is_kept_whole_in_its_document(self, loan: dict[str, Any]) -> None:
        agreed = read(loan)
        assert terms.parse(terms.as_document(agreed)) == agreed


plain_loans = st.fixed_dictionaries(
    {
        "principal": st.integers(10_000, 10**8).map(lambda minor: f"{minor // 100}"),
        "currency": st.just("EUR"),
        "annual_rate_percent": st.integers(1, 120).map(str),
        "installments": st.integers(1, 36),
        "disbursed_on": st.just("2026-01-15"),
    }
)


class TestLevelInstallments:
    @given(plain_loans)
    @settings(max_examples=100, deadline=None)
    def test_are_level(self, loan: dict[str, Any]) -> None:
        dues = [row.due for row in schedule.build(terms.parse(loan)).installments]
        growth = (1 + Fraction(loan["annual_rate_percent"]) / 1200) ** len(dues)
        off = len(dues) * growth  # what cents of rounding can grow to
        assume(dues[0] > off)
        assert len(set(dues[:-1])) <= 1
        assert abs(dues[-1] - dues[0]) <= off

    @given(plain_loans)
    @settings(max_examples=100, deadline=None)
    def test_cost_their_rate_when_there_are_no_fees(self, loan: dict[str, Any]) -> None:
        rate = int(loan["annual_rate_percent"])
        apr = quotes.quote(terms.parse(loan)).apr
        assert float(apr["in"]) == pytest.approx(rate, abs=1e-5)
        assert float(apr["us"]) == pytest.approx(rate, abs=1)  # cents cost a little on tiny loans
        assert float(apr["eu"]) >= float(apr["us"]) - 1e-9

    @given(plain_loans)
    @settings(max_examples=100, deadline=None)
    def test_of_flat_loans_are_the_principal_and_interest_shared(
        self, loan: dict[str, Any]
    ) -> None:
        agreed = terms.parse({**loan, "method": "flat", "day_count": "actual/365"})
        rows = schedule.build(agreed).installments
        term = sum(row.days for row in rows)
        whole = agreed.principal.minor * agreed.annual_rate * Fraction(term, 365)

        assert abs(sum(row.interest for row in rows) - whole) <= Fraction(1, 2)
        assume(whole > len(rows) ** 2)
        assert len({row.due for row in rows[:-1]}) <= 1
