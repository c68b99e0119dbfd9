"""The rules of a product, read and kept; and the money a late fee comes to."""

import pytest

from kit.money import Money
from servicing import rules
from servicing.fields import InvalidTerms
from tests.servicing.lending import kes


class TestLateFee:
    @pytest.mark.parametrize(
        ("written", "unpaid", "fee"),
        [
            ({}, "1000", "0"),
            ({"late_fee_percent": "4"}, "1000", "40"),
            ({"late_fee_percent": "2.5"}, "0.20", "0"),  # half a cent goes to the even one
            ({"late_fee_amount": "150"}, "1000", "150"),
            ({"late_fee_percent": "1", "late_fee_amount": "150"}, "1000", "160"),
        ],
    )
    def test_is_a_part_and_an_amount(self, written: dict[str, str], unpaid: str, fee: str) -> None:
        assert rules.parse(written, "KES").late_fee(kes(unpaid)) == kes(fee)

    def test_is_in_the_loans_currency(self) -> None:
        agreed = rules.parse({"late_fee_amount": "150"}, "UGX")  # a currency without cents

        assert agreed.late_fee(Money(1, "UGX")) == Money(150, "UGX")


class TestParse:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"late_fee_percent": "101"},
            {"late_fee_percent": "-1"},
            {"late_fee_amount": "-1"},
            {"late_fee_after_days": "three"},
            {"late_fee_after_days": 366},
            {"cooling_off_days": -1},
            {"late_fe_percent": "4"},
        ],
    )
    def test_refuses_and_names_the_field(self, wrong: dict[str, object]) -> None:
        with pytest.raises(InvalidTerms) as refused:
            rules.parse(wrong, "KES")

        assert refused.value.field == f"rules.{next(iter(wrong))}"

    def test_is_kept_whole(self) -> None:
        agreed = rules.parse(
            {"late_fee_percent": "3.3", "late_fee_amount": "1", "late_fee_after_days": 3,
             "cooling_off_days": 1},
            "KES",
        )  # fmt: skip

        assert rules.from_document(rules.as_document(agreed)) == agreed
