"""Fees of the agreement: how much, and with which installment they fall due."""

import dataclasses

from servicing import rounding
from servicing.choices import Fee, Payee, When
from servicing.terms import LoanTerms


def amount(fee: Fee, principal_minor: int) -> int:
    """A fixed amount, or a part of the principal to the nearest minor unit."""
    if fee.amount_minor is not None:
        return fee.amount_minor
    assert fee.rate is not None
    return rounding.half_even(principal_minor * fee.rate.numerator, fee.rate.denominator)


def total(terms: LoanTerms, when: When) -> int:
    return sum(amount(fee, terms.principal.minor) for fee in terms.fees if fee.when is when)


def of_others(terms: LoanTerms) -> LoanTerms:
    """The same terms with the fees that are collected for others, and no more."""
    fees = tuple(fee for fee in terms.fees if fee.to is Payee.THIRD_PARTY)
    return dataclasses.replace(terms, fees=fees)


def at_the_start(terms: LoanTerms) -> tuple[int, int]:
    """What is paid in addition to the disbursement, and what is kept back from it."""
    return total(terms, When.UPFRONT), total(terms, When.DEDUCTED)


def spread(terms: LoanTerms, count: int) -> list[int]:
    """The fees that each of `count` installments carries."""
    fees = [total(terms, When.PER_INSTALLMENT) if terms.fees else 0] * count
    if terms.fees:
        fees[0] += total(terms, When.FIRST_INSTALLMENT)
        fees[-1] += total(terms, When.LAST_INSTALLMENT)
    return fees
