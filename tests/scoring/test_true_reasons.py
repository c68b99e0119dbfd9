"""Each reason that risk gives is of a feature that was scored, and pushes that way."""

from dataclasses import replace
from typing import Any

import numpy as np

from scoring import engine, reasons
from scoring.features import registry
from scoring.model.predictor import Contribution, Model
from scoring.policy import Outcome
from scoring.snapshot import Employment, History, Snapshot
from tests.scoring import cases

OF_POLICY = {"risk_is_too_high", "risk_needs_a_person"}


def applicants(rows: int) -> list[Snapshot]:
    dice = np.random.default_rng(4)
    found = []
    for _ in range(rows):
        days = int(dice.choice([90, 360, 720, 1_440]))
        snapshot = cases.asking(
            employment=_one(dice, None, *Employment), term_days=days,
            installments=days // 30, installment_minor=1_000,
            monthly_obligations_minor=_one(dice, None, 0, 2_000), options=(),
        )  # fmt: skip
        history = History(loans_repaid=int(dice.integers(0, 3)), worst_dpd=_one(dice, None, 0, 20))
        found.append(replace(snapshot, history=history))
    return found


def _one(dice: np.random.Generator, *of: Any) -> Any:
    return of[int(dice.integers(len(of)))]


def safest(model: Model, name: str, snapshot: Snapshot) -> float:
    """The lowest probability that this applicant would have with another value of the feature."""
    row = model.row(registry.values(snapshot, model.names))
    position = model.names.index(name)
    deciles = model.manifest.training["deciles"][name]
    rows = [[*row[:position], value, *row[position + 1 :]] for value in deciles]
    return float(model.pds(rows).min())


def test_every_named_factor_was_scored_and_pushes_that_way() -> None:
    model, policy = cases.stock(), cases.default_policy()
    strict = policy.model_copy(
        update={"cut_offs": policy.cut_offs.model_copy(update={"approve_up_to_bps": 700})}
    )
    named = 0
    for snapshot in applicants(150):
        told = engine.assess(snapshot, model, strict)
        assert len(told.reasons) <= reasons.MOST
        if told.outcome is Outcome.APPROVE or not OF_POLICY & set(told.reasons):
            continue
        of_model: dict[str, Contribution] = {}
        for each in told.contributions:  # The strongest first: it stands for its sentence.
            if (code := reasons.of_contribution(each)) is not None:
                of_model.setdefault(code, each)
        for code in set(told.reasons) & set(of_model):
            feature = of_model[code].feature
            assert feature in model.names
            assert safest(model, feature, snapshot) < told.pd
            named += 1
        # What risk alone says is all accounted for: nothing is named that was not scored.
        rest = set(told.reasons) - OF_POLICY - set(of_model)
        assert rest <= {"income_not_known", "not_affordable", "amount_over_limit",
                        "repayments_over_household_cap", "information_missing",
                        "late_payments_before"}  # fmt: skip
    assert named > 60
