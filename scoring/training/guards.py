"""What must not be trained on: an unusable target, a column that gives the answer away."""

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError, Kind
from scoring.refusals import Sentence
from scoring.training import metrics
from scoring.training.tables import Floats, Levels, Table

Ints = NDArray[np.int64]
FEWEST_OF_A_CLASS = 30
LEAK_AUC = 0.95
SUSPECT_AUC = 0.85
"""No honest column of a loan is known to rank so well alone: its owner is asked to look."""
SUREST, SUREST_ROWS = 0.99, 50
COPIES_PER_CHANCE = 100
"""Rows that are alike this much more often than by chance were copied."""
MOST_LEVELS_SHARE = 0.5
_SAMPLE = 20_000
_BINS = 32
_ISO = re.compile(r"\d{4}-(0[1-9]|1[0-2]|Q[1-4])($|-\d\d($|[T ]))")
"""Text of this form is in order by time where it is in order by letters."""


class TargetConstant(Sentence, DomainError):
    code = "training_target_constant"
    kind = Kind.INVALID
    sentence = "Target {column} has the same value in every row: there is nothing to learn."


class TargetNotBinary(Sentence, DomainError):
    code = "training_target_not_binary"
    kind = Kind.INVALID
    sentence = "Target {column} must be 0 (good) or 1 (bad) in every row; it also holds {value}."


class TargetTooRare(Sentence, DomainError):
    code = "training_target_too_rare"
    kind = Kind.INVALID
    sentence = "Target {column} has only {count} rows of one class; at least {needed} are needed."


class TargetLeaks(Sentence, DomainError):
    code = "training_target_leaks"
    kind = Kind.INVALID
    sentence = (
        "Column {column} alone predicts the target almost perfectly (AUC {auc}): it was probably "
        "written after the outcome was known. Remove it."
    )


class TimeUnordered(Sentence, DomainError):
    code = "training_time_unordered"
    kind = Kind.INVALID
    sentence = (
        "Column {column} is no date that can be ordered, for example {value}: write 2024-01-31."
    )


class TimeMissing(Sentence, DomainError):
    code = "training_time_missing"
    kind = Kind.INVALID
    sentence = "Column {column} has no date in some rows: fill them in or remove these rows."


class TimeStandsStill(Sentence, DomainError):
    code = "training_time_stands_still"
    kind = Kind.INVALID
    sentence = "Column {column} is the same in all rows, so no row is newer than another."


class NothingToLearnFrom(Sentence, DomainError):
    code = "training_no_columns"
    kind = Kind.INVALID
    sentence = "No usable column is left beside the target."


@dataclass(frozen=True, slots=True)
class Usable:
    """The columns to train on, and a sentence for each that was left out."""

    table: Table
    notes: tuple[str, ...]


def target(table: Table, name: str) -> Ints:
    values = table.get(name)
    if isinstance(values, list):
        odd = next((value for value in values if value not in {"0", "1"}), "text")
        raise TargetNotBinary(column=name, value=str(odd)[:40])
    odd_rows = ~np.isin(values, (0.0, 1.0))
    if odd_rows.any():
        first = values[odd_rows][0]
        shown = "a missing value" if np.isnan(first) else format(first, "g")
        raise TargetNotBinary(column=name, value=shown)
    y = values.astype(np.int64)
    fewest = int(min(y.sum(), len(y) - y.sum()))
    if fewest == 0:
        raise TargetConstant(column=name)
    if fewest < FEWEST_OF_A_CLASS:
        raise TargetTooRare(column=name, count=fewest, needed=FEWEST_OF_A_CLASS)
    return y


def without_copies(table: Table) -> tuple[Table, str | None]:
    """Each row once, and a sentence if there were copies: one in training and one held out would
    make any model look good. A few coarse columns make loans alike without anybody copying."""
    hashes, chance = _hashes(table)
    _, first, counts = np.unique(hashes, return_index=True, return_counts=True)
    repeated = table.rows - len(first)
    if repeated == 0:
        return table, None
    pairs = float((counts * (counts - 1) / 2).sum())
    if pairs <= COPIES_PER_CHANCE * chance * table.rows * (table.rows - 1) / 2:
        return table, f"{repeated} rows are like another one, as so few different values make them"
    return (
        replace(table.take(np.sort(first)), sha256=table.sha256),
        f"{repeated} rows were left out: each is the exact copy of another",
    )


