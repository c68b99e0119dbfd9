"""Fees of the agreement: how much, and with which installment they fall due."""

from servicing import rounding
from servicing.choices import Fee, When
from servicing.terms import LoanTerms


def amount(fee: Fee, principal_minor: int) -> int:
    """A fixed amount, or a part of the principal to the nearest minor unit."""
    if fee.amount_minor is not None:
        return fee.amount_minor
    assert fee.rate is not None
    return rounding.half_even(principal_minor * fee.rate.numerator, fee.rate.denominator)


def total(terms: LoanTerms, when: When) -> int:
    return sum(amount(fee, terms.principal.minor) for fee in terms.fees if fee.when is when)


def spread(terms: LoanTerms, count: int) -> list[int]:
    """The fees that each of `count` installments carries."""
    fees = [total(terms, When.PER_INSTALLMENT) if terms.fees else 0] * count
    if terms.fees:
        fees[0] += total(terms, When.FIRST_INSTALLMENT)
        fees[-1] += total(terms, When.LAST_INSTALLMENT)
    return fees
