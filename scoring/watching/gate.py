"""May a model take over from the one that decides? Better on newer loans, calibrated, fair, stable.

Both are measured on the same loans, that neither was trained on: the caller gives the newest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from scoring import features
from scoring.model.predictor import Model
from scoring.snapshot import Snapshot
from scoring.watching import drift, fairness, performance
from scoring.watching.performance import Bools, Floats

FEWEST_ROWS, FEWEST_BAD = 200, 30
DRAWS = 2_000
SEED = 20250601
CHANCE = 0.01
WORST_RATIO, BEST_RATIO = 1.25, 0.8
"""A model may be off in the large by a quarter of the bad rate and no more, chance aside."""
GAP_MAY_GROW = 0.02
"""Points by which the equal-opportunity gap may grow."""
IMPACT_MAY_FALL = 0.05
LARGEST_INDEX = 0.25


@dataclass(frozen=True, slots=True)
class Outcome:
    """One loan that has had its time, as it was known when it was decided."""

    snapshot: Snapshot
    is_bad: bool
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        return self.snapshot.as_of


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    passed: bool
    said: str
    """One English sentence with the numbers."""


@dataclass(frozen=True, slots=True)
class Answer:
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def reasons(self) -> list[str]:
        """What speaks against it."""
        return [check.said for check in self.checks if not check.passed]


NOT_ASKED = Answer(())
"""A policy alone is for what-if and its cases to judge; the first model of all has no champion."""


def gate(
    candidate: Model, champion: Model, table: Sequence[Outcome], *, approve_up_to: float | Floats
) -> Answer:
    """Everything that is asked of a successor, each with its numbers.

    `approve_up_to`: the cut-off of the policy that it would decide with, of all loans or of each.
    """
    bad = np.array([row.is_bad for row in table], dtype=bool)
    if len(table) < FEWEST_ROWS or bad.sum() < FEWEST_BAD:
        said = (
            f"{len(table)} loans with a known outcome, {int(bad.sum())} of them bad: it takes"
            f" {FEWEST_ROWS} and {FEWEST_BAD} to tell two models apart."
        )
        return Answer((Check("enough", False, said),))
    pds, before = scores(candidate, table), scores(champion, table)
    return Answer(
        (
            better(pds, before, bad),
            calibrated(pds, before, bad),
            *fair(pds, before, bad, table, approve_up_to),
            stable(pds, [row.at for row in table]),
        )
    )


def scores(model: Model, table: Sequence[Outcome]) -> Floats:
    rows = [model.row(features.values(row.snapshot, model.names)) for row in table]
    return model.pds(rows)


def better(pds: Floats, before: Floats, bad: Bools) -> Check:
    """Paired bootstrap of the difference of AUCs: the same loans are drawn for both."""
    low, middle, high = auc_gain(pds, before, bad)
    said = f"AUC {middle:+.4f} [{low:+.4f}, {high:+.4f}] against the champion on {len(bad)} loans."
    return Check("better", low > 0, said)


def auc_gain(pds: Floats, before: Floats, bad: Bools) -> tuple[float, float, float]:
    """The gain between the ends of its 95 % interval. Drawing again from what each bad loan and
    each good one adds to the two AUCs is drawing loans, without ranking them anew each time."""
    ours, theirs = performance.placements(pds, bad), performance.placements(before, bad)
    gain = float((ours[0] - theirs[0]).mean())
    dice = np.random.default_rng(SEED)
    away = sum(_redrawn(one - other, dice) - gain for one, other in zip(ours, theirs, strict=True))
    low, high = np.quantile(away, [0.025, 0.975])
    return gain + float(low), gain, gain + float(high)


def _redrawn(added: Floats, dice: np.random.Generator) -> Floats:
    """Means of as many rows drawn anew, a block of draws at a time."""
    block = max(1, 1_000_000 // len(added))
    means = [
        added[dice.integers(0, len(added), (min(block, DRAWS - start), len(added)))].mean(axis=1)
        for start in range(0, DRAWS, block)
    ]
    return np.concatenate(means)


def calibrated(pds: Floats, before: Floats, bad: Bools) -> Check:
    """Right in the large; or at least nearer than the champion, which may be what we replace."""
    ours, theirs = performance.calibration(pds, bad), performance.calibration(before, bad)
    assert ours is not None
    assert theirs is not None
    said = (
        f"States {ours.stated:.1%} on average and {ours.found.value:.1%} went bad; the champion"
        f" states {theirs.stated:.1%}."
    )
    within = BEST_RATIO <= ours.ratio <= WORST_RATIO or not ours.is_off(CHANCE)
    return Check("calibrated", within, said)


def fair(
    pds: Floats,
    before: Floats,
    bad: Bools,
    table: Sequence[Outcome],
    approve_up_to: float | Floats,
) -> list[Check]:
    """No group may fall noticeably further behind than it is with the champion."""
    return [
        _fair(by, [row.groups.get(by) for row in table], pds, before, bad, approve_up_to)
        for by in sorted({name for row in table for name in row.groups})
    ]


def stable(pds: Floats, at: Sequence[datetime]) -> Check:
    """Its own scores of the older and of the newer half may not be far apart."""
    order = np.argsort(np.array([moment.timestamp() for moment in at]), kind="stable")
    older, newer = np.array_split(pds[order], 2)
    known = drift.reference(older.tolist())
    found = drift.measure(known, newer.tolist(), chance=CHANCE)
    assert found is not None
    said = f"PSI of its scores between the older and the newer half: {found.index:.3f}."
    is_far = found.index > max(LARGEST_INDEX, found.limit)
    return Check("stable", not is_far, said)


def _fair(
    by: str,
    members: Sequence[str | None],
    pds: Floats,
    before: Floats,
    bad: Bools,
    approve_up_to: float | Floats,
) -> Check:
    shown: list[Any] = []
    for probabilities in (pds, before):
        found = fairness.measure(
            by,
            members,
            approved=probabilities <= approve_up_to,
            pds=probabilities,
            bad=bad.astype(np.float64),
        )
        impact = found.smallest_impact if found else None
        gap = found.opportunity_gap if found else None
        shown.append((1.0 if impact is None else impact, gap or 0.0, found))
    (impact, gap, ours), (impact_before, gap_before, _) = shown
    worse = impact < impact_before - IMPACT_MAY_FALL or gap > gap_before + GAP_MAY_GROW
    newly_adverse = ours is not None and ours.is_adverse and impact < impact_before
    said = (
        f"By {by}: adverse impact ratio {impact:.2f} (champion {impact_before:.2f}),"
        f" equal-opportunity gap {gap:.1%} (champion {gap_before:.1%})."
    )
    return Check("fair", not (worse or newly_adverse), said)
