"""When a farmer can pay: the part of the principal that each installment repays."""

from collections import Counter
from datetime import date
from fractions import Fraction

from servicing import calendars
from servicing.fields import InvalidTerms
from servicing.terms import LoanTerms


def weights(terms: LoanTerms) -> list[Fraction]:
    """The cash of the harvests that each installment is the first to follow.

    Cash of a month in which several installments fall due is shared by them.
    """
    cash = _cash_by_month(terms)
    ends = [_month(day) for day in calendars.nominal_dates(terms)]
    sharing = Counter(ends)
    rows, before = [], _month(terms.disbursed_on)
    for end in ends:
        months = range(before + 1, end + 1) if end > before else (end,)
        rows.append(sum((Fraction(cash[m % 12], sharing.get(m) or 1) for m in months), Fraction(0)))
        before = end
    if not any(rows[terms.grace.principal :]):
        raise InvalidTerms(
            field="harvest_months", reason="must fall inside the loan's life, after its grace"
        )
    return rows


def _cash_by_month(terms: LoanTerms) -> list[int]:
    """Expected cash of the twelve months, each moved by the delay with which it is due."""
    cash = [0] * 12
    amounts = terms.harvest_cash or (1,) * len(terms.harvest_months)
    for month, amount in zip(terms.harvest_months, amounts, strict=True):
        cash[(month - 1 + terms.harvest_delay_months) % 12] += amount
    return cash


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1
