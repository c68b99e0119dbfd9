"""One look at a model's decisions: what was measured, against which limit, and what is alarming."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np

from scoring.features.registry import Value
from scoring.watching import chances, drift, fairness, performance
from scoring.watching.chances import Share
from scoring.watching.drift import Reference
from scoring.watching.fairness import Fairness
from scoring.watching.performance import Calibration

CHANCE = 0.01
"""How often one look may cry wolf where nothing has changed, over all its measures together."""
FEWEST_ANSWERS = 50
APPROVALS_MOVED = 0.05
"""The approval rate may move by five points before anybody is called."""
OVERRIDES_MOST = 0.10
"""More than one staff verdict in ten against the model: the policy does not say what staff do."""


class Kind(StrEnum):
    SCORE_DRIFT = "score_drift"
    FEATURE_DRIFT = "feature_drift"
    CALIBRATION = "calibration"
    RANKING = "ranking"
    BAD_RATE = "bad_rate"
    APPROVAL_RATE = "approval_rate"
    OVERRIDE_RATE = "override_rate"
    FAIRNESS = "fairness"


@dataclass(frozen=True, slots=True)
class Decided:
    """One application that a model decided, as far as its story has gone."""

    at: datetime
    pd: float
    values: Mapping[str, Value]
    """What the model was told, by feature."""
    is_approved: bool | None = None
    """What was answered in the end; None while nothing is."""
    is_override: bool | None = None
    """Whether staff went against the risk that was stated; None where staff said nothing."""
    is_bad: bool | None = None
    """None until the loan has had its time."""
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of the model from its manifest: how its training rows were spread."""

    scores: Reference | None
    features: Mapping[str, Reference]


