"""Expected credit loss in three stages, after IFRS 9.

    ECL = sum over periods k of  PD_k * LGD * EAD_k * DF_k

- `PD_k` is the marginal probability to default in period k: S(t of k-1) - S(t of k), where the
  survival S(t) = exp(-h * t) has one hazard h. Our model's PD says how likely the loan is to go bad
  before its last due date, so h = -ln(1 - PD) / (years from the disbursement to the last due date).
- `EAD_k` is the balance at the beginning of period k by the schedule, and what is overdue with it.
- `DF_k` = (1 + EIR) ** -t discounts with the loan's own effective rate (B5.5.44) from the beginning
  of the period: what the balance earns until a default inside it, it earns at that same rate.
- Stage 1: defaults of the next 12 months (5.5.5). Stage 2: of the whole life (5.5.3). Stage 3: the
  loan is in default, PD = 1, and nothing is left to discount: LGD * EAD.
- Scenarios (5.5.17) multiply the hazard, so that a probability stays one, and are weighted.

Paragraphs are those of IFRS 9 Financial Instruments (2014). Probabilities and discounts are floats,
as every estimate here; the loss is brought to whole minor units once, at the end, rounded up.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

_YEAR_DAYS = 365
_PPM = 1_000_000
_CERTAIN = 0.999_999
"""A hazard is finite: nobody is sure to default before he has."""


class Stage(IntEnum):
    PERFORMING = 1
    INCREASED_RISK = 2
    IN_DEFAULT = 3


class Scenario(NamedTuple):
    name: str
    weight: Fraction
    hazard_multiplier: Fraction


@dataclass(frozen=True, slots=True)
class LossRules:
    lgd: Fraction
    increased_from_days: int = 31
    """5.5.11: more than 30 days past due, credit risk has increased significantly."""
    default_from_days: int = 90
    """B5.5.37: default is not later than 90 days past due."""
    pd_ratio: Fraction = Fraction(3)
    """B5.5.9: so many times the hazard of the first day is a significant increase as well."""
    assumed_pd: Fraction = Fraction(0)
    """Of a loan that was opened without a decision of the model."""
    scenarios: tuple[Scenario, ...] = (Scenario("base", Fraction(1), Fraction(1)),)


@dataclass(frozen=True, slots=True)
class Exposure:
    """A loan as its expected loss sees it on a day."""

    on: date
    days_past_due: int
    opened_on: date
    last_due_on: date
    pd_ppm: int | None
    pd_now_ppm: int | None
    effective_rate: float
    """A year, compound."""
    principal_minor: int
    """All that is still to be repaid, overdue or not."""
    accrued_minor: int
    """Interest earned, and fees and penalties due, that are unpaid."""
    to_come: Sequence[tuple[date, int]] = ()
    """Principal that falls due after `on`, by day."""
    is_restructured: bool = False
    """Its debt was spread anew not long ago: credit risk has increased (B5.5.27)."""
    is_in_default: bool = False
    """Charged off, whatever its days past due."""

    @property
    def at_default_minor(self) -> int:
        return self.principal_minor + self.accrued_minor


@dataclass(frozen=True, slots=True)
class Loss:
    stage: Stage
    twelve_month_minor: int
    lifetime_minor: int

    @property
    def recognized_minor(self) -> int:
        """What the stage sets aside."""
        is_first = self.stage is Stage.PERFORMING
        return self.twelve_month_minor if is_first else self.lifetime_minor


def stage(rules: LossRules, exposure: Exposure) -> Stage:
    if exposure.is_in_default or exposure.days_past_due >= rules.default_from_days:
        return Stage.IN_DEFAULT
    is_late = exposure.days_past_due >= rules.increased_from_days
    if is_late or exposure.is_restructured or _has_risen(rules, exposure):
        return Stage.INCREASED_RISK
    return Stage.PERFORMING


def expected(rules: LossRules, exposure: Exposure) -> Loss:
    found = stage(rules, exposure)
    most = _up(float(rules.lgd) * exposure.at_default_minor, exposure.at_default_minor)
    if found is Stage.IN_DEFAULT:
        return Loss(found, most, most)
    years = _years_left(rules, exposure)
    hazard = _hazard(_pd(rules, exposure), _span(exposure, years, found))
    twelve_month = lifetime = 0.0
    for each in rules.scenarios:
        near, whole = _losses(exposure, hazard * float(each.hazard_multiplier), years)
        twelve_month += float(each.weight) * near
        lifetime += float(each.weight) * whole
    lgd = float(rules.lgd)
    near_minor = _up(lgd * twelve_month, most)
    return Loss(found, near_minor, max(_up(lgd * lifetime, most), near_minor))


def _losses(exposure: Exposure, hazard: float, years: float) -> tuple[float, float]:
    """Discounted balances, weighted by the marginal PDs: of 12 months, and of all time left."""
    near = whole = 0.0
    growth = math.log1p(exposure.effective_rate)
    slices = [*_slices(exposure, years), (years, 0)]
    for (start, balance), (end, _) in pairwise(slices):
        worth = balance * math.exp(-growth * start)
        survived = math.exp(-hazard * start)
        whole += worth * (survived - math.exp(-hazard * end))
        if start < 1:
            near += worth * (survived - math.exp(-hazard * min(end, 1.0)))
    return near, whole


def _slices(exposure: Exposure, years: float) -> list[tuple[float, int]]:
    """The balance by the years from now at which it begins to be so, until all is repaid."""
    balance = exposure.at_default_minor
    slices = [(0.0, balance)]
    for due_on, principal in sorted(exposure.to_come):
        at = min((due_on - exposure.on).days / _YEAR_DAYS, years)
        balance -= principal
        slices.append((at, max(balance, 0)))
    return slices


def _pd(rules: LossRules, exposure: Exposure) -> float:
    known = exposure.pd_now_ppm if exposure.pd_now_ppm is not None else exposure.pd_ppm
    return float(rules.assumed_pd) if known is None else known / _PPM


def _hazard(pd: float, years: float) -> float:
    return -math.log1p(-min(pd, _CERTAIN)) / years


def _has_risen(rules: LossRules, exposure: Exposure) -> bool:
    before, now = exposure.pd_ppm, exposure.pd_now_ppm
    if before is None or now is None or now <= before:
        return False
    return _hazard(now / _PPM, 1) >= float(rules.pd_ratio) * _hazard(before / _PPM, 1)


def _years_left(rules: LossRules, exposure: Exposure) -> float:
    """Until the last due date, and at least as long as it takes to be in default."""
    left = max((exposure.last_due_on - exposure.on).days, rules.default_from_days)
    return left / _YEAR_DAYS


def _span(exposure: Exposure, left: float, found: Stage) -> float:
    """The years over which the PD is spread: those of the loan.

    In stage 2 no more than are left: whoever has become riskier is at least as likely to default
    in the time to come as he once was in all of it.
    """
    agreed = max((exposure.last_due_on - exposure.opened_on).days, 1) / _YEAR_DAYS
    return min(agreed, left) if found is Stage.INCREASED_RISK else agreed


def _up(amount: float, most: int) -> int:
    """Whole minor units; noise of the last digits does not make one more."""
    return min(max(math.ceil(amount - 1e-6), 0), most)
