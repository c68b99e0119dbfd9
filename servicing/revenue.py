"""Repayment as a share of sales: expected payments, the fee earned at their effective rate."""

import dataclasses
from collections.abc import Iterator
from datetime import date
from itertools import cycle, repeat

from servicing import calendars, clauses, rounding, yields
from servicing.amortization import Part
from servicing.choices import Frequency, Revenue
from servicing.clauses import INSTALLMENTS_MAX
from servicing.fields import InvalidTerms
from servicing.interest import year_days
from servicing.terms import LoanTerms

_PER_YEAR = {Frequency.MONTH: 12, Frequency.YEAR: 1}


def payment(terms: LoanTerms) -> int:
    """What one period is expected to bring: yearly sales * share / periods of the year."""
    revenue = _of(terms)
    share = revenue.share * revenue.yearly_minor
    if terms.frequency in _PER_YEAR:
        part = share * terms.every / _PER_YEAR[terms.frequency]
    else:
        part = share * calendars.step_days(terms) / year_days(terms)
    return rounding.DIVIDE[terms.rounding](part.numerator, part.denominator)


def parts(terms: LoanTerms) -> tuple[list[date], list[Part]]:
    """Payments until advance and fee are repaid; the last one is the remainder."""
    payments = _payments(terms)
    longer = dataclasses.replace(terms, installments=len(payments))
    return calendars.due_dates(longer), _earned(terms.principal.minor, payments)


def _payments(terms: LoanTerms) -> list[int]:
    left = terms.principal.minor + _of(terms).fee_minor
    most = min(10 * INSTALLMENTS_MAX, clauses.longest(terms.frequency, terms.every))
    payments: list[int] = []
    for expected in _expected(terms):
        if left <= expected:
            return [*payments, left]
        if len(payments) + 1 == most:
            break
        payments.append(expected)
        left -= expected
    raise InvalidTerms(field="revenue.share_percent", reason="is too small to repay the loan")


def _expected(terms: LoanTerms) -> Iterator[int]:
    revenue = _of(terms)
    if not revenue.sales_minor:
        each = payment(terms)
        if each <= 0:
            raise InvalidTerms(
                field="revenue.share_percent", reason="brings less than one minor unit"
            )
        return repeat(each)
    share, divide = revenue.share, rounding.DIVIDE[terms.rounding]
    return cycle(
        [divide(sales * share.numerator, share.denominator) for sales in revenue.sales_minor]
    )


def _earned(advance: int, payments: list[int]) -> list[Part]:
    """Each payment split at the one rate that makes the payments worth the advance.

    What is earned of the fee is what the balance at that rate has not given back. A day without
    sales pays nothing, so what it earns is counted when money comes.
    """
    rate = yields.periodic_rate(advance, payments)
    fee, rows, carrying, earned, repaid = sum(payments) - advance, [], float(advance), 0, 0
    for paid in payments:
        repaid += paid
        carrying += carrying * rate - paid
        so_far = fee if repaid == advance + fee else round(carrying + repaid - advance)
        part = max(min(so_far - earned, paid), 0)
        rows.append(Part(paid - part, part))
        earned += part
    return rows


def _of(terms: LoanTerms) -> Revenue:
    assert terms.revenue is not None
    return terms.revenue
