"""Policies: what they say of an applicant, and which ones are refused as contradictory."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from scoring import affordability, policy, verdicts
from scoring.policy import Outcome, PolicyRefused
from scoring.snapshot import FaceVerdict, History, Identity, Signal, Snapshot
from tests.scoring import cases


def edited(change: Callable[[dict[str, Any]], Any]) -> str:
    document = yaml.safe_load(policy.DEFAULT.read_text(encoding="utf-8"))
    change(document)
    return yaml.safe_dump(document, sort_keys=False)


NOBODY = {"feature": "age_years", "above": 0, "limit_share_bps": 0}


def only_the_impossible_grade_lends(document: dict[str, Any]) -> None:
    best = {"pd_up_to_bps": 0, "limit_share_bps": 10_000, "months_of_income_bps": 40_000}
    for grade in document["grades"]:
        grade["limit_share_bps"] = 0
    document["grades"].insert(0, {"name": "perfect", **best})


def judged(snapshot: Snapshot, pd: float = 0.05) -> verdicts.Verdict:
    return verdicts.judge(cases.default_policy(), snapshot, pd)


class TestParse:
    def test_names_a_policy_by_the_hash_of_its_text(self) -> None:
        text = policy.DEFAULT.read_text(encoding="utf-8")

        assert policy.parse(text).sha256 == policy.load().sha256
        assert policy.parse(text + "\n# a remark").sha256 != policy.load().sha256

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda d: d["cut_offs"].update(refer_up_to_bps=100), "below the cut-off"),
            (lambda d: d["cut_offs"].update(approve_up_to_bps=0), "never approve"),
            (lambda d: d["cut_offs"].update(approve_up_to_bps=12_000), "approve_up_to_bps"),
            (lambda d: d["grades"][0].update(limit_share_bps=0), "gets a higher limit"),
            (lambda d: d["grades"].reverse(), "does not begin where"),
            (lambda d: d["grades"].clear(), "no grades"),
            (lambda d: d["grades"][-1].update(pd_up_to_bps=9_999), "does not end at 10000"),
            (lambda d: d["grades"][1].update(name="A"), "same name"),
            (lambda d: d["grades"][2].update(months_of_income_bps=99_999), "more income months"),
            (lambda d: d["rules"][0].update(feature="shoe_size"), "no feature shoe_size"),
            (lambda d: d["rules"][0].update(reason="bad_luck"), "no sentence"),
            (lambda d: d["rules"][0].pop("below"), "never speaks"),
            (lambda d: d["rules"][0].update(above=10), "every value"),
            (lambda d: d["rules"][1].update(above=17), "age_years leave no value"),
            (lambda d: d["rules"][2].update(above=-1), "existing_loans leave no value"),
            (lambda d: d["limits"].append(NOBODY), "age_years leave no value"),
            (lambda d: d["rules"][1].update(above=float("nan")), "no number"),
            (lambda d: d["rules"][1].update(above="1e400"), "no number"),
            (lambda d: d["limits"][0].update(above=float("inf")), "no number"),
            (only_the_impossible_grade_lends, "best grade has no limit"),
            (lambda d: d["affordability"].update(living_cost_floor_minor={"USD": -1}), "floor"),
            (
                lambda d: d["affordability"].update(living_cost_floor_per_person_minor={"USD": -1}),
                "floor",
            ),
            (lambda d: d["rules"][0].update(below=None, among=["a"]), "wrong kind"),
            (lambda d: d["rules"][0].update(then="approve"), "rules.0.then"),
            (lambda d: d["affordability"].update(repayment_share_bps=0), "nothing is left"),
            (lambda d: d["signals"].update(odd={"then": "shoot"}), "signals.odd.then"),
            (lambda d: d.update(color="red"), "color"),
            (lambda d: d.pop("grades"), "grades"),
            (lambda d: d.update(version=2), "version"),
        ],
    )
    def test_refuses_what_contradicts_itself(
        self, change: Callable[[dict[str, Any]], Any], says: str
    ) -> None:
        with pytest.raises(PolicyRefused, match=says):
            policy.parse(edited(change))

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "{", "version: 1", "\x00", "[" * 3_000, f"version: {'9' * 5_000}", "!!int ''"],
    )
    def test_refuses_what_is_no_policy(self, text: str) -> None:
        with pytest.raises(PolicyRefused):
            policy.parse(text)

    def test_a_day_is_a_name_as_any_other(self) -> None:
        assert policy.parse(edited(lambda d: d.pop("name")) + "name: 2026-13-45").name

    def test_refuses_what_is_said_twice_but_not_what_is_taken_over(self) -> None:
        text = policy.DEFAULT.read_text(encoding="utf-8")
        more = "overrides:\n  - {when: {product: [a]}, cut_offs: &it %s}\n"
        more %= "{approve_up_to_bps: 1000, refer_up_to_bps: 2000}"
        also = "  - {when: {product: [b]}, cut_offs: {<<: *it, refer_up_to_bps: 1500}}\n"

        assert policy.parse(text + more + also).overrides[1].cut_offs == policy.CutOffs(
            approve_up_to_bps=1_000, refer_up_to_bps=1_500
        )
        with pytest.raises(PolicyRefused, match="name is said twice"):
            policy.parse(text + "name: another\n")

    def test_one_that_was_kept_is_read_as_it_was_then(self) -> None:
        text = edited(lambda d: d["limits"].append(NOBODY)) + "name: another\n"

        assert policy.parse_kept(text).name == "another"

    def test_refuses_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(PolicyRefused, match="cannot be read"):
            policy.load(tmp_path / "none.yaml")

    def test_knows_every_signal(self) -> None:
        assert set(cases.default_policy().signals) == {signal.value for signal in Signal}


class TestJudge:
    def test_approves_amina(self) -> None:
        verdict = judged(cases.AMINA)

        assert (verdict.outcome, verdict.reasons, verdict.grade) == (Outcome.APPROVE, (), "B")

    @pytest.mark.parametrize(
        ("pd", "outcome", "grade"),
        [
            (0.03, Outcome.APPROVE, "A"),
            (0.0301, Outcome.APPROVE, "B"),
            (0.15, Outcome.APPROVE, "D"),
            (0.1501, Outcome.REFER, "E"),
            (0.25, Outcome.REFER, "E"),
            (0.2501, Outcome.DECLINE, "F"),
            (1.0, Outcome.DECLINE, "F"),
        ],
    )
    def test_cuts_by_risk(self, pd: float, outcome: Outcome, grade: str) -> None:
        verdict = judged(cases.asking(amount_minor=10_000, installment_minor=2_000), pd)

        assert (verdict.outcome, verdict.grade) == (outcome, grade)

    @pytest.mark.parametrize(
        ("changes", "outcome", "reason"),
        [
            ({"age_years": 17}, Outcome.DECLINE, "too_young"),
            ({"age_years": None}, Outcome.REFER, "information_missing"),
            ({"age_years": 76}, Outcome.DECLINE, "too_old"),
            ({"existing_loans": 1}, Outcome.DECLINE, "open_loan"),
            ({"monthly_income_minor": None}, Outcome.REFER, "income_not_known"),
            ({"monthly_obligations_minor": None}, Outcome.REFER, "income_not_known"),
            ({"monthly_obligations_minor": 40_000}, Outcome.DECLINE, "not_affordable"),
            ({"max_amount_minor": 20_000}, Outcome.DECLINE, "amount_over_limit"),
        ],
    )
    def test_says_why(self, changes: dict[str, Any], outcome: Outcome, reason: str) -> None:
        verdict = judged(cases.asking(**changes))

        assert verdict.outcome is outcome
        assert verdict.reasons == (reason,)

    @pytest.mark.parametrize(
        ("verdict", "outcome"),
        [
            (FaceVerdict.NO, Outcome.REFER),
            (FaceVerdict.UNSURE, Outcome.REFER),
            (None, Outcome.REFER),
        ],
    )
    def test_never_passes_a_face_that_does_not_match(
        self, verdict: FaceVerdict | None, outcome: Outcome
    ) -> None:
        snapshot = replace(cases.AMINA, identity=Identity(face_verdict=verdict))

        assert judged(snapshot).outcome is outcome

    def test_refers_on_a_signal_and_on_one_it_does_not_know(self) -> None:
        for name in ("phone_shared", "never_heard_of"):
            assert judged(replace(cases.AMINA, signals=frozenset([name]))).outcome is Outcome.REFER

    def test_only_notes_a_note(self) -> None:
        noted = replace(cases.AMINA, signals=frozenset([Signal.KYC_BY_PERSON]))

        assert judged(noted).outcome is Outcome.APPROVE

    def test_puts_the_decline_before_the_referral(self) -> None:
        late = replace(
            cases.asking(age_years=17),
            history=History(loans_repaid=1, worst_dpd=40),
            signals=frozenset(["phone_shared"]),
        )
        verdict = judged(late)

        assert verdict.outcome is Outcome.DECLINE
        assert verdict.reasons[0] == "too_young"
        assert set(verdict.reasons[1:]) == {"late_payments_before", "details_shared_with_another"}


class TestAffordability:
    def test_of_amina_by_hand(self) -> None:
        """A tenth less than 600.00, less 35 % for living and a twentieth of that: 319.50 is left.
        60 % of it may be repaid: 191.70."""
        capacity = affordability.measure(
            cases.AMINA.application, cases.default_policy().affordability
        )

        assert (capacity.monthly_minor, capacity.payment_minor) == (19_170, 6_000)

    def test_counts_half_of_side_income(self) -> None:
        with_side = cases.asking(side_income_minor=10_000).application

        capacity = affordability.measure(with_side, cases.default_policy().affordability)

        assert capacity.monthly_minor == 19_170 + 2_700

    @pytest.mark.parametrize(
        ("term_days", "installments", "installment", "per_month"),
        [
            (84, 12, 1_000, 4_286),
            (30, 1, 11_000, 11_000),
            (14, 1, 11_000, 11_000),
            (90, 1, 9_000, 3_000),
        ],
    )
    def test_compares_terms_by_the_month(
        self, term_days: int, installments: int, installment: int, per_month: int
    ) -> None:
        asked = cases.asking(
            term_days=term_days, installments=installments, installment_minor=installment
        ).application

        rules = cases.default_policy().affordability

        assert affordability.payment_per_month(asked, rules) == per_month

    def test_assumes_a_price_where_none_is_known(self) -> None:
        unpriced = cases.asking(installment_minor=None).application  # 300.00 and 5 % a month

        rules = cases.default_policy().affordability

        assert affordability.payment_per_month(unpriced, rules) == 6_500

    def test_limit_is_the_smallest_bound_and_a_whole_step(self) -> None:
        by_grade = judged(cases.AMINA, pd=0.12).limit_minor
        by_income = judged(cases.asking(max_amount_minor=None), pd=0.12).limit_minor
        by_capacity = judged(cases.asking(installment_minor=20_999)).limit_minor

        assert (by_grade, by_income, by_capacity) == (60_000, 90_000, 27_000)

    def test_limit_is_nothing_below_the_products_smallest_loan(self) -> None:
        assert judged(cases.asking(installment_minor=200_000)).limit_minor == 0
