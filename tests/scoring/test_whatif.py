"""What would have been, random approvals, and the cases that stand beside a policy."""

import csv
import io
from dataclasses import replace
from datetime import datetime
from xml.etree import ElementTree

import pytest

from kit.db import Sessions
from scoring import (
    decisions,
    engine,
    exploration,
    policy,
    policy_cases,
    queries,
    whatif,
    whatif_shown,
)
from scoring import snapshot as snapshots
from scoring.policy import Outcome
from scoring.queries import Period
from scoring.snapshot import Rates, Snapshot
from tests.scoring import cases
from tests.scoring.people import crowd
from tests.scoring.test_replaying import CURIOUS, DEFAULT, book

AT = "2026-05-01T08:00:00+00:00"
STRICTER = DEFAULT.replace("approve_up_to_bps: 1500", "approve_up_to_bps: 500")
HALF_LOST = """
overrides:
  - when: {product: [personal]}
    pricing: {cost_of_funds_bps: 1, operating_cost_bps: 1, margin_bps: 1, lgd_bps: 5000}
"""


class TestWhatIf:
    async def test_the_policy_that_decided_changes_nothing(
        self, sessions: Sessions, now: datetime
    ) -> None:
        await book(sessions, now, 40)

        found = await whatif.replay(sessions, Period(), model=cases.stock(), policy=None)

        assert (found.decisions, found.changed, found.examples) == (40, 0, [])
        assert found.before == found.after

    async def test_sums_are_those_of_each_decision_by_hand(
        self, sessions: Sessions, now: datetime
    ) -> None:
        await book(sessions, now, 60)
        stricter = policy.parse(STRICTER)

        found = await whatif.replay(sessions, Period(), model=None, policy=stricter)

        by_hand: dict[tuple[Outcome, Outcome], int] = {}
        approved, losses = 0, 0
        async for batch in queries.batches(sessions, Period(), size=7):
            for made in batch:
                seen = snapshots.from_json(made.snapshot)
                other = engine.assess(seen, cases.stock(), stricter)
                way = (made.outcome, other.outcome)
                by_hand[way] = by_hand.get(way, 0) + 1
                approved += other.approved_minor
                losses += round(other.pd * other.approved_minor * 4_500 / 10_000)
        assert dict(found.ways) == by_hand
        assert found.after["USD"].approved_minor == approved
        assert found.after["USD"].loss_minor == losses
        per_way = [(each.before, each.after) for each in found.examples]
        assert all(per_way.count(way) <= whatif.EXAMPLES for way in per_way)

    @pytest.mark.parametrize("for_product", [False, True])
    async def test_the_share_lost_is_that_of_the_policy_that_judges(
        self, sessions: Sessions, now: datetime, for_product: bool
    ) -> None:
        """Each decision's own, where only a model is given; an override's, where one fits."""
        await book(sessions, now, 30)
        rules = policy.parse(DEFAULT + HALF_LOST) if for_product else None

        found = await whatif.replay(
            sessions, Period(), model=None if for_product else cases.stock(), policy=rules
        )

        losses = 0
        async for batch in queries.batches(sessions, Period()):
            share = 5_000 if for_product else 4_500
            losses += sum(round(m.pd * m.approved_minor * share / 10_000) for m in batch)
        assert losses > 0
        assert found.before["USD"].loss_minor == losses

    async def test_is_told_as_lines_csv_and_picture(
        self, sessions: Sessions, now: datetime
    ) -> None:
        await book(sessions, now, 40)
        found = await whatif.replay(sessions, Period(), model=None, policy=policy.parse(STRICTER))

        lines = "\n".join(whatif_shown.lines(found))
        rows = list(csv.DictReader(io.StringIO(whatif_shown.as_csv(found))))
        picture = ElementTree.fromstring(whatif_shown.as_svg(found))

        assert f"40 decisions, {found.changed} would have come out otherwise." in lines
        counted = sum(int(row["after"]) for row in rows if row["kind"] == "outcome")
        assert counted == 40
        texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
        assert f"{found.ways[Outcome.APPROVE, Outcome.APPROVE]}" in texts


