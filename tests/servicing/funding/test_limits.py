"""A policy as data: what it refuses to be, and the first limit that a loan hits."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from servicing.fields import InvalidTerms
from servicing.funding import limits
from servicing.funding.limits import Exposure, Refusal

AMINA, BRAM = new_id(), new_id()
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "funding.md"


def loan(minor: int, borrower: UUID = AMINA, **facts: str) -> Exposure:
    return Exposure(borrower, facts, minor)


def refuses(asked: Exposure, *others: Exposure, free: int = 10**9, **policy: Any) -> Refusal | None:
    parsed = limits.parse(policy, "KES")
    return limits.refusal(parsed, asked, others, capital_minor=1_000_00, free_minor=free)


class TestParse:
    def test_reads_the_example_of_the_document(self) -> None:
        example = DOCUMENT.read_text().split("```json\n")[1].split("```")[0]

        policy = limits.parse(json.loads(example), "KES")

        assert policy.floor_minor == 50_000_00
        assert policy.takes({"product": "business", "country": "KE"})
        assert not policy.takes({"product": "business"})
        assert [limit.by for limit in policy.limits] == ["borrower", "product", "region", "pool"]

    @pytest.mark.parametrize(
        ("source", "field"),
        [
            ({"limits": [{"by": "pool"}]}, "limits[0].percent"),
            ({"limits": [{"by": "pool", "percent": "9", "amount": "9"}]}, "limits[0].percent"),
            ({"limits": [{"by": "pool", "value": "x", "percent": "9"}]}, "limits[0].value"),
            ({"limits": [{"by": "shoe", "percent": "9"}]}, "limits[0].by"),
            ({"limits": [{"by": "pool", "percent": "101"}]}, "limits[0].percent"),
            ({"accepts": {"shoe": ["9"]}}, "accepts.shoe"),
            ({"rank": 0}, "rank"),
            ({"floor": "1.234"}, "floor"),
        ],
    )
    def test_names_what_is_wrong(self, source: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidTerms) as refused:
            limits.parse(source, "KES")

        assert refused.value.field == field


class TestRefusal:
    def test_lets_the_last_cent_go_and_no_more(self) -> None:
        assert refuses(loan(100), free=100) is None
        assert refuses(loan(101), free=100) == Refusal("pool_floor", 0, -1)

    def test_keeps_the_floor(self) -> None:
        assert refuses(loan(100), free=600, floor="5") is None
        assert refuses(loan(101), free=600, floor="5") == Refusal("pool_floor", 500, 499)

    def test_counts_one_borrower_by_himself(self) -> None:
        rule: dict[str, Any] = {"limits": [{"by": "borrower", "amount": "3"}]}

        assert refuses(loan(200), loan(150, BRAM), loan(100), **rule) is None
        assert refuses(loan(200), loan(101), **rule) == Refusal("limit_borrower", 300, 301)

    def test_counts_each_value_or_one(self) -> None:
        asked, other = loan(200, product="a"), loan(200, product="b")
        each: dict[str, Any] = {"limits": [{"by": "product", "percent": "0.3"}]}
        one: dict[str, Any] = {"limits": [{"by": "product", "value": "b", "percent": "0.3"}]}

        assert refuses(asked, other, **each) is None
        assert refuses(asked, asked, **each) == Refusal("limit_product", 300, 400, "a")
        assert refuses(asked, asked, **one) is None
        assert refuses(other, other, **one) == Refusal("limit_product", 300, 400, "b")

    def test_does_not_count_what_is_not_known(self) -> None:
        rule: dict[str, Any] = {"limits": [{"by": "region", "amount": "1"}]}

        assert refuses(loan(200), **rule) is None

    def test_says_the_first_that_is_hit(self) -> None:
        rule: dict[str, Any] = {
            "limits": [{"by": "pool", "percent": "1"}, {"by": "borrower", "amount": "1"}]
        }

        assert refuses(loan(1_001), **rule) == Refusal("limit_pool", 1_000, 1_001)
