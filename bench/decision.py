"""A whole credit decision: snapshot, features, model, policy, reasons, stored with its snapshot.

`python -m bench.decision [DATABASE_URL]` prints milliseconds (goal: p95 under 30) and how the
probability alone compares with LightGBM's own call for one row.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from kit.db import Base, create_engine, sessions_of, unit_of_work
from kit.ids import new_id
from scoring import decisions, engine, features, model, policy
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

GOAL_P95_MS = 30.0
_ROUNDS = 300
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


def run(url: str | None = None) -> dict[str, Any]:
    """Milliseconds per part. Without a URL the decisions go to a fresh SQLite file."""
    loaded, rules = model.load(), policy.load()
    with tempfile.TemporaryDirectory() as folder:
        whole = asyncio.run(_stored(url or f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"))
    pure = _timed(lambda: engine.assess(APPLICANT, loaded, rules))
    row = np.array([loaded.row(features.values(APPLICANT, loaded.names))])
    ours, theirs = _alone(loaded, row)
    return {
        "whole_decision_ms": whole,
        "without_the_database_ms": pure,
        "probability_alone_ms": ours,
        "lightgbm_package_ms": theirs,
        "probability_to_lightgbm": round(ours["p50"] / theirs["p50"], 2),
        "goal_p95_ms": GOAL_P95_MS,
        "met": whole["p95"] < GOAL_P95_MS,
    }


async def _stored(url: str) -> dict[str, float]:
    loaded, rules = model.load(), policy.load()
    database = create_engine(url)
    async with database.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    sessions = sessions_of(database)
    seconds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        async with unit_of_work(sessions) as session:
            await decisions.decide(
                session,
                application_id=new_id(),
                snapshot=APPLICANT,
                model=loaded,
                policy=rules,
                now=_NOW,
            )
        seconds.append(time.perf_counter() - start)
    await database.dispose()
    return _shown(seconds)


def _alone(loaded: model.Model, row: np.ndarray[Any, Any]) -> tuple[dict[str, float], ...]:
    import lightgbm

    booster = lightgbm.Booster(model_file=str(STOCK / "model.txt"))
    return (
        _timed(lambda: loaded.pds(row)),
        _timed(lambda: booster.predict(row, num_threads=1)),
    )


def _timed(work: Callable[[], object]) -> dict[str, float]:
    seconds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return _shown(seconds)


def _shown(seconds: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(np.array(seconds) * 1_000, [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}


def main() -> int:
    results = run(*sys.argv[1:2])
    print(json.dumps(results, indent=2))
    return 0 if results["met"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