class TestRandomApprovals:
    curious = policy.parse(CURIOUS)

    def drawn(self) -> list[Snapshot]:
        """Everybody whom a draw of 0 would let through."""
        return [
            seen for seen in crowd(300) if decisions.assess(seen, cases.stock(), self.curious, 0)[1]
        ]

    def test_overrule_the_risk_and_nothing_else(self) -> None:
        drawn = self.drawn()
        assert drawn
        for seen in drawn:
            found, _ = decisions.assess(seen, cases.stock(), self.curious, 499)
            plain, is_random = decisions.assess(seen, cases.stock(), self.curious, 500)

            assert 0 < found.approved_minor <= 10_000
            assert found.outcome in (Outcome.APPROVE, Outcome.COUNTER)
            assert "risk_is_too_high" in found.reasons
            assert (plain.outcome, is_random) == (Outcome.DECLINE, False)
            assert (found.pd, found.grade) == (plain.pd, plain.grade)
            young = replace(seen, application=replace(seen.application, age_years=17))
            poor = replace(seen, application=replace(seen.application, monthly_income_minor=1))
            for other in (young, poor):
                assert not decisions.assess(other, cases.stock(), self.curious, 0)[1]

    def test_are_off_without_a_draw_and_unless_a_policy_says_so(self) -> None:
        for seen in self.drawn()[:5]:
            assert not decisions.assess(seen, cases.stock(), self.curious, None)[1]
            assert not decisions.assess(seen, cases.stock(), cases.default_policy(), 0)[1]

    @pytest.mark.parametrize(("income", "is_lent"), [(60_000, True), (20_000, False)])
    def test_are_priced_and_affordable_at_the_true_risk(self, income: int, is_lent: bool) -> None:
        """100.00 costs 65.00 a month at the price of the cut-off, 80.00 at its own; of 200.00 a
        month 70.20 may be repaid."""
        rates = Rates(
            least_bps=2_400, most_bps=4_200, lawful_bps=4_200, least_installment_minor=18_000,
            most_installment_minor=24_000, exposure_bps=5_900, charged_on_bps=5_900,
        )  # fmt: skip
        seen = cases.asking(
            rates=rates, installment_minor=18_000, installments=3, term_days=90,
            monthly_income_minor=income, dependents=0,
        )  # fmt: skip
        plain = engine.assess(seen, policy_cases.of_risk(0.3), self.curious)

        found = exploration.explored(plain, seen, self.curious, 0)

        assert (found is not None) is is_lent
        if found is not None:
            assert plain.price is not None
            assert found.price is not None
            assert found.price.annual_rate_bps == plain.price.annual_rate_bps == 4_200
            assert found.price.expected_loss_minor < plain.price.expected_loss_minor
            assert found.capacity.payment_minor == 24_000 * found.approved_minor // 30_000

    @pytest.mark.parametrize("share", [0, 501])
    def test_are_few_or_the_policy_is_refused(self, share: int) -> None:
        with pytest.raises(policy.PolicyRefused, match="random_approvals"):
            policy.parse(CURIOUS.replace("share_bps: 500, limit", f"share_bps: {share}, limit"))


class TestCases:
    def test_the_default_policy_passes_its_own(self) -> None:
        wanted = policy_cases.parse(policy_cases.beside(policy.DEFAULT).read_text(encoding="utf-8"))
        results = list(policy_cases.run(cases.default_policy(), wanted))

        assert len(results) >= 8
        assert [result for result in results if not result.holds] == []

    def test_say_what_was_expected_and_what_came(self) -> None:
        wanted = policy_cases.parse(policy_cases.beside(policy.DEFAULT).read_text(encoding="utf-8"))
        failing = [r for r in policy_cases.run(policy.parse(STRICTER), wanted) if not r.holds]

        assert "a plain applicant is approved in full" not in [r.name for r in failing]
        looser = policy.parse(DEFAULT.replace("below: 18", "below: 16"))
        failing = [r for r in policy_cases.run(looser, wanted) if not r.holds]
        assert [r.name for r in failing] == ["a minor is declined whatever the risk"]
        assert failing[0].differs["outcome"] == (Outcome.DECLINE, Outcome.APPROVE)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("cases: []", "cases"),
            ("{", "not YAML"),
            ("[" * 3_000, "not YAML"),
            ("cases: []\ncases: []", "said twice"),
            ("cases: [{name: a, pd: 2, expect: {}}]", "pd"),
            ("cases: [{name: a, pd: 0.1, expect: {outcom: approve}}]", "outcom"),
        ],
    )
    def test_that_cannot_be_read_are_refused_in_a_sentence(self, text: str, problem: str) -> None:
        with pytest.raises(policy_cases.CasesRefused, match=problem):
            policy_cases.parse(text)

    def test_a_time_needs_no_quotes(self) -> None:
        text = policy_cases.beside(policy.DEFAULT).read_text(encoding="utf-8")
        wanted = policy_cases.parse(text.replace("given:\n", f"given:\n  as_of: {AT}\n", 1))

        assert all(result.holds for result in policy_cases.run(cases.default_policy(), wanted))

    def test_an_applicant_that_is_none_is_refused(self) -> None:
        wanted = policy_cases.parse(
            "cases: [{name: nobody, pd: 0.1, given: {application: {amount_minor: x}}, expect: {}}]"
        )
        with pytest.raises(policy_cases.CasesRefused, match="nobody"):
            list(policy_cases.run(cases.default_policy(), wanted))

    def test_the_probability_is_the_one_that_is_given(self) -> None:
        found = engine.assess(
            replace(cases.AMINA), policy_cases.of_risk(0.15), cases.default_policy()
        )
        assert found.pd == 0.15
        assert found.outcome is Outcome.APPROVE
