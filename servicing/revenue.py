"""Repayment as a share of sales: equal expected payments, the fee earned by effective interest."""

import dataclasses
from datetime import date

from servicing import calendars, rounding, yields
from servicing.amortization import Part
from servicing.choices import Frequency
from servicing.clauses import INSTALLMENTS_MAX
from servicing.fields import InvalidTerms
from servicing.interest import year_days
from servicing.terms import LoanTerms

_PER_YEAR = {Frequency.MONTH: 12, Frequency.YEAR: 1}


def payment(terms: LoanTerms) -> int:
    """What one period is expected to bring: yearly sales * share / periods of the year."""
    assert terms.revenue is not None
    share = terms.revenue.share * terms.revenue.yearly_minor
    if terms.frequency in _PER_YEAR:
        part = share * terms.every / _PER_YEAR[terms.frequency]
    else:
        part = share * calendars.step_days(terms) / year_days(terms)
    return rounding.DIVIDE[terms.rounding](part.numerator, part.denominator)


def parts(terms: LoanTerms) -> tuple[list[date], list[Part]]:
    """Payments until advance and fee are repaid; the last one is the remainder."""
    assert terms.revenue is not None
    each, owed = payment(terms), terms.principal.minor + terms.revenue.fee_minor
    if each <= 0:
        raise InvalidTerms(field="revenue.share_percent", reason="brings less than one minor unit")
    count = -(-owed // each)
    if count > 10 * INSTALLMENTS_MAX:
        raise InvalidTerms(field="revenue.share_percent", reason="is too small to repay the loan")
    payments = [each] * (count - 1) + [owed - each * (count - 1)]
    longer = dataclasses.replace(terms, installments=count)
    return calendars.due_dates(longer), _earned(terms.principal.minor, payments)


def _earned(advance: int, payments: list[int]) -> list[Part]:
    """Each payment split at the one rate that makes the payments worth the advance."""
    rate = yields.periodic_rate(advance, payments)
    fee, rows, carrying, earned = sum(payments) - advance, [], float(advance), 0
    for n, paid in enumerate(payments, 1):
        carrying += carrying * rate - paid
        # The fee earned so far is what the unrounded balance has not given back.
        so_far = fee if n == len(payments) else round(carrying + _paid_by(payments, n) - advance)
        rows.append(Part(paid - (so_far - earned), so_far - earned))
        earned = so_far
    return rows


def _paid_by(payments: list[int], count: int) -> int:
    """All payments but the last are equal, so no loop is needed."""
    return payments[0] * count if count < len(payments) else sum(payments)
