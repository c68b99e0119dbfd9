"""What the tables of a day say of an applicant, and what a policy does with it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scoring import policy, surroundings, verdicts
from scoring.policy import Outcome
from scoring.surroundings import Place, Surroundings
from tests.scoring import cases
from tests.scoring.test_credit_policy import edited

GROUP = {"loans": 200, "bad": 40, "weight_bps": 9_000, "risk_bps": 1_900}
TABLES: dict[str, dict[str, Any]] = {
    "book": {
        "all": {"loans": 1_000, "bad": 100},
        "industry": {"farming": GROUP},
        "region": {"lake": GROUP},
        "month": {"11": {**GROUP, "risk_bps": 1_500}},
        "out": {
            "KES": {
                "loans": 100,
                "minor": 900_000,
                "industry": {"farming": 200_000},
                "region": {"lake": 850_000},
            }
        },
    },
    "region": {"lake": {"2026-09": 98.0, "2026-11": 91.0, "2026-12": 80.0}},
    "crop": {"maize": {f"2026-{month:02d}": 50.0 for month in range(1, 11)} | {"2026-11": 40.0}},
}
AMINA = Place("farming", "lake", "maize", 100_000, "KES", date(2026, 11, 22))


class TestRead:
    def test_everything_that_the_tables_say(self) -> None:
        found = surroundings.read(TABLES, AMINA)

        assert found is not None
        assert found.season_factor == pytest.approx(1.5)
        assert replace(found, season_factor=None) == Surroundings(
            industry="farming",
            region="lake",
            book_risk=0.1,
            industry_risk=0.19,
            region_risk=0.19,
            industry_share=0.3,
            region_share=0.95,
            region_index=91.0,
            crop_price_factor=0.8,
        )

    def test_a_group_that_is_new_has_the_risk_of_all_and_no_index(self) -> None:
        found = surroundings.read(
            TABLES, replace(AMINA, industry="mining", region=None, crop="tea")
        )

        assert (found.industry_risk, found.industry_share) == (0.1, 0.1)
        assert (found.region_risk, found.region_share, found.region_index) == (None, None, None)
        assert found.crop_price_factor is None

    def test_nothing_before_there_are_tables(self) -> None:
        found = surroundings.read({}, AMINA)

        assert found == Surroundings(industry="farming", region="lake")

    def test_no_shares_of_a_small_book(self) -> None:
        book = TABLES["book"]
        small = {**book, "out": {"KES": {**book["out"]["KES"], "loans": 99}}}

        assert surroundings.read({"book": small}, AMINA).region_share is None


RULES = [
    {"feature": "region_risk", "above": 0.15, "then": "refer", "reason": "region_risk_is_high"},
    {"feature": "region_share", "above": 0.9, "then": "decline", "reason": "region_share_is_full"},
    {"feature": "crop_price_factor", "below": 0.7, "then": "refer", "reason": "crop_price_is_low"},
]


class TestPolicy:
    @pytest.mark.parametrize(
        ("found", "outcome", "reasons"),
        [
            (Surroundings(region_risk=0.15), Outcome.APPROVE, ()),
            (Surroundings(region_risk=0.16), Outcome.REFER, ("region_risk_is_high",)),
            (
                Surroundings(region_risk=0.16, region_share=0.91),
                Outcome.DECLINE,
                ("region_share_is_full", "region_risk_is_high"),
            ),
            (Surroundings(crop_price_factor=0.6), Outcome.REFER, ("crop_price_is_low",)),
        ],
    )
    def test_rules_may_name_them(
        self, found: Surroundings, outcome: Outcome, reasons: tuple[str, ...]
    ) -> None:
        rules = policy.parse(edited(lambda d: d["rules"].extend(RULES)))
        verdict = verdicts.judge(rules, replace(cases.AMINA, surroundings=found), 0.05)

        assert (verdict.outcome, verdict.reasons) == (outcome, reasons)

    def test_a_risky_region_may_get_a_smaller_limit(self) -> None:
        rules = cases.default_policy()
        found = Surroundings(region_risk=0.16, book_risk=0.1)

        assert verdicts.judge(rules, cases.AMINA, 0.12).limit_minor == 60_000
        risky = replace(cases.AMINA, surroundings=found)
        assert verdicts.judge(rules, risky, 0.12).limit_minor == 45_000
