"""The effective interest rate of a loan: what the lender really earns, a year, compound.

IFRS 9 (Appendix A): the rate that makes all that the lender is to receive over the expected life of
the loan, fees that are part of its price included, worth what it paid out. Money that is collected
for others is no part of it.
"""

import dataclasses

from servicing import schedule, yields
from servicing.choices import Payee
from servicing.terms import LoanTerms

_YEAR_DAYS = 365
_MOST = 10_000.0
"""A million percent a year discounts everything that is not due at once."""


def rate(terms: LoanTerms) -> float:
    ours = tuple(fee for fee in terms.fees if fee.to is Payee.LENDER)
    plan = schedule.build(dataclasses.replace(terms, fees=ours))
    flows = [(0.0, float(plan.net_disbursed.minor - plan.upfront_minor))]
    for row in plan.installments:
        years = (row.due_on - terms.disbursed_on).days / _YEAR_DAYS
        flows.append((years, -float(row.due)))
    try:
        return min(yields.solve(flows), _MOST)
    except yields.NoRate:
        return 0.0


def rate_ppm(terms: LoanTerms) -> int:
    return round(rate(terms) * 1_000_000)
