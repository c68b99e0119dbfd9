"""Many loans at once: every table is the one that its loan gives alone."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import money
from servicing import batch, schedule, terms
from servicing.fields import InvalidTerms
from tests.servicing.pure.test_plain import LOAN, everyday


def check(loans: list[terms.LoanTerms]) -> None:
    tables = batch.build(loans)
    for k, loan in enumerate(loans):
        assert tables.rows(k) == schedule.build(loan).installments


def has_schedule(loan: terms.LoanTerms) -> bool:
    try:
        return bool(schedule.build(loan))
    except InvalidTerms:  # a single installment, moved back to the first day
        return False


class TestBatch:
    @given(st.lists(everyday, max_size=5))
    @settings(max_examples=200, deadline=None)
    def test_gives_each_loan_its_own_schedule(self, documents: list[dict[str, Any]]) -> None:
        check([loan for loan in map(terms.parse, documents) if has_schedule(loan)])

    @given(st.integers(1, 10**7), st.integers(1, 99_999), st.integers(1, 60))
    @settings(max_examples=50, deadline=None)
    def test_reckons_neighbors_of_one_shape_apart(self, minor: int, rate: int, count: int) -> None:
        check(
            [
                terms.parse(
                    {
                        **LOAN,
                        "principal": money.Money(minor + n, "EUR").major,
                        "annual_rate_percent": money.Money(rate + 7 * n, "EUR").major,
                        "installments": count,
                    }
                )
                for n in range(1, 40)
            ]
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"down_payment_percent": "25"},
            {"method": "seasonal", "harvest_months": [7]},
            {"fees": [{"code": "a", "amount": "1", "when": "per_installment"}]},
            {"weekend": "next"},
            {"principal": "999999999999999.99", "annual_rate_percent": "9999.999999999999"},
            {"principal": "1.00", "installment_multiple": "999999999999999.99"},
            {"principal": "50000", "installments": 240},
        ],
    )
    def test_takes_special_loans_between_common_ones(self, change: dict[str, Any]) -> None:
        check([terms.parse(loan) for loan in (LOAN, {**LOAN, **change}, LOAN)])

    def test_of_nothing_is_empty(self) -> None:
        assert batch.build([]).due.size == 0

    def test_refuses_a_loan_that_has_no_schedule(self) -> None:
        loan = {**LOAN, "method": "seasonal", "installments": 2, "harvest_months": [9]}
        with pytest.raises(InvalidTerms, match="harvest_months"):
            batch.build([terms.parse(LOAN), terms.parse(loan)])
