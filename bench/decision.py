"""A whole credit decision on both databases: from the stored application to the stored decision.

The dossier is read, the snapshot taken (behaviour, history, signals), features and probability
computed, the policy applied, reasons named, everything stored and acted on, and committed.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lightgbm
import numpy as np

from bench import borrowers, programs
from bench.report import Goal, Line
from kit.config import Settings
from kit.crypto import person_key
from kit.db import Sessions, create_engine, sessions_of, unit_of_work
from kyc.states import VerificationStatus
from onboarding import decisioning, dossiers, products, steps, telemetry
from onboarding.dossiers import Dossier
from onboarding.saving import place
from onboarding.states import ApplicationStatus
from scoring import engine, features, model, policy
from scoring.behaviour import EventKind
from scoring.model.loading import STOCK
from scoring.snapshot import (
    Application,
    Employment,
    FaceVerdict,
    History,
    Identity,
    Snapshot,
    TermOption,
)

GOAL_P95_MS = Goal("under", 30.0)
_ROUNDS = 300
_WARM_UP = 10
_NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)

# A decline by risk: the longest way, with every amount and term of the product tried.
APPLICANT = Snapshot(
    as_of=_NOW,
    application=Application(
        product="personal",
        amount_minor=60_000,
        currency="USD",
        term_days=365,
        installments=12,
        installment_minor=9_000,
        purpose="education",
        monthly_income_minor=40_000,
        monthly_obligations_minor=5_000,
        employment=Employment.UNEMPLOYED,
        age_years=31,
        existing_loans=0,
        min_amount_minor=5_000,
        max_amount_minor=100_000,
        amount_step_minor=1_000,
        options=(TermOption(90, 3, 24_000), TermOption(180, 6, 14_000)),
    ),
    history=History(loans_repaid=0),
    identity=Identity(face_verdict=FaceVerdict.YES),
)


def lines(*, tiny: bool = False) -> list[Line]:
    rounds = 3 if tiny else _ROUNDS
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="kopa-bench-") as folder,
        programs.databases(Path(folder)) as urls,
    ):
        for name, url in urls.items():
            p50, p95 = _percentiles(asyncio.run(_whole(url, rounds)))
            found.append(Line(f"decision: p95, {name}", "ms", p95, goal=GOAL_P95_MS))
            found.append(Line(f"decision: p50, {name}", "ms", p50))
    return found + _parts(rounds)


def _parts(rounds: int) -> list[Line]:
    """Without the database: the longest way through the engine, and the model alone."""
    loaded, rules = model.load(), policy.load()
    row = np.array([loaded.row(features.values(APPLICANT, loaded.names))])
    booster = lightgbm.Booster(model_file=str(STOCK / "model.txt"))
    assessed, _ = _percentiles(_timed(lambda: engine.assess(APPLICANT, loaded, rules), rounds))
    ours, _ = _percentiles(_timed(lambda: loaded.pds(row), rounds))
    theirs, _ = _percentiles(_timed(lambda: booster.predict(row, num_threads=1), rounds))
    return [
        Line("decision: p50 of the engine alone, a decline with counterfactual", "ms", assessed),
        Line("decision: p50 of one probability", "ms", ours, theirs, "lightgbm's predict"),
    ]


async def _whole(url: str, rounds: int) -> list[float]:
    underwriter = decisioning.load(Settings(_env_file=None))
    ids = range(1, rounds + _WARM_UP + 1)
    await borrowers.seed(url, programs.vault(), ids)
    database = create_engine(url)
    sessions = sessions_of(database, programs.vault())
    seconds = []
    for telegram_id in ids:
        await _fill_in(sessions, telegram_id)
        start = time.perf_counter()
        async with unit_of_work(sessions) as session:
            dossier = await dossiers.find(session, telegram_id=telegram_id)
            assert dossier is not None
            decision = await decisioning.decide(session, dossier, underwriter, now=_NOW)
        seconds.append(time.perf_counter() - start)
        assert decision.pd is not None
    await database.dispose()
    return seconds[_WARM_UP:]


async def _fill_in(sessions: Sessions, telegram_id: int) -> None:
    """Everything answered and sent, the faces compared."""
    async with unit_of_work(sessions) as session:
        dossier = await dossiers.find(session, telegram_id=telegram_id)
        assert dossier is not None
        key = await person_key(session, session.info["vault"], dossier.borrower.id, now=_NOW)
        product = await products.get(session, "personal")
        _answer_all(dossier, product.version, telegram_id)
        borrower = dossier.borrower
        borrower.birth_date_sealed = key.seal(place("birth_date_sealed", borrower), "1991-03-14")
        for n, step in enumerate(steps.STEPS):
            at = _NOW - timedelta(minutes=len(steps.STEPS) - n)
            identity = dossier.draft.id
            telemetry.record(session, identity, EventKind.SHOWN, step.name, now=at)
            later = at + timedelta(seconds=9)
            telemetry.record(session, identity, EventKind.ANSWERED, step.name, now=later, length=8)


def _answer_all(dossier: Dossier, version: int, telegram_id: int) -> None:
    borrower, application, verification = dossier.borrower, dossier.draft, dossier.verification
    assert verification is not None
    borrower.employment, borrower.employment_since = "self_employed", "4_to_7_years"
    borrower.residence, borrower.dependents = "own", 1
    application.product, application.product_version = "personal", version
    application.currency, application.amount_minor = "KES", 2_000_000
    application.term, application.purpose = "6m", "stock"
    application.monthly_income_minor, application.monthly_obligations_minor = 6_500_000, 200_000
    application.wallet_index = f"{telegram_id:064d}"
    application.status, application.submitted_at = ApplicationStatus.SUBMITTED, _NOW
    verification.status = VerificationStatus.PASSED
    verification.distance, verification.threshold = 0.31, 0.545


def _timed(work: Callable[[], object], rounds: int) -> list[float]:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    p50, p95 = np.percentile(np.array(seconds) * 1_000, [50, 95])
    return float(p50), float(p95)
