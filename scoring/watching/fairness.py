"""Are groups of people treated alike? Approval and error gaps, each with its interval.

No group enters a decision. Which may be looked at here is the lender's setting, by the law of the
market; for some nobody was ever asked, and then there is nothing to show.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.watching import chances, performance
from scoring.watching.chances import Share
from scoring.watching.performance import Bools, Calibration, Floats

FOUR_FIFTHS = 0.8
"""Below this share of the best group's approvals a rule is suspected of an adverse impact."""
FEWEST_ROWS = 30
"""Smaller groups are counted and not judged."""
AGE_BANDS = ((25, "under 25"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"))
OLDEST = "65 and over"


@dataclass(frozen=True, slots=True)
class Group:
    """One group of people, against the group that is approved most often."""

    name: str
    approved: Share
    impact: float | None
    """Adverse impact ratio: its share of approvals over the best group's. 1 for that group."""
    impact_interval: tuple[float, float]
    gap_interval: tuple[float, float]
    """Of the difference of approvals to the best group, as shares."""
    good_approved: Share
    """Approved among those who repay: known outcomes, else each counted by its probability."""
    calibration: Calibration | None
    """Of the loans whose outcome is known."""

    @property
    def is_adverse(self) -> bool:
        """Below four fifths, and by more than chance: the rule alone cries wolf in small groups."""
        return (
            self.impact is not None and self.impact < FOUR_FIFTHS and self.impact_interval[1] < 1.0
        )


@dataclass(frozen=True, slots=True)
class Fairness:
    by: str
    best: str
    groups: tuple[Group, ...]
    known: int
    rows: int
    """Of so many the group is known for `known`."""

    @property
    def smallest_impact(self) -> float | None:
        found = [group.impact for group in self.groups if group.impact is not None]
        return min(found) if len(found) > 1 else None

    @property
    def opportunity_gap(self) -> float | None:
        """Equal opportunity: between the groups whose good borrowers are approved most and least
        often."""
        found = [g.good_approved.value for g in self._judged() if g.good_approved.value is not None]
        return max(found) - min(found) if len(found) > 1 else None

    @property
    def is_adverse(self) -> bool:
        return any(group.is_adverse for group in self.groups)

    def _judged(self) -> Iterator[Group]:
        return (group for group in self.groups if group.impact is not None)


def age_band(years: float | None) -> str | None:
    if years is None or np.isnan(years):
        return None
    return next((name for below, name in AGE_BANDS if years < below), OLDEST)


def measure(
    by: str,
    members: Sequence[str | None],
    *,
    approved: Bools,
    pds: Floats,
    bad: Floats | None = None,
) -> Fairness | None:
    """`bad` is 1, 0, or NaN where the outcome is not known. None where no group is known.

    Where an outcome is not known, because nobody lent, a person counts as good by what the model
    says: an estimate, only as right as the model is for that group.
    """
    known = np.array([member is not None for member in members], dtype=bool)
    if not known.any():
        return None
    names = np.array([member or "" for member in members], dtype=object)
    outcome = np.full(len(names), np.nan) if bad is None else bad
    good = np.where(np.isnan(outcome), 1 - pds, 1 - outcome)
    parts = {str(name): known & (names == name) for name in sorted(set(names[known]))}
    shares = {name: _share(approved[part]) for name, part in parts.items()}
    large = {name: share for name, share in shares.items() if share.n >= FEWEST_ROWS}
    best = max(large or shares, key=lambda name: shares[name].value or 0.0)
    groups = tuple(
        Group(
            name,
            shares[name],
            *_against(shares[name], shares[best], is_best=name == best, is_large=name in large),
            Share(float(good[part & approved].sum()), float(good[part].sum())),
            _calibration(pds, outcome, part),
        )
        for name, part in parts.items()
    )
    return Fairness(by, best, groups, int(known.sum()), len(members))


def lines(found: Mapping[str, Fairness | None]) -> Iterator[str]:
    """The section of a model card: a table for each way of grouping that was looked at."""
    for by, fairness in found.items():
        if fairness is None:
            yield f"By {by}: not known for any row, so nothing can be said.\n"
            continue
        yield (
            f"By {by} ({fairness.known:,} of {fairness.rows:,} rows known), against "
            f"{fairness.best}:\n"
        )
        yield "| group | rows | approved | impact ratio | good approved | stated, found bad |"
        yield "|---|---|---|---|---|---|"
        for group in fairness.groups:
            yield _line(group)
        gap = fairness.opportunity_gap
        if gap is not None:
            yield f"\nEqual-opportunity gap {gap:.1%}. {_verdict(fairness)}\n"


def _line(group: Group) -> str:
    low, high = group.approved.interval
    impact = "too few rows"
    if group.impact is not None:
        impact = (
            f"{group.impact:.2f} [{group.impact_interval[0]:.2f}, {group.impact_interval[1]:.2f}]"
        )
    calibrated = "not known"
    if group.calibration is not None:
        calibrated = f"{group.calibration.stated:.1%}, {group.calibration.found.value:.1%}"
    good = group.good_approved.value
    return (
        f"| {group.name} | {int(group.approved.n):,} | {group.approved.value:.1%} "
        f"[{low:.1%}, {high:.1%}] | {impact} | {'' if good is None else f'{good:.1%}'} "
        f"| {calibrated} |"
    )


def _verdict(fairness: Fairness) -> str:
    adverse = [group.name for group in fairness.groups if group.is_adverse]
    if adverse:
        return f"Below four fifths by more than chance: {', '.join(adverse)}."
    return "No group is below four fifths by more than chance."


def _share(flags: NDArray[np.bool_]) -> Share:
    return Share(int(flags.sum()), len(flags))


def _against(
    share: Share, best: Share, *, is_best: bool, is_large: bool
) -> tuple[float | None, tuple[float, float], tuple[float, float]]:
    """Impact ratio, its interval, the interval of the gap."""
    if is_best:
        return 1.0, (1.0, 1.0), (0.0, 0.0)
    impact = (share.value or 0.0) / best.value if is_large and best.value else None
    return impact, chances.ratio(share, best), chances.difference(share, best)


def _calibration(pds: Floats, outcome: Floats, part: Bools) -> Calibration | None:
    known = part & ~np.isnan(outcome)
    return performance.calibration(pds[known], outcome[known] == 1)
