"""What a successor is asked before it may decide: better, calibrated, fair, stable."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from scoring.model.predictor import Model
from scoring.watching import gate
from scoring.watching.gate import Outcome
from tests.scoring import cases

CUT_OFF = 0.3


@pytest.fixture(scope="module")
def true_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """What the made-up borrowers really follow."""
    return cases.amount_model(tmp_path_factory.mktemp("model") / "amount")


def drawn(model: Model, rows: int = 900, *, seed: int = 1, riskier: float = 0.0) -> list[Outcome]:
    """Loans of every size; those of `b` go bad more often than their probability by `riskier`."""
    dice = np.random.default_rng(seed)
    table = []
    for n in range(rows):
        asked = cases.asking(amount_minor=int(dice.uniform(5_000, 100_000)))
        snapshot = replace(asked, as_of=cases.AS_OF + timedelta(hours=n))
        table.append(Outcome(snapshot, False, {"sex": str(dice.choice(["a", "b"]))}))
    pds = gate.scores(model, table)
    return [
        replace(row, is_bad=bool(dice.random() < pd + riskier * (row.groups["sex"] == "b")))
        for row, pd in zip(table, pds, strict=True)
    ]


def names(answer: gate.Answer) -> set[str]:
    return {check.name for check in answer.checks if not check.passed}


class TestGate:
    def test_lets_a_better_model_in(self, true_model: Model) -> None:
        answer = gate.gate(true_model, cases.stock(), drawn(true_model), approve_up_to=CUT_OFF)

        assert answer.passed, answer.reasons
        assert {check.name for check in answer.checks} == {"better", "calibrated", "fair", "stable"}

    def test_holds_back_what_is_no_better(self, true_model: Model) -> None:
        answer = gate.gate(true_model, true_model, drawn(true_model), approve_up_to=CUT_OFF)

        assert names(answer) == {"better"}
        assert "+0.0000 [+0.0000, +0.0000]" in answer.reasons[0]

    def test_holds_back_what_is_worse_and_wrong_in_the_large(self, true_model: Model) -> None:
        answer = gate.gate(cases.stock(), true_model, drawn(true_model), approve_up_to=CUT_OFF)

        assert {"better", "calibrated"} <= names(answer)

    def test_says_that_too_little_is_known(self, true_model: Model) -> None:
        table = drawn(true_model, 150)

        answer = gate.gate(true_model, cases.stock(), table, approve_up_to=CUT_OFF)

        assert names(answer) == {"enough"}
        assert answer.reasons[0].startswith("150 loans")
        assert names(gate.gate(true_model, true_model, [], approve_up_to=CUT_OFF)) == {"enough"}


class TestParts:
    def test_a_lucky_gain_is_not_enough(self) -> None:
        dice = np.random.default_rng(2)
        lucky = 0
        for _ in range(60):
            truth = dice.beta(1, 6, 300)
            bad = dice.random(300) < truth
            one, other = truth + dice.normal(0, 0.05, 300), truth + dice.normal(0, 0.05, 300)
            lucky += gate.better(one, other, bad).passed
        assert lucky <= 6  # 1.5 expected at 2.5 % on one side.

    def test_bootstrap_spreads_as_wide_as_new_books_do(self) -> None:
        dice = np.random.default_rng(3)

        def gains() -> tuple[float, float, float]:
            truth = dice.beta(1, 6, 400)
            bad = dice.random(400) < truth
            noisy = truth + dice.normal(0, 0.08, 400)
            return gate.auc_gain(truth, noisy, bad)

        found = [gains() for _ in range(60)]
        width = np.mean([high - low for low, _, high in found])
        assert width == pytest.approx(4 * np.std([middle for _, middle, _ in found]), rel=0.35)

    def test_a_group_may_not_fall_behind(self) -> None:
        dice = np.random.default_rng(4)
        pds = dice.uniform(0.05, 0.4, 600)
        members = dice.choice(["a", "b"], 600)
        bad = dice.random(600) < pds
        table = [
            Outcome(cases.AMINA, bool(b), {"sex": str(m)})
            for b, m in zip(bad, members, strict=True)
        ]
        harsher = np.clip(pds + 0.12 * (members == "b"), 0, 1)

        (held,) = gate.fair(harsher, pds, bad, table, 0.2)
        (passed,) = gate.fair(pds, harsher, bad, table, 0.2)

        assert not held.passed
        assert "By sex: adverse impact ratio" in held.said
        assert passed.passed

    def test_scores_that_run_away_are_not_stable(self) -> None:
        at = [cases.AS_OF + timedelta(hours=n) for n in range(400)]
        steady = np.random.default_rng(5).beta(1, 6, 400)

        assert gate.stable(steady, at).passed
        assert not gate.stable(steady + np.linspace(0, 0.5, 400), at).passed
