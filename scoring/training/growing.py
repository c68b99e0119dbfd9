"""A model that was trained on a sample, its trees learned anew from all rows by many workers.

What was found on the sample stays: columns, encodings, directions, configuration. Each worker
reads its own files, so no machine needs to hold them all.
"""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from kit.errors import DomainError, Kind
from scoring.model import loading
from scoring.model import manifest as manifests
from scoring.model.manifest import Column, Decider, Manifest, Probe
from scoring.model.native import Booster
from scoring.model.predictor import Model
from scoring.refusals import Sentence
from scoring.training import artifacts, distributed, guards, metrics, platt, recipe, tables
from scoring.training.distributed import Floats, Rows

ONE_HELD_OF = 10
MOST_HELD = 50_000
BIN_ROWS = 100_000
ROWS_IN_A_LEAF = 40
"""As the weight of so many rows of average risk: workers sum weights, and only guess counts."""


class TooFewHeldOut(Sentence, DomainError):
    code = "growing_too_few_held_out"
    kind = Kind.INVALID
    sentence = "The files hold too few rows of both outcomes to see whether anything was learned."


@dataclass(frozen=True, slots=True)
class Grown:
    model: Model
    rows: int
    workers: int
    auc_before: float
    """On rows of the files that were held out, by the model that was trained on the sample."""
    auc: float


def grow(client: Any, folder: Path, files: Sequence[Path], target: str | None, out: Path) -> Grown:
    """Write to `out` what `folder` becomes with the rows of all `files`."""
    artifacts.ensure_writable(out)
    before = loading.load(folder)
    manifest = before.manifest
    shards = _read(client, files, manifest.columns, target or manifest.target)
    futures = [future for own in shards.values() for future in own]
    held = _joined(client.gather(client.map(itemgetter(1), futures, pure=False)), MOST_HELD)
    bins, _ = _joined(client.gather(client.map(_bins, futures, pure=False)), BIN_ROWS)
    counts = client.gather(client.map(_counted, futures, pure=False))
    rows, bad = (int(sum(each)) for each in zip(*counts, strict=True))
    stop, judge = ((held[0][n::2], held[1][n::2]) for n in (0, 1))
    if min(judge[1].sum(), (1 - judge[1]).sum()) < guards.FEWEST_OF_A_CLASS:
        raise TooFewHeldOut()
    text = distributed.boost(
        client,
        {
            address: client.map(itemgetter(0), own, workers=[address], pure=False)
            for address, own in shards.items()
        },
        bins=bins,
        held=stop,
        settings=settings_of(manifest, bad / rows),
        rounds=recipe.ROUNDS,
        patience=recipe.PATIENCE,
    )
    grown = _manifest(manifest, text, judge, {"rows": rows, "bad": bad, "files": len(files)})
    scores = Booster(text).raw_scores(judge[0])
    return Grown(
        model=artifacts.place(out, lambda draft: _fill(draft, folder, text, grown)),
        rows=rows,
        workers=sum(1 for own in shards.values() if own),
        auc_before=metrics.auc(judge[1], before.engine.raw_scores(judge[0])),
        auc=metrics.auc(judge[1], scores),
    )


def settings_of(manifest: Manifest, bad_rate: float) -> dict[str, Any]:
    chosen = manifest.training.get("configurations", [])
    name = next((each for each in chosen if each in recipe.CONFIGURATIONS), "leaves15")
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        **recipe.CONFIGURATIONS[name],
        "monotone_constraints": [column.monotone for column in manifest.columns],
        "min_data_in_leaf": 1,
        "min_sum_hessian_in_leaf": ROWS_IN_A_LEAF * bad_rate * (1 - bad_rate),
        "seed": recipe.SEED,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _read(
    client: Any, files: Sequence[Path], columns: Sequence[Column], target: str
) -> Mapping[str, list[Any]]:
    """Futures of each file's rows, by the worker that reads and keeps them."""
    for file in files:
        if not file.is_file():
            raise tables.DataUnreadable(file=file.name, problem="there is no such file")
    addresses = distributed.addresses(client)
    return {
        address: [
            client.submit(
                _rows, str(file.resolve()), columns, target, workers=[address], pure=False
            )
            for file in files[number :: len(addresses)]
        ]
        for number, address in enumerate(addresses)
    }


