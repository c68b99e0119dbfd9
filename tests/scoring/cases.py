"""Applicants and models that scoring's tests start from."""

import hashlib
import math
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from scoring import model, policy
from scoring.model import manifest as manifests
from scoring.model import native
from scoring.model.calibration import Calibrator
from scoring.model.manifest import Column, Manifest, Probe
from scoring.model.predictor import Model
from scoring.policy import Policy
from scoring.snapshot import (
    Application,
    Employment,
    FaceVerdict,
    History,
    Identity,
    Snapshot,
    TermOption,
)

AS_OF = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)

AMINA = Snapshot(
    as_of=AS_OF,
    application=Application(
        product="personal",
        amount_minor=30_000,
        currency="USD",
        term_days=180,
        installments=6,
        installment_minor=6_000,
        purpose="household",
        monthly_income_minor=60_000,
        side_income_minor=0,
        monthly_obligations_minor=0,
        employment=Employment.FROM_1_TO_4_YEARS,
        age_years=31,
        dependents=1,
        existing_loans=0,
        min_amount_minor=5_000,
        max_amount_minor=100_000,
        amount_step_minor=1_000,
        options=(TermOption(90, 3, 11_000), TermOption(365, 12, 3_400)),
    ),
    history=History(loans_repaid=0),
    identity=Identity(face_distance=0.31, face_verdict=FaceVerdict.YES, document_quality=0.9),
)
"""In work for some years, no debts, no loan with us yet: a plain approval."""


def asking(**changes: Any) -> Snapshot:
    """Amina with another application."""
    return replace(AMINA, application=replace(AMINA.application, **changes))


@cache
def stock() -> Model:
    return model.load()


@cache
def default_policy() -> Policy:
    return policy.load()


def amount_model(folder: Path) -> Model:
    """A small real booster whose risk rises with the amount, for counter-offers by risk."""
    import lightgbm

    dice = np.random.default_rng(7)
    rows = np.column_stack([dice.uniform(0, 3, 4_000), dice.uniform(1, 24, 4_000)])
    odds = -4.5 + 2.2 * rows[:, 0] + 0.03 * rows[:, 1]
    bad = (dice.uniform(size=len(rows)) < 1 / (1 + np.exp(-odds))).astype(int)
    settings = {
        "objective": "binary",
        "num_leaves": 7,
        "monotone_constraints": [1, 1],
        "verbosity": -1,
        "num_threads": 1,
        "deterministic": True,
        "seed": 1,
    }
    text = lightgbm.train(settings, lightgbm.Dataset(rows, bad), 60).model_to_string()
    columns = (
        Column("amount_to_income", 1, None, manifests.definition_of("amount_to_income")),
        Column("term_months", 1, None, manifests.definition_of("term_months")),
    )
    write(folder, text, columns, reference={"amount_to_income": -1.5, "term_months": -0.1})
    return model.load(folder)


def write(folder: Path, text: str, columns: tuple[Column, ...], **changes: Any) -> Manifest:
    """A model folder whose manifest agrees with its files, unless `changes` say otherwise."""
    folder.mkdir(exist_ok=True)
    calibrator = Calibrator(1.0, 0.0)
    row = tuple(1.0 for _ in columns)
    pd = float(calibrator(native.Booster(text).raw_scores(np.array([row])))[0])
    manifest = Manifest(
        name="test",
        library_version=native.library_version(),
        model_sha256=hashlib.sha256(text.encode()).hexdigest(),
        columns=columns,
        calibrator=calibrator,
        target="bad",
        probes=(Probe(row, pd),),
    )
    manifest = replace(manifest, **changes)
    (folder / "model.txt").write_text(text, encoding="utf-8")
    (folder / "manifest.json").write_text(manifest.to_text(), encoding="utf-8")
    return manifest


def logistic(score: float) -> float:
    return 1 / (1 + math.exp(-score))
