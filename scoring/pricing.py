"""The price of a loan by its risk: expected loss and yearly rate, in whole minor units and basis
points.

    expected loss = PD x LGD x EAD

the product of Basel's internal ratings (Basel Committee, An Explanatory Note on the Basel II IRB
Risk Weight Functions, 2005, section 2). PD is the model's, of the whole term. EAD is what is out on
average over the term by the schedule, as a loan may go bad on any day of it.

    yearly rate = cost of funds + operating cost + expected loss of a year + margin

the loan price of cost-plus pricing (Rose and Hudgins, Bank Management and Financial Services). The
four are rates on what is out; PD x LGD over the years of the term is the expected loss as such a
rate. Interest that is charged on more than what is out (flat) needs a lower rate for the same
money. The rate is then brought inside the product's band and under what the law allows.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from scoring.policy import Pricing
from scoring.snapshot import Application, Rates

BPS = 10_000
PPM = 1_000_000
DAYS_PER_YEAR = 365


class Bound(StrEnum):
    """What held the price, where it is not the sum of its parts."""

    NONE = "none"
    LEAST = "least"
    """The product's lowest rate is more."""
    MOST = "most"
    """The product's highest rate is less."""
    LAW = "law"
    """The law allows less than both."""


@dataclass(frozen=True, slots=True)
class Price:
    annual_rate_bps: int
    """What is charged."""
    needed_bps: int
    """What would pay for everything, the margin too."""
    break_even_bps: int
    """What would pay for everything but the margin."""
    funds_bps: int
    operating_bps: int
    loss_bps: int
    margin_bps: int
    bound: Bound
    expected_loss_minor: int
    is_paid_for: bool
    """Whether the rate that may be charged pays for funds, work and risk. A product that leaves no
    choice of rate was priced by the lender, and is not judged here."""


def decide(asked: Application, rules: Pricing, pd: float) -> Price | None:
    """The price of what is asked; None in snapshots that say nothing of rates."""
    rates = asked.rates
    if rates is None:
        return None
    pd_ppm = _ppm(pd)
    loss_bps = _up(pd_ppm * rules.lgd_bps * DAYS_PER_YEAR, PPM * asked.term_days)
    cost = rules.cost_of_funds_bps + rules.operating_cost_bps + loss_bps
    break_even = _charged(cost, rates)
    needed = _charged(cost + rules.margin_bps, rates)
    rate, bound = _within(needed, rates)
    return Price(
        annual_rate_bps=rate,
        needed_bps=needed,
        break_even_bps=break_even,
        funds_bps=rules.cost_of_funds_bps,
        operating_bps=rules.operating_cost_bps,
        loss_bps=loss_bps,
        margin_bps=rules.margin_bps,
        bound=bound,
        expected_loss_minor=expected_loss_minor(asked, rules, pd),
        is_paid_for=rates.least_bps == rates.most_bps or break_even <= rate,
    )


def expected_loss_minor(asked: Application, rules: Pricing, pd: float) -> int:
    """PD x LGD x EAD over the term, rounded up: a loss is never told too small."""
    exposure = BPS if asked.rates is None else asked.rates.exposure_bps
    return _up(_ppm(pd) * rules.lgd_bps * exposure * asked.amount_minor, PPM * BPS * BPS)


def at(asked: Application, rate_bps: int) -> Application:
    """The same request at this rate of its band.

    Between the ends the installment lies on their chord, rounded up: an installment bends upwards
    as its rate grows, so the household is never asked for more than was found affordable.
    """
    rates = asked.rates
    if rates is None or rates.least_bps == rates.most_bps:
        return asked
    rise = rates.most_installment_minor - rates.least_installment_minor
    part = _up(rise * (rate_bps - rates.least_bps), rates.most_bps - rates.least_bps)
    return replace(asked, installment_minor=rates.least_installment_minor + part)


def _within(needed: int, rates: Rates) -> tuple[int, Bound]:
    if needed < rates.least_bps:
        return rates.least_bps, Bound.LEAST
    most = max(min(rates.most_bps, rates.lawful_bps), rates.least_bps)
    if needed <= most:
        return needed, Bound.NONE
    return most, Bound.LAW if rates.lawful_bps < rates.most_bps else Bound.MOST


def _charged(rate_bps: int, rates: Rates) -> int:
    """A rate on what is out, as the rate on what interest is charged on."""
    return _up(rate_bps * rates.exposure_bps, max(rates.charged_on_bps, 1))


def _ppm(pd: float) -> int:
    """Rounded up, so that no risk is free."""
    return math.ceil(pd * PPM)


def _up(value: int, by: int) -> int:
    return -(-value // by)