def _rows(file: str, columns: Sequence[Column], target: str) -> tuple[Rows, Rows]:
    """Those to learn from, and those held out."""
    table = tables.read(file, tables.words_of(columns))
    answers = table.get(target)
    if isinstance(answers, list) or not np.isin(answers, (0.0, 1.0)).all():
        raise guards.TargetNotBinary(column=target, value="something else")
    rows = tables.matrix(table, columns)
    is_held = np.arange(table.rows) % ONE_HELD_OF == ONE_HELD_OF - 1
    outcomes = answers.astype(np.int64)
    held = _thinned((rows[is_held], outcomes[is_held]), MOST_HELD)
    return (rows[~is_held], outcomes[~is_held]), held


def _counted(shard: tuple[Rows, Rows]) -> tuple[int, int]:
    (_, outcomes), _ = shard
    return len(outcomes), int(outcomes.sum())


def _bins(shard: tuple[Rows, Rows]) -> Rows:
    return _thinned(shard[0], BIN_ROWS)


def _joined(shards: Sequence[Rows], most: int) -> Rows:
    rows = np.concatenate([rows for rows, _ in shards])
    answers = np.concatenate([answers for _, answers in shards])
    return _thinned((rows, answers), most)


def _thinned(shard: Rows, most: int) -> Rows:
    step = max(1, -(-len(shard[1]) // most))
    return shard[0][::step], shard[1][::step]


def _manifest(old: Manifest, text: str, judge: Rows, facts: dict[str, int]) -> Manifest:
    rows, answers = judge
    booster = Booster(text)
    scores = booster.raw_scores(rows)
    calibrator, pds = platt.best(scores, answers, seed=recipe.SEED)
    if calibrator is None:
        raise TooFewHeldOut()
    calibrator = replace(calibrator, offset=old.calibrator.offset)
    measured = metrics.to_json(metrics.estimate(answers, pds, seed=recipe.SEED))
    return replace(
        old,
        model_sha256=hashlib.sha256(text.encode()).hexdigest(),
        calibrator=calibrator,
        decides=Decider.TREES,
        reference=_reference(booster, rows, scores, old),
        training={**old.training, "grown": facts},
        metrics={**old.metrics, "grown": measured},
        probes=tuple(_probe(probe, booster, calibrator) for probe in old.probes),
    )


def _reference(booster: Booster, rows: Floats, scores: Floats, old: Manifest) -> dict[str, float]:
    """As for any model: what each column contributes for a typical safer row."""
    safer = rows[np.argsort(scores, kind="stable")[: len(rows) // 2]]
    means = booster.contributions(safer[:: max(1, len(safer) // 1_000)]).mean(axis=0)
    return {c.name: round(float(m), 6) for c, m in zip(old.columns, means, strict=False)}


def _probe(probe: Probe, booster: Booster, calibrator: Any) -> Probe:
    row = np.array([[np.nan if value is None else value for value in probe.row]])
    return replace(probe, pd=float(calibrator(booster.raw_scores(row))[0]))


def _fill(draft: Path, folder: Path, text: str, manifest: Manifest) -> None:
    shutil.copytree(folder, draft, dirs_exist_ok=True)
    (draft / manifests.MODEL_FILE).write_text(text, encoding="utf-8", newline="\n")
    (draft / manifests.MANIFEST_FILE).write_text(manifest.to_text(), encoding="utf-8", newline="\n")
    with (draft / artifacts.CARD_FILE).open("a", encoding="utf-8") as card:
        card.write(_section(manifest))


def _section(manifest: Manifest) -> str:
    grown, measured = manifest.training["grown"], manifest.metrics["grown"]
    return (
        "\n## Grown\n\nEverything above is about the sample that columns, directions and"
        f" configuration were chosen on. The trees were then learned anew from"
        f" {grown['rows']:,} rows, {grown['bad']:,} of them bad, in {grown['files']} files; one"
        f" row of {ONE_HELD_OF} was held out to stop, to calibrate and to measure on."
        f" AUC there {measured['auc']['value']:.4f}. The trees decide alone.\n"
    )
