"""How often loans of a group go bad, as far as the group's own loans can be believed.

    risk = Z x own bad rate + (1 - Z) x bad rate of all        Z = n / (n + k)      k = s2 / a

Bühlmann and Straub, Glaubwürdigkeit für Schadensätze (1970), with the estimators of Klugman, Panjer
and Willmot, Loss Models, "Nonparametric estimation": s2 is how much loans of one group differ,
a how much groups differ beyond that. Where they do not, every group has the risk of all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

WHOLE = 10_000
LEAST_K = 20.0
"""A group of so few loans counts half at most, however alike its loans were."""


class Tally(NamedTuple):
    """Loans whose every payment fell due long enough ago, and how many of them went bad."""

    loans: int
    bad: int

    @property
    def rate(self) -> float:
        return self.bad / self.loans


@dataclass(frozen=True, slots=True)
class Risk:
    loans: int
    bad: int
    weight_bps: int
    """Z: how much the group's own loans count."""
    risk_bps: int


def shrink(groups: Mapping[str, Tally]) -> dict[str, Risk]:
    """The risk of every group that has loans; in the order of the names."""
    known = {name: tally for name, tally in sorted(groups.items()) if tally.loans}
    whole = Tally(sum(t.loans for t in known.values()), sum(t.bad for t in known.values()))
    k = _k(list(known.values()), whole)
    return {name: _risk(tally, whole, k) for name, tally in known.items()}


def _risk(tally: Tally, whole: Tally, k: float | None) -> Risk:
    weight = 0.0 if k is None else tally.loans / (tally.loans + k)
    risk = weight * tally.rate + (1 - weight) * whole.rate
    return Risk(tally.loans, tally.bad, round(weight * WHOLE), round(risk * WHOLE))


def _k(groups: list[Tally], whole: Tally) -> float | None:
    """None where the groups do not differ more than chance makes them differ."""
    free = whole.loans - len(groups)
    if len(groups) < 2 or free <= 0:
        return None
    within = sum(t.loans * t.rate * (1 - t.rate) for t in groups) / free
    spread = sum(t.loans * (t.rate - whole.rate) ** 2 for t in groups)
    scale = whole.loans - sum(t.loans**2 for t in groups) / whole.loans
    between = (spread - (len(groups) - 1) * within) / scale
    return max(within / between, LEAST_K) if between > 0 else None
