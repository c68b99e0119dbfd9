"""Terms: every refusal names the field and says why; whatever is read can be written and read."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servicing import schedule, terms
from servicing.terms import InvalidTerms

LOAN: dict[str, Any] = {
    "principal": "1200",
    "currency": "EUR",
    "annual_rate_percent": "24",
    "installments": 4,
    "disbursed_on": "2026-01-15",
}

SHARE: dict[str, Any] = {"yearly": "9000", "share_percent": "10", "fee": "0"}
SALES: dict[str, Any] = {"method": "revenue_share", "installments": None, "revenue": SHARE}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"principal": "-1"}, "principal"),
    ({"principal": "0"}, "principal"),
    ({"principal": "NaN"}, "principal"),
    ({"principal": "1" + "0" * 20}, "principal"),
    ({"principal": "1.234"}, "principal"),
    ({"principal": 12.5}, "principal"),
    ({"principal": True}, "principal"),
    ({"principal": None}, "principal"),
    ({"currency": "XXX"}, "currency"),
    ({"currency": "usd"}, "currency"),
    ({"currency": ["USD"]}, "currency"),
    ({"annual_rate_percent": "-3"}, "annual_rate_percent"),
    ({"annual_rate_percent": "Infinity"}, "annual_rate_percent"),
    ({"annual_rate_percent": "20000"}, "annual_rate_percent"),
    ({"installments": 0}, "installments"),
    ({"installments": 10_000}, "installments"),
    ({"installments": 1.5}, "installments"),
    ({"installments": 200, "frequency": "year"}, "installments"),
    ({"every": 0}, "every"),
    ({"frequency": "fortnight"}, "frequency"),
    ({"method": "magic"}, "method"),
    ({"method": {}}, "method"),
    ({"method": "balloon"}, "balloon"),
    ({"method": "balloon", "balloon": "1200.01"}, "balloon"),
    ({"method": "seasonal"}, "harvest_months"),
    ({"method": "seasonal", "harvest_months": [13]}, "harvest_months"),
    ({"method": "revenue_share"}, "revenue"),
    ({"disbursed_on": "2026-02-30"}, "disbursed_on"),
    ({"disbursed_on": "15.01.2026"}, "disbursed_on"),
    ({"disbursed_on": "0001-01-01"}, "disbursed_on"),
    ({"first_due_on": "2026-01-14"}, "first_due_on"),
    ({"due_dates": ["2026-03-01", "2026-02-01"]}, "due_dates"),
    ({"due_dates": ["2026-01-01"], "installments": 1}, "due_dates"),
    ({"weights": ["1", "2"]}, "weights"),
    ({"weights": ["0", "0", "0", "0"]}, "weights"),
    ({"grace": {"principal": 4}}, "grace.principal"),
    ({"grace": {"other": 1}}, "grace.other"),
    ({"grace": 3}, "grace"),
    ({"fees": [{"code": "x", "when": "upfront"}]}, "fees[0].amount"),
    ({"fees": [{"code": "x", "when": "never", "amount": "1"}]}, "fees[0].when"),
    ({"fees": {}}, "fees"),
    ({"holidays": "ZZ"}, "holidays"),
    ({"holidays": ["soon"]}, "holidays"),
    ({"holidays": ["2026-13-01"]}, "holidays.0"),
    ({"holidays": ["KE", "US"]}, "holidays"),
    ({"holidays": [7]}, "holidays.0"),
    ({"tranches": [{"on": "2026-01-01", "amount": "1"}]}, "tranches[0].on"),
    ({"tranches": [{"on": "2026-02-01", "amount": "1300"}]}, "tranches"),
    ({"tranches": [{"on": "2026-02-01", "amount": "1200"}]}, "tranches"),
    ({"down_payment_percent": "100"}, "down_payment_percent"),
    ({"rounding": "sideways"}, "rounding"),
    ({"surprise": 1}, "surprise"),
    ({"harvest_months": [7]}, "harvest_months"),
    ({"method": "seasonal", "harvest_months": [7], "harvest_cash": ["1", "2"]}, "harvest_cash"),
    ({"method": "seasonal", "harvest_months": [7], "harvest_cash": ["x"]}, "harvest_cash.[0]"),
    ({"step_percent": "5"}, "step_percent"),
    ({"balloon": "100"}, "balloon"),
    ({"revenue": {}}, "revenue"),
    ({"method": "flat", "installment": "100"}, "installment"),
    ({"method": "bullet", "weights": ["1", "1", "1", "1"]}, "weights"),
    ({**SALES, "tranches": [{"on": "2026-02-01", "amount": "1"}]}, "tranches"),
    ({**SALES, "down_payment_percent": "10"}, "down_payment_percent"),
    ({**SALES, "revenue": {**SHARE, "sales": ["1"]}}, "revenue.yearly"),
    ({**SALES, "revenue": {**SHARE, "share_percent": "0"}}, "revenue.share_percent"),
]


class TestParse:
    @pytest.mark.parametrize(("change", "field"), REFUSED)
    def test_refuses_and_names_the_field(self, change: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidTerms) as refused:
            terms.parse({**LOAN, **change})
        assert refused.value.field == field
        assert str(refused.value).startswith(field)
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize("nothing", [[], None, "text", 3])
    def test_refuses_what_is_no_object(self, nothing: Any) -> None:
        with pytest.raises(InvalidTerms):
            terms.parse(nothing)

    @pytest.mark.parametrize("missing", ["principal", "currency", "disbursed_on", "installments"])
    def test_refuses_what_is_incomplete(self, missing: str) -> None:
        given = {key: value for key, value in LOAN.items() if key != missing}
        with pytest.raises(InvalidTerms, match=f"{missing} is missing"):
            terms.parse(given)

    def test_currencies_have_their_own_digits(self) -> None:
        assert (
            terms.parse({**LOAN, "currency": "KWD", "principal": "1.234"}).principal.minor == 1234
        )
        with pytest.raises(InvalidTerms):
            terms.parse({**LOAN, "currency": "JPY", "principal": "10.5"})


UNBROKEN = [(date(2026, 2, 1) + timedelta(days=n)).isoformat() for n in range(4_000)]
"""Holidays without a day of work between them."""

UNPAYABLE: list[tuple[dict[str, Any], str]] = [
    ({"installments": 1, "first_due_on": "2026-01-15"}, "first_due_on"),
    ({"down_payment_percent": "99", "principal": "0.02"}, "down_payment_percent"),
    ({"installments": None, "installment": "1"}, "installment"),
    ({"installments": None, "installment": "20", "frequency": "year"}, "installment"),
    ({"method": "seasonal", "harvest_months": [9]}, "harvest_months"),
    (
        {"method": "seasonal", "harvest_months": [2], "grace": {"principal": 2}},
        "harvest_months",
    ),
    ({"tranches": [{"on": "2026-05-15", "amount": "1"}]}, "tranches"),
    ({"holidays": UNBROKEN, "weekend": "next"}, "holidays"),
    ({**SALES, "revenue": {**SHARE, "yearly": "0.01"}}, "revenue.share_percent"),
    ({**SALES, "frequency": "year", "revenue": {**SHARE, "yearly": "1"}}, "revenue.share_percent"),
]


class TestTermsThatNoScheduleFits:
    @pytest.mark.parametrize(("change", "field"), UNPAYABLE)
    def test_are_refused_by_field(self, change: dict[str, Any], field: str) -> None:
        agreed = terms.parse({**LOAN, **change})
        with pytest.raises(InvalidTerms) as refused:
            schedule.build(agreed)
        assert refused.value.field == field


def test_a_cent_that_compounds_beyond_all_numbers_is_still_a_schedule() -> None:
    agreed = terms.parse({**LOAN, "annual_rate_percent": "10000", "installments": 1_200})
    assert sum(row.principal for row in schedule.build(agreed).installments) == 120_000


KEYS = [*(key for change, _ in REFUSED for key in change), *LOAN, "every", "day_count"]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**20),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["1", "0", "12", "-1", "1e5", "NaN", "2026-02-01", "KE", "day", "flat"]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["on", "amount", "code", "when", "percent", "principal"]), inner
        ),
    ),
    max_leaves=6,
)


class TestAnything:
    @given(st.dictionaries(st.sampled_from(KEYS), anything, max_size=4), st.booleans())
    @settings(max_examples=400, deadline=None)
    def test_gives_a_schedule_or_one_sentence(self, given: dict[str, Any], whole: bool) -> None:
        document = {**LOAN, **given} if whole else given
        try:
            built = schedule.build(terms.parse(document))
        except InvalidTerms as refused:
            assert "\n" not in str(refused)  # noqa: PT017
        else:
            assert built.installments[-1].balance == 0


class TestAsDocument:
    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"method": "balloon", "balloon_percent": "12.5", "first_due_on": "2026-03-01"},
            {"method": "seasonal", "harvest_months": [3, 4], "interest_due": "with_principal"},
            {"method": "seasonal", "harvest_months": [3, 4], "harvest_cash": ["5", "7.50"]},
            {"method": "balloon", "balloon_percent": "0"},
            {"installments": None, "installment": "333.33"},
            {"weights": ["1", "0.5", "2", "1"], "holidays": "KE", "weekend": "modified_next"},
            {"tranches": [{"on": "2026-02-01", "amount": "200"}], "day_count": "actual/actual"},
            {"grace": {"principal": 1}, "holidays": ["2026-05-01"], "down_payment_percent": "10"},
            {"holidays": ["2026-05-01", "US-CA"], "weekend": "previous"},
            {
                "fees": [
                    {"code": "a", "percent": "1.25", "when": "deducted"},
                    {"code": "b", "amount": "0", "when": "upfront", "to": "third_party"},
                ]
            },
            {
                "method": "revenue_share",
                "installments": None,
                "revenue": {"yearly": "9000", "share_percent": "10.5", "fee": "0"},
            },
        ],
    )
    def test_reads_back_what_it_wrote(self, change: dict[str, Any]) -> None:
        loan = terms.parse({**LOAN, **change})
        assert terms.parse(terms.as_document(loan)) == loan
