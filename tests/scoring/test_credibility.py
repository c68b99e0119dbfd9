"""Credibility: a worked example, and what must hold for all groups."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import credibility
from scoring.credibility import Risk, Tally

BOOKS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.tuples(st.integers(0, 500), st.integers(0, 100)).map(
        lambda drawn: Tally(drawn[0], drawn[0] * drawn[1] // 100)
    ),
    max_size=8,
)


class TestShrink:
    def test_of_three_regions_by_hand(self) -> None:
        """Of 600 loans 15 % went bad: s2 = (16 + 27 + 32) / 597 = 0.12563, and
        a = (0.25 + 0.75 + 0.5 - 2 x 0.12563) / (600 - 140000 / 600) = 0.0034057: k = 36.9."""
        found = credibility.shrink(
            {"coast": Tally(100, 20), "lake": Tally(300, 30), "rift": Tally(200, 40)}
        )

        assert found["lake"] == Risk(loans=300, bad=30, weight_bps=8_905, risk_bps=1_055)
        assert found["coast"] == Risk(loans=100, bad=20, weight_bps=7_305, risk_bps=1_865)

    def test_lets_groups_that_differ_by_chance_alone_be_one(self) -> None:
        found = credibility.shrink({"a": Tally(100, 10), "b": Tally(100, 11)})

        assert [risk.weight_bps for risk in found.values()] == [0, 0]
        assert {risk.risk_bps for risk in found.values()} == {1_050}

    @pytest.mark.parametrize("groups", [{}, {"a": Tally(0, 0)}, {"a": Tally(1, 1)}])
    def test_of_nothing_to_compare(self, groups: dict[str, Tally]) -> None:
        assert all(risk.weight_bps == 0 for risk in credibility.shrink(groups).values())

    def test_a_few_bad_loans_do_not_make_a_bad_region(self) -> None:
        groups = {"new": Tally(2, 2), "old": Tally(400, 40), "good": Tally(400, 4)}

        assert credibility.shrink(groups)["new"].risk_bps < 1_500


@given(BOOKS)
def test_a_risk_lies_between_the_groups_own_rate_and_that_of_all(groups: dict[str, Tally]) -> None:
    loans, bad = (sum(each) for each in zip(*groups.values(), strict=True)) if groups else (0, 0)
    for name, risk in credibility.shrink(groups).items():
        ends = sorted([groups[name].rate, bad / loans])
        assert ends[0] * 10_000 - 1 <= risk.risk_bps <= ends[1] * 10_000 + 1


@given(BOOKS)
def test_more_loans_count_for_more(groups: dict[str, Tally]) -> None:
    found = sorted(credibility.shrink(groups).values(), key=lambda risk: risk.loans)
    weights = [risk.weight_bps for risk in found]
    assert weights == sorted(weights)
