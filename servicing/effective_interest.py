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


def rate(terms: LoanTerms) -> float:
    ours = tuple(fee for fee in terms.fees if fee.to is Payee.LENDER)
    plan = schedule.build(dataclasses.replace(terms, fees=ours))
    start = terms.disbursed_on
    out = [
        (0.0, float(plan.net_disbursed.minor - plan.upfront_minor)),
    ]
    back = [((row.due_on - start).days / _YEAR_DAYS, -float(row.due)) for row in plan.installments]
    try:
        return yields.solve([*out, *back])
    except yields.NoRate:
        return 0.0