@dataclass(frozen=True, slots=True)
class Measure:
    kind: Kind
    rows: int
    value: float
    subject: str = ""
    """The feature, or the way of grouping."""
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    is_alarming: bool = False
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person has to look at, with what shows it."""

    kind: str
    subject: str
    evidence: Mapping[str, Any]


def look(
    watched: Watched,
    *,
    recent: Sequence[Decided],
    before: Sequence[Decided],
    matured: Sequence[Decided],
    groups: Sequence[str],
) -> list[Measure]:
    """All measures that there are enough rows for.

    `recent` are the decisions of the window, `before` those of the window before it, `matured`
    the loans that have had their time.
    """
    chance = CHANCE / (len(watched.features) + 4)
    return [
        *_drift(watched, recent, chance),
        *_performance(matured, chance),
        *_answers(recent, before, chance),
        *_fairness(recent, matured, groups),
    ]


def _drift(watched: Watched, recent: Sequence[Decided], chance: float) -> Iterator[Measure]:
    if watched.scores is not None:
        found = drift.measure(watched.scores, [each.pd for each in recent], chance=chance)
        yield from _drifted(Kind.SCORE_DRIFT, "", found)
    for name, known in watched.features.items():
        values = [each.values.get(name) for each in recent]
        found = drift.measure(known, values, chance=chance)
        yield from _drifted(Kind.FEATURE_DRIFT, name, found)


def _drifted(kind: Kind, subject: str, found: drift.Drift | None) -> Iterator[Measure]:
    if found is not None:
        yield Measure(
            kind,
            found.rows,
            found.index,
            subject,
            limit=max(found.limit, drift.SMALLEST),
            is_alarming=found.has_shifted,
            detail={"size": found.size, "shares": {k: list(v) for k, v in found.shares.items()}},
        )


def _performance(matured: Sequence[Decided], chance: float) -> Iterator[Measure]:
    known = [each for each in matured if each.is_bad is not None]
    pds = np.array([each.pd for each in known])
    bad = np.array([bool(each.is_bad) for each in known], dtype=bool)
    stated = performance.calibration(pds, bad)
    if stated is None:
        return
    rate = stated.found
    low, high = rate.interval
    yield Measure(Kind.BAD_RATE, len(known), rate.value or 0.0, low=low, high=high)
    yield Measure(
        Kind.CALIBRATION,
        len(known),
        stated.ratio,
        low=low / stated.stated if stated.stated else None,
        high=high / stated.stated if stated.stated else None,
        limit=1.0,
        is_alarming=stated.is_off(chance),
        detail={
            "stated": stated.stated,
            "found": rate.value,
            "bands": [[told, came.value, came.n] for told, came in performance.bands(pds, bad)],
        },
    )
    ranked = performance.ranking(pds, bad)
    if ranked is not None:
        promised = performance.implied_auc(pds)
        yield Measure(
            Kind.RANKING,
            len(known),
            ranked.auc,
            low=ranked.interval[0],
            high=ranked.interval[1],
            limit=promised,
            is_alarming=ranked.is_below(promised, chance),
        )


def _answers(
    recent: Sequence[Decided], before: Sequence[Decided], chance: float
) -> Iterator[Measure]:
    now, past = _approvals(recent), _approvals(before)
    if now.n:
        moved = _has_moved(now, past, chance)
        low, high = now.interval
        yield Measure(
            Kind.APPROVAL_RATE, int(now.n), now.value or 0.0, low=low, high=high,
            limit=past.value, is_alarming=moved, detail={"rows_before": int(past.n)},
        )  # fmt: skip
    told = [each.is_override for each in recent if each.is_override is not None]
    if told:
        share = Share(sum(told), len(told))
        low, high = share.interval
        yield Measure(
            Kind.OVERRIDE_RATE, len(told), share.value or 0.0, low=low, high=high,
            limit=OVERRIDES_MOST, is_alarming=low > OVERRIDES_MOST,
        )  # fmt: skip


def _approvals(decided: Sequence[Decided]) -> Share:
    told = [each.is_approved for each in decided if each.is_approved is not None]
    return Share(sum(told), len(told))


def _has_moved(now: Share, past: Share, chance: float) -> bool:
    if min(now.n, past.n) < FEWEST_ANSWERS:
        return False
    both = (now.hits + past.hits) / (now.n + past.n)
    spread = (both * (1 - both) * (1 / now.n + 1 / past.n)) ** 0.5
    away = abs((now.value or 0.0) - (past.value or 0.0))
    return away >= APPROVALS_MOVED and spread > 0 and chances.normal_tail(away / spread) < chance


def _fairness(
    recent: Sequence[Decided], matured: Sequence[Decided], groups: Sequence[str]
) -> Iterator[Measure]:
    """Approvals are those of the window; only approved loans ever mature, so those that did tell
    of each group no more than what was stated and found."""
    answered = [each for each in recent if each.is_approved is not None]
    known = [each for each in matured if each.is_bad is not None]
    for by in groups:
        found = _by(by, answered)
        if found is not None and found.smallest_impact is not None:
            yield Measure(
                Kind.FAIRNESS,
                found.known,
                found.smallest_impact,
                by,
                limit=fairness.FOUR_FIFTHS,
                is_alarming=found.is_adverse,
                detail=_told(found, _calibrations(by, known)),
            )


def _by(by: str, rows: Sequence[Decided]) -> Fairness | None:
    bad = [float("nan") if each.is_bad is None else float(each.is_bad) for each in rows]
    return fairness.measure(
        by,
        [each.groups.get(by) for each in rows],
        approved=np.array([bool(each.is_approved) for each in rows], dtype=bool),
        pds=np.array([each.pd for each in rows]),
        bad=np.array(bad),
    )


def _calibrations(by: str, known: Sequence[Decided]) -> dict[str, Calibration | None]:
    return {
        name: performance.calibration(
            np.array([each.pd for each in known if each.groups.get(by) == name]),
            np.array([bool(each.is_bad) for each in known if each.groups.get(by) == name]),
        )
        for name in {each.groups.get(by) for each in known}
        if name is not None
    }


def _told(found: Fairness, calibrations: Mapping[str, Calibration | None]) -> dict[str, Any]:
    return {
        "best": found.best,
        "rows": found.rows,
        "opportunity_gap": found.opportunity_gap,
        "groups": [
            {
                "group": group.name,
                "rows": int(group.approved.n),
                "approved": group.approved.value,
                "approved_interval": list(group.approved.interval),
                "impact": group.impact,
                "impact_interval": list(group.impact_interval),
                "gap_interval": list(group.gap_interval),
                "good_approved": group.good_approved.value,
                "stated": calibrated.stated if calibrated else None,
                "found": calibrated.found.value if calibrated else None,
                "is_adverse": group.is_adverse,
            }
            for group in found.groups
            for calibrated in [calibrations.get(group.name)]
        ],
    }
