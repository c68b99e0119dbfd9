"""What a household can pay per month, and what a loan would ask of it. Whole minor units only."""

from dataclasses import dataclass

from scoring.policy import Affordability
from scoring.snapshot import Application

BPS = 10_000
DAYS_PER_MONTH = 30


@dataclass(frozen=True, slots=True)
class Capacity:
    """`monthly_minor` is None when income or obligations are not known."""

    monthly_minor: int | None
    payment_minor: int
    """Repayment per month for what is asked, rounded up."""

    @property
    def is_enough(self) -> bool:
        return self.monthly_minor is not None and self.payment_minor <= self.monthly_minor


def measure(asked: Application, rules: Affordability) -> Capacity:
    return Capacity(_monthly(asked, rules), payment_per_month(asked, rules))


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
    """A share of income for the household, more with dependents, never below the floor."""
    people = rules.dependents_when_unknown if asked.dependents is None else asked.dependents
    share = rules.living_cost_bps + people * rules.living_cost_per_dependent_bps
    by_share = (asked.monthly_income_minor or 0) * share // BPS
    return max(by_share, rules.living_cost_floor_minor.get(asked.currency, 0))


def _monthly(asked: Application, rules: Affordability) -> int | None:
    if asked.monthly_income_minor is None or asked.monthly_obligations_minor is None:
        return None
    side = (asked.side_income_minor or 0) * rules.side_income_counted_bps // BPS
    income = asked.monthly_income_minor + side
    left = income - asked.monthly_obligations_minor - living_cost(asked, rules)
    return left * rules.repayment_share_bps // BPS
