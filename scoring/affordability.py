"""What a household can pay per month, and what a loan would ask of it. Whole minor units only.

    what is left   = income x (1 - fall) - obligations - living cost x (1 + rise)
    may be repaid  = the smaller of  what is left x the share for repayments
                               and   income x the household's cap - obligations

The fall and the rise are the policy's stress; the cap is its own, or the law's where that is less.
"""

from dataclasses import dataclass

from scoring.policy import Affordability, Stress
from scoring.snapshot import Application

BPS = 10_000
DAYS_PER_MONTH = 30
_CALM = Stress(income_falls_bps=0, costs_rise_bps=0)


@dataclass(frozen=True, slots=True)
class Capacity:
    """A household's month, line by line as staff see it. Amounts are minor units.

    `monthly_minor` is None when income or obligations are not known.
    """

    payment_minor: int
    """Repayment per month for what is asked, rounded up."""
    monthly_minor: int | None
    """The most that may go into repayments of this loan."""
    income_minor: int = 0
    """The month's income, with the part of side income that counts."""
    income_fall_minor: int = 0
    obligations_minor: int = 0
    living_minor: int = 0
    living_rise_minor: int = 0
    left_minor: int = 0
    by_share_minor: int = 0
    by_household_minor: int | None = None
    """What the cap on all repayments leaves for this one; None where there is no cap."""

    @property
    def is_enough(self) -> bool:
        return self.monthly_minor is not None and self.payment_minor <= self.monthly_minor

    @property
    def is_capped(self) -> bool:
        """Whether the cap on all repayments, and not the household's costs, is in the way."""
        cap = self.by_household_minor
        return cap is not None and cap < self.payment_minor <= self.by_share_minor


def measure(asked: Application, rules: Affordability) -> Capacity:
    payment = payment_per_month(asked, rules)
    if asked.monthly_income_minor is None or asked.monthly_obligations_minor is None:
        return Capacity(payment, None)
    stress = rules.stress or _CALM
    side = (asked.side_income_minor or 0) * rules.side_income_counted_bps // BPS
    income, owed = asked.monthly_income_minor + side, asked.monthly_obligations_minor
    living = living_cost(asked, rules)
    fall = _up(income * stress.income_falls_bps)
    rise = _up(living * stress.costs_rise_bps)
    left = income - fall - owed - living - rise
    by_share = left * rules.repayment_share_bps // BPS
    cap = _household_cap_bps(asked, rules)
    by_household = None if cap is None else income * cap // BPS - owed
    return Capacity(
        payment_minor=payment,
        monthly_minor=by_share if by_household is None else min(by_share, by_household),
        income_minor=income,
        income_fall_minor=fall,
        obligations_minor=owed,
        living_minor=living,
        living_rise_minor=rise,
        left_minor=left,
        by_share_minor=by_share,
        by_household_minor=by_household,
    )


def payment_per_month(asked: Application, rules: Affordability) -> int:
    """The installments as a monthly burden; an estimate where the product gave no price."""
    if asked.installment_minor is not None:
        total = asked.installment_minor * asked.installments
    else:
        cost = asked.amount_minor * rules.assumed_cost_bps_per_month * asked.term_days
        total = asked.amount_minor + -(-cost // (BPS * DAYS_PER_MONTH))
    return -(-total * DAYS_PER_MONTH // max(asked.term_days, DAYS_PER_MONTH))


def largest_amount(asked: Application, capacity: Capacity) -> int | None:
    """The amount whose payment fits, at the same term: payments grow in step with the amount."""
    if capacity.monthly_minor is None:
        return None
    return asked.amount_minor * max(capacity.monthly_minor, 0) // capacity.payment_minor


def living_cost(asked: Application, rules: Affordability) -> int:
    """A share of income for the household, more with dependents, never below the floors."""
    people = rules.dependents_when_unknown if asked.dependents is None else asked.dependents
    share = rules.living_cost_bps + people * rules.living_cost_per_dependent_bps
    by_share = (asked.monthly_income_minor or 0) * share // BPS
    each = rules.living_cost_floor_per_person_minor.get(asked.currency, 0)
    floor = max(rules.living_cost_floor_minor.get(asked.currency, 0), (people + 1) * each)
    return max(by_share, floor)


def _household_cap_bps(asked: Application, rules: Affordability) -> int | None:
    caps = [asked.debt_service_most_bps, rules.household_cap_bps]
    return min((cap for cap in caps if cap is not None), default=None)


def _up(product: int) -> int:
    """Of basis points, rounded up."""
    return -(-product // BPS)
