"""The everyday loan, fast: level installments over equal periods, all paid out on the first day.

`schedule.build` asks here first, because an offer is priced while somebody slides the amount.
What is not everyday gets None and is reckoned the general way, with the same cents
(tests/servicing/pure/test_plain.py holds that).
"""

from collections.abc import Sequence

from servicing import annuity, calendars, interest, rounding
from servicing.calendars import Span
from servicing.choices import LastInstallment, Method, When
from servicing.clauses import NO_GRACE
from servicing.installments import Installment, Kind
from servicing.rounding import Rounding
from servicing.terms import LoanTerms

_AT_THE_START = (When.UPFRONT, When.DEDUCTED)
# Asking an enumeration for a member takes longer than any comparison below.
_DECLINING, _HALF_EVEN = Method.DECLINING, Rounding.HALF_EVEN
_LEVEL, _RESPREAD = LastInstallment.LEVEL, LastInstallment.RESPREAD
_INSTALLMENT = Kind.INSTALLMENT


def rows(terms: LoanTerms) -> list[Installment] | None:
    if not is_plain(terms):
        return None
    numerator, denominator = factor(terms)
    if max(terms.principal.minor * numerator, denominator) >= rounding.EXACT:
        return None
    spans = calendars.spans(terms)
    level = annuity.even_payment(terms, numerator, denominator, terms.principal.minor)
    table = _table(terms, spans, level, numerator, denominator)
    left = table[-1].due - level if table else 0
    count = terms.installments
    if abs(left) <= count // 2 or not may_respread(terms):
        return table
    nearer = level + rounding.to_multiple(
        left, count, terms.installment_multiple_minor, rounding.half_even
    )
    shared = _table(terms, spans, nearer, numerator, denominator)
    if shared is None:
        return None
    return shared if abs(shared[-1].due - nearer) < abs(left) else table


def is_plain(terms: LoanTerms) -> bool:
    """Whether every period costs the same part of the balance and every installment is alike."""
    return (
        terms.method is _DECLINING
        and terms.installments > 0
        and interest.is_proportional(terms)
        and terms.interest_rounding is _HALF_EVEN
        and terms.last_installment is not _LEVEL
        and terms.installment_minor is None
        and terms.grace == NO_GRACE
        and not (terms.weights or terms.tranches or terms.due_dates)
        and not (terms.rate_changes or terms.interest_pauses)
        and not terms.down_payment
        and (not terms.fees or all(fee.when in _AT_THE_START for fee in terms.fees))
        and interest.begins_regularly(terms)
    )


def may_respread(terms: LoanTerms) -> bool:
    shares = terms.last_installment is _RESPREAD and terms.rounding in rounding.NEAREST
    return shares and terms.installments > 1


def factor(terms: LoanTerms) -> interest.Ratio:
    """What a period costs of each unit owed."""
    part, whole = interest.regular(terms)
    numerator, denominator = terms.annual_rate.as_integer_ratio()
    return numerator * part, denominator * whole


def _table(
    terms: LoanTerms, spans: Sequence[Span], level: int, numerator: int, denominator: int
) -> list[Installment] | None:
    balance, table = terms.principal.minor, []
    row, kind, new = Installment, _INSTALLMENT, tuple.__new__
    try:
        for n, (due_on, days) in enumerate(spans, 1):
            charged = round(balance * numerator / denominator)
            principal = level - charged
            balance -= principal
            table.append(new(row, (n, due_on, days, principal, charged, 0, level, balance, kind)))
    except OverflowError:
        return None  # a cent too much each time compounds to more than any number
    rest = principal + balance
    if rest < 0 or table[0].principal < 0:
        return None  # the installment's multiple is too coarse for a level table
    table[-1] = Installment(n, due_on, days, rest, charged, 0, rest + charged, 0)
    return table
