"""The whole decision: golden cases with the stock model, and what must hold for everybody."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import engine, reasons
from scoring.engine import Assessment
from scoring.model.predictor import Model
from scoring.policy import Outcome
from scoring.snapshot import Employment, History, Signal, Snapshot, TermOption
from tests.scoring import cases


def assess(snapshot: Snapshot) -> Assessment:
    return engine.assess(snapshot, cases.stock(), cases.default_policy())


@pytest.fixture(scope="module")
def by_amount(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return cases.amount_model(tmp_path_factory.mktemp("models") / "by_amount")


risky: dict[str, Any] = {
    "employment": Employment.UNEMPLOYED,
    "monthly_obligations_minor": 1_000,
    "purpose": "education",
    "term_days": 720,
    "installments": 24,
    "installment_minor": 2_000,
    "options": (TermOption(90, 3, 11_000), TermOption(180, 6, 6_000)),
}


class TestGolden:
    def test_approves_amina_in_full(self) -> None:
        assessment = assess(cases.AMINA)

        assert assessment.outcome is Outcome.APPROVE
        assert assessment.approved_minor == 30_000
        assert assessment.grade == "B"
        assert assessment.reasons == ()
        assert assessment.counterfactual is None

    def test_offers_less_when_the_payments_are_too_high(self) -> None:
        assessment = assess(cases.asking(amount_minor=60_000, installment_minor=30_000))

        assert assessment.outcome is Outcome.COUNTER
        assert assessment.approved_minor == assessment.limit_minor == 38_000
        assert assessment.reasons == ("not_affordable",)

    def test_says_that_a_longer_term_would_carry_all_of_it(self) -> None:
        options = (TermOption(365, 12, 15_000),)
        assessment = assess(
            cases.asking(amount_minor=60_000, installment_minor=30_000, options=options)
        )

        assert assessment.counterfactual is not None
        assert assessment.counterfactual.amount_minor == 60_000
        assert assessment.counterfactual.term_days == 365

    def test_refers_the_risky_with_true_reasons_and_a_way_out(self) -> None:
        assessment = assess(cases.asking(**risky))

        assert assessment.outcome is Outcome.REFER
        assert assessment.reasons == (
            "risk_needs_a_person",
            "no_work_now",
            "term_is_long",
            "no_history_with_us",
        )
        assert assessment.counterfactual is not None
        assert assessment.counterfactual.term_days == 180
        assert assessment.counterfactual.pd < assessment.pd

    def test_asks_for_less_of_other_debts_where_no_amount_and_no_term_helps(self) -> None:
        owing = cases.asking(monthly_obligations_minor=40_000, options=())

        assessment = assess(owing)

        assert assessment.outcome is Outcome.DECLINE
        nearest = assessment.counterfactual
        assert nearest is not None
        assert nearest.monthly_obligations_minor is not None
        assert 0 <= nearest.monthly_obligations_minor < 40_000
        assert (nearest.amount_minor, nearest.term_days) == (30_000, 180)

    def test_asks_for_nothing_that_an_older_policy_did_not(self) -> None:
        policy = cases.default_policy()
        offers = policy.counter_offers.model_copy(update={"debts_paid_down": False})
        owing = cases.asking(monthly_obligations_minor=40_000, options=())

        found = engine.assess(
            owing, cases.stock(), policy.model_copy(update={"counter_offers": offers})
        )

        assert found.counterfactual is None

    def test_declines_late_payers_without_promising_a_way_out(self) -> None:
        late = replace(cases.AMINA, history=History(loans_repaid=1, worst_dpd=120))

        assessment = assess(late)

        assert assessment.outcome is Outcome.DECLINE
        assert assessment.reasons == ("late_payments_before",)
        assert assessment.counterfactual is None
        assert assessment.approved_minor == 0

    def test_offers_less_where_less_is_less_risky(self, by_amount: Model) -> None:
        greedy = cases.asking(
            amount_minor=90_000,
            installment_minor=17_000,
            monthly_income_minor=60_000,
            options=(),
        )

        assessment = engine.assess(greedy, by_amount, cases.default_policy())

        assert assessment.outcome is Outcome.COUNTER
        assert "loan_is_large_for_income" in assessment.reasons
        smaller = replace(
            greedy,
            application=replace(
                greedy.application,
                amount_minor=assessment.approved_minor,
                installment_minor=17_000 * assessment.approved_minor // 90_000 + 1,
            ),
        )
        again = engine.assess(smaller, by_amount, cases.default_policy())
        assert again.outcome is Outcome.APPROVE
        assert again.pd < assessment.pd


applicants = st.builds(
    lambda amount, term, income, owed, work, purpose, age, repaid, dpd, open_loans, signals: (
        replace(
            cases.asking(
                amount_minor=amount,
                term_days=term[0],
                installments=term[1],
                installment_minor=amount * 13 // (10 * term[1]) + 1,
                options=tuple(
                    TermOption(days, n, amount * 13 // (10 * n) + 1)
                    for days, n in ((30, 1), (90, 3), (180, 6), (365, 12))
                ),
                monthly_income_minor=income,
                monthly_obligations_minor=owed,
                employment=work,
                purpose=purpose,
                age_years=age,
                existing_loans=open_loans,
            ),
            history=History(loans_repaid=repaid, worst_dpd=dpd),
            signals=signals,
        )
    ),
    amount=st.integers(5, 100).map(lambda n: n * 1_000),
    term=st.sampled_from([(30, 1), (90, 3), (180, 6), (720, 24)]),
    income=st.none() | st.integers(0, 300_000),
    owed=st.none() | st.integers(0, 200_000),
    work=st.none() | st.sampled_from(Employment),
    purpose=st.sampled_from([None, "business", "education", "household", "moon"]),
    age=st.none() | st.integers(15, 90),
    repaid=st.none() | st.integers(0, 5),
    dpd=st.none() | st.integers(0, 120),
    open_loans=st.none() | st.integers(0, 1),
    signals=st.frozensets(st.sampled_from([*Signal, "new_signal"]), max_size=2),
)


class TestEverybody:
    @settings(max_examples=300, deadline=None)
    @given(applicants)
    def test_gets_a_consistent_answer(self, snapshot: Snapshot) -> None:
        found = assess(snapshot)
        asked = snapshot.application

        assert 0 < found.pd < 1
        assert len(found.reasons) <= reasons.MOST
        assert len(set(found.reasons)) == len(found.reasons)
        assert set(found.reasons) <= reasons.known()
        assert bool(found.reasons) is (found.outcome is not Outcome.APPROVE)
        match found.outcome:
            case Outcome.APPROVE:
                assert found.approved_minor == asked.amount_minor <= found.limit_minor
            case Outcome.COUNTER:
                assert 5_000 <= found.approved_minor < asked.amount_minor
                assert found.approved_minor % 1_000 == 0
                assert found.approved_minor <= found.limit_minor
            case _:
                assert found.approved_minor == 0

    @settings(max_examples=300, deadline=None)
    @given(applicants)
    def test_can_reach_what_the_counterfactual_promises(self, snapshot: Snapshot) -> None:
        """Asking for exactly that is approved, with exactly that probability."""
        promised = assess(snapshot).counterfactual
        if promised is None:
            return
        asked = snapshot.application
        terms = {o.term_days: o.installment_minor for o in asked.options}
        terms[asked.term_days] = asked.installment_minor or 0
        other = replace(
            asked,
            amount_minor=promised.amount_minor,
            term_days=promised.term_days,
            installments=promised.installments,
            installment_minor=-(
                -terms[promised.term_days] * promised.amount_minor // asked.amount_minor
            ),
        )
        if promised.monthly_obligations_minor is not None:
            assert promised.monthly_obligations_minor < (asked.monthly_obligations_minor or 0)
            other = replace(other, monthly_obligations_minor=promised.monthly_obligations_minor)

        again = assess(replace(snapshot, application=other))

        assert again.outcome is Outcome.APPROVE
        assert again.pd == promised.pd
        assert again.grade == promised.grade

    @settings(max_examples=200, deadline=None)
    @given(applicants)
    def test_gets_the_same_answer_again(self, snapshot: Snapshot) -> None:
        assert assess(snapshot) == assess(snapshot)

    @settings(max_examples=200, deadline=None)
    @given(applicants)
    def test_is_not_better_off_for_a_longer_delay(self, snapshot: Snapshot) -> None:
        later = replace(snapshot, history=History(snapshot.history.loans_repaid, worst_dpd=60))
        sooner = replace(snapshot, history=History(snapshot.history.loans_repaid, worst_dpd=0))

        assert assess(later).pd >= assess(sooner).pd
