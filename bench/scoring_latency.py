"""How long a probability and a whole assessment take, and how many rows a core scores again.

One row goes through `Model.pds`, calibration included, beside LightGBM's own calls on the same
trees: `Booster.predict` of a numpy row, and the C library's plain call for a single row, which
reads its settings anew each time. Turns alternate; one thread. Times are of the processor.
"""

import ctypes
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import lightgbm
import numpy as np

from bench.decision import APPLICANT
from bench.report import Goal, Line
from scoring import engine, features, model, policy
from scoring.model.loading import STOCK
from scoring.model.predictor import Model
from scoring.rescoring import run, sources
from scoring.snapshot import Employment

GOAL_PD_MS = Goal("under", 0.15)
GOAL_WHOLE_MS = Goal("under", 5.0)
GOAL = Goal("at least", 25_000)
_CALLS, _WHOLE, _ROWS, _TURNS = 4_000, 400, 60_000, 6


def lines(*, tiny: bool = False) -> list[Line]:
    calls, whole, rows = (20, 5, 200) if tiny else (_CALLS, _WHOLE, _ROWS)
    loaded = model.load()
    return [*_probability(loaded, calls), *_assessment(loaded, whole), *_again(loaded, rows)]


def _probability(loaded: Model, calls: int) -> list[Line]:
    row = np.array([loaded.row(features.values(APPLICANT, loaded.names))])
    booster = lightgbm.Booster(model_file=str(STOCK / "model.txt"))
    plain = _single_row_call(booster, row)
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: loaded.pds(row),
        "the C library's single row": plain,
        "lightgbm's predict": lambda: booster.predict(row, num_threads=1),
    }
    found = _in_turns(ways, calls)
    ours = found.pop("ours")
    return [
        Line("one probability: p50", "ms", ours[0], goal=GOAL_PD_MS),
        Line("one probability: p95", "ms", ours[1]),
        *(
            Line("one probability: p50 beside a peer", "ms", ours[0], theirs[0], peer)
            for peer, theirs in found.items()
        ),
    ]


def _assessment(loaded: Model, calls: int) -> list[Line]:
    rules = policy.load()
    assess = partial(engine.assess, model=loaded, policy=rules)
    approved = replace(
        APPLICANT,
        application=replace(
            APPLICANT.application,
            amount_minor=10_000,
            installment_minor=1_000,
            employment=Employment.OVER_7_YEARS,
        ),
    )
    ways: dict[str, Callable[[], object]] = {
        "declined, with all that would be approved": lambda: assess(APPLICANT),
        "answered at once": lambda: assess(approved),
    }
    return [
        line
        for what, (p50, p95) in _in_turns(ways, calls).items()
        for line in (
            Line(f"PD, grade, limit, price, reasons, {what}: p95", "ms", p95, goal=GOAL_WHOLE_MS),
            Line(f"PD, grade, limit, price, reasons, {what}: p50", "ms", p50),
        )
    ]


def _again(loaded: Model, rows: int) -> list[Line]:
    """From the text of stored snapshots to a written part: read, features, probability."""
    with tempfile.TemporaryDirectory(prefix="kopa-bench-") as folder:
        path = Path(folder) / "snapshots.jsonl"
        write_snapshots(path, rows)
        source = sources.of_file(path)
        job = run.prepare(source, STOCK, Path(folder) / "out", part_rows=rows // _TURNS)
        whole = [_seconds(partial(job.write, number)) for number in range(_TURNS)]
        matrix = np.vstack([batch.rows for batch in source.batches(job.parts[0], loaded)])
        bare = [_seconds(partial(loaded.pds, matrix)) for _ in range(_TURNS)]
    in_turn = rows // _TURNS
    return [
        Line("stored snapshots scored again", "rows a second", in_turn / median(whole), goal=GOAL),
        Line("their features scored again", "rows a second", in_turn / median(bare), goal=GOAL),
    ]


def _seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def write_snapshots(path: Path, rows: int, *, seed: int = 7) -> None:
    """JSON lines of applicants who differ in all that the model looks at."""
    dice = random.Random(seed)
    document: dict[str, Any] = APPLICANT.to_json()
    asked, past = document["application"], document["history"]
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            asked["amount_minor"] = dice.randrange(5, 100) * 1_000
            asked["term_days"] = dice.choice([30, 90, 180, 365, 730])
            asked["monthly_income_minor"] = dice.randrange(20, 200) * 1_000
            asked["monthly_obligations_minor"] = dice.choice([0, 0, 5_000, None])
            asked["employment"] = dice.choice([*Employment, None])
            past["loans_repaid"] = dice.choice([None, 0, 1, 4])
            past["worst_dpd"] = dice.choice([None, 0, 3, 20])
            file.write(json.dumps({"id": number, "snapshot": document}) + "\n")


def _in_turns(ways: dict[str, Callable[[], object]], calls: int) -> dict[str, tuple[float, float]]:
    """p50 and p95 in milliseconds of processor time. The ways take turns, call by call."""
    spent: dict[str, list[int]] = {name: [] for name in ways}
    for _ in range(calls + 5):
        for name, work in ways.items():
            start = time.thread_time_ns()
            work()
            spent[name].append(time.thread_time_ns() - start)
    return {name: _percentiles(times[5:]) for name, times in spent.items()}


def _percentiles(nanoseconds: Sequence[int]) -> tuple[float, float]:
    p50, p95 = np.percentile(np.array(nanoseconds) / 1e6, [50, 95])
    return float(p50), float(p95)


def _single_row_call(booster: lightgbm.Booster, row: Any) -> Callable[[], object]:
    library = lightgbm.basic._LIB  # type: ignore[attr-defined]
    out, written = (ctypes.c_double * 1)(), ctypes.c_int64()
    arguments = (
        booster._handle,
        row.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int(1),
        ctypes.c_int(row.shape[1]),
        ctypes.c_int(1),
        ctypes.c_int(0),
        ctypes.c_int(0),
        ctypes.c_int(-1),
        ctypes.c_char_p(b"num_threads=1"),
        ctypes.byref(written),
        ctypes.byref(out),
    )
    return lambda: library.LGBM_BoosterPredictForMatSingleRow(*arguments)