def usable(table: Table, y: Ints, *, seed: int) -> Usable:
    """Drop columns that cannot help; refuse those that give the answer away."""
    notes: list[str] = []
    dropped: list[str] = []
    for name, values in table.columns.items():
        note = _useless(name, values)
        if note is not None:
            notes.append(note)
            dropped.append(name)
            continue
        alone = single_column_auc(values, y, seed=seed)
        if alone >= LEAK_AUC:
            raise TargetLeaks(column=name, auc=f"{alone:.3f}")
        if alone >= SUSPECT_AUC or _tells_surely(values, y):
            notes.append(
                f"{name} was kept, but tells the outcome of many loans almost surely (AUC alone "
                f"{alone:.3f}): make sure it was known before the loan was given"
            )
    kept = table.without(*dropped)
    if not kept.columns:
        raise NothingToLearnFrom()
    return Usable(kept, tuple(notes))


def single_column_auc(values: Floats | Levels, y: Ints, *, seed: int) -> float:
    """How well the column alone ranks rows that its bad rates were not counted on."""
    dice = np.random.default_rng(seed)
    rows = dice.permutation(len(y))[:_SAMPLE]
    groups, answers = _groups(values)[rows], y[rows]
    half = np.arange(len(rows)) % 2
    scores = np.empty(len(rows))
    for part in (0, 1):
        counted = half != part
        bad = np.bincount(groups[counted], answers[counted], minlength=groups.max() + 1)
        seen = np.bincount(groups[counted], minlength=groups.max() + 1)
        prior = answers[counted].mean()
        scores[half == part] = ((bad + prior) / (seen + 1))[groups[half == part]]
    # Each half has its own rates, so the halves are ranked apart.
    return float(np.mean([metrics.auc(answers[half == p], scores[half == p]) for p in (0, 1)]))


def order(table: Table, name: str) -> Ints:
    """Row numbers from oldest to newest."""
    values = table.get(name)
    if isinstance(values, list):
        texts = [text or "" for text in values]
        odd = next((text for text in texts if text and not _ISO.match(text)), None)
        if odd is not None:
            raise TimeUnordered(column=name, value=odd[:40])
        times: NDArray[Any] = np.array(texts)
        has_gaps = "" in texts
    else:
        times, has_gaps = values, bool(np.isnan(values).any())
    if has_gaps:
        raise TimeMissing(column=name)
    if (times == times[0]).all():
        raise TimeStandsStill(column=name)
    return np.argsort(times, kind="stable")


def _hashes(table: Table) -> tuple[NDArray[np.uint64], float]:
    """A number per row from all its values, and how likely two rows have the same by chance."""
    dice = np.random.default_rng(0)
    hashes, chance = np.zeros(table.rows, np.uint64), 1.0
    for values in table.columns.values():
        plain = [v or "" for v in values] if isinstance(values, list) else values
        _, codes, counts = np.unique(plain, return_inverse=True, return_counts=True)
        chance *= float((counts * (counts - 1.0)).sum()) / max(table.rows * (table.rows - 1), 1)
        numbers = dice.integers(1, 2**63, len(counts), dtype=np.uint64)
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + numbers[codes]
    return hashes, chance


def _tells_surely(values: Floats | Levels, y: Ints) -> bool:
    """Many rows with the same value, or in the same bin, all of which went bad."""
    groups = _groups(values)
    rows, bad = np.bincount(groups), np.bincount(groups, y)
    return y.mean() < 0.5 and bool(((rows >= SUREST_ROWS) & (bad >= SUREST * rows)).any())


def _useless(name: str, values: Floats | Levels) -> str | None:
    if isinstance(values, list):
        levels = {value for value in values if value is not None}
        if len(levels) > MOST_LEVELS_SHARE * len(values):
            return f"{name} was left out: nearly every row has its own value"
        return f"{name} was left out: it never changes" if len(levels | {*values}) < 2 else None
    known = values[~np.isnan(values)]
    is_constant = len(known) == 0 or (len(known) == len(values) and known.min() == known.max())
    return f"{name} was left out: it never changes" if is_constant else None


def _groups(values: Floats | Levels) -> Ints:
    """A small whole number per row: the category, or the bin of the number; missing is its own."""
    if isinstance(values, list):
        return np.unique([value or "" for value in values], return_inverse=True)[1]
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    # Both sides of an edge are told apart, so a spike at one value is a bin of its own.
    left = np.searchsorted(edges, values, side="left")
    right = np.searchsorted(edges, values, side="right")
    return np.where(np.isnan(values), 0, left + right + 1).astype(np.int64)
