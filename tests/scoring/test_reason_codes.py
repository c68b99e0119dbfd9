"""Reasons: at most four, true of the applicant, with a sentence in every locale."""

import pytest

from scoring import reasons
from scoring.model.predictor import Contribution


def pushes(feature: str, value: float | str | None, log_odds: float = 0.5) -> Contribution:
    return Contribution(feature, value, log_odds)


class TestChoose:
    def test_puts_rules_first_and_stops_at_four(self) -> None:
        contributions = [
            pushes("term_months", 24, 0.3),
            pushes("employment_rank", 1, 0.4),
            pushes("repayment_record", 1, 0.2),
            pushes("has_other_obligations", 1, 0.1),
        ]

        chosen = reasons.choose(["risk_is_too_high"], contributions)

        assert chosen == (
            "risk_is_too_high",
            "short_time_in_work",
            "term_is_long",
            "no_history_with_us",
        )

    def test_adds_up_features_that_say_the_same(self) -> None:
        contributions = [
            pushes("term_months", 24, 0.3),
            pushes("amount_to_income", 3.0, 0.2),
            pushes("installment_to_income", 0.4, 0.2),
        ]

        assert reasons.choose([], contributions) == ("loan_is_large_for_income", "term_is_long")

    def test_names_nothing_that_comes_out_as_a_reason_for_yes(self) -> None:
        contributions = [
            pushes("amount_to_income", 3.0, 0.3),
            pushes("installment_to_income", 0.1, -0.4),
            pushes("term_months", 24, 0.1),
        ]

        assert reasons.choose([], contributions) == ("term_is_long",)

    @pytest.mark.parametrize(
        ("feature", "value"),
        [
            ("has_other_obligations", 0),
            ("obligations_to_income", 0.0),
            ("employment_rank", 4),
            ("repayment_record", 3),
            ("worst_dpd", 0),
            ("loans_repaid", 9),
        ],
    )
    def test_says_nothing_that_is_not_true(self, feature: str, value: float) -> None:
        assert reasons.choose([], [pushes(feature, value)]) == ()

    @pytest.mark.parametrize(
        ("feature", "value", "code"),
        [
            ("employment_rank", 0, "no_work_now"),
            ("repayment_record", 0, "late_payments_before"),
            ("repayment_record", 1, "no_history_with_us"),
            ("purpose", "education", "purpose_of_loan"),
            ("purpose", None, "information_missing"),
        ],
    )
    def test_says_what_the_value_means(
        self, feature: str, value: float | str | None, code: str
    ) -> None:
        assert reasons.choose([], [pushes(feature, value)]) == (code,)

    def test_leaves_out_what_lowered_the_risk_or_hardly_moved_it(self) -> None:
        contributions = [pushes("term_months", 24, -0.5), pushes("purpose", "business", 0.01)]

        assert reasons.choose([], contributions) == ()

    def test_has_no_reason_for_a_column_of_somebody_elses_data(self) -> None:
        assert reasons.choose([], [pushes("PAY_0", 2)]) == ()


class TestSentences:
    @pytest.mark.parametrize("locale", ["en", "es"])
    def test_every_code_has_one(self, locale: str) -> None:
        keys = reasons._TEXTS.keys(locale)
        wanted = {f"reason-{code.replace('_', '-')}" for code in reasons.known()}

        assert wanted == keys

    def test_spanish_is_not_english(self) -> None:
        for code in reasons.known():
            assert reasons.sentence(code, "es") != reasons.sentence(code, "en")
