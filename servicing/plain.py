"""The everyday loan, fast: level installments over equal periods, all paid out on the first day.

`schedule.build` asks here first, because an offer is priced while somebody slides the amount.
What is not everyday gets None and is reckoned the general way, with the same cents
(tests/servicing/pure/test_plain.py holds that).
"""

from collections.abc import Sequence

from servicing import annuity, calendars, interest, rounding
from servicing.calendars import Span
from servicing.choices import DayCount, LastInstallment, Method, When
from servicing.clauses import NO_GRACE
from servicing.installments import Installment, Kind
from servicing.rounding import Rounding
from servicing.terms import LoanTerms

_AT_THE_START = (When.UPFRONT, When.DEDUCTED)
# Asking an enumeration for a member takes longer than any comparison below.
_DECLINING, _HALF_EVEN = Method.DECLINING, Rounding.HALF_EVEN
_ACTUAL_ACTUAL = DayCount.ACTUAL_ACTUAL
_ABSORBS, _RESPREAD, _LEVEL = LastInstallment
_INSTALLMENT = Kind.INSTALLMENT


def rows(terms: LoanTerms) -> list[Installment] | None:
    counted = not interest.is_proportional(terms)
    if not is_plain(terms) or not has_plain_periods(terms, counted):
        return None
    balance, spans = terms.principal.minor, calendars.spans(terms)
    if counted:
        numerator, denominator = terms.annual_rate.as_integer_ratio()
        denominator *= interest.year_days(terms)
        parts = [numerator * days for _, days in spans]
        level, most = annuity.payment(terms, parts, denominator, balance), max(parts)
    else:
        numerator, denominator = factor(terms)
        level, most = annuity.even_payment(terms, numerator, denominator, balance), numerator
    if max(balance * most, denominator) >= rounding.EXACT:
        return None
    table = _table(terms, spans, level, numerator, denominator, counted)
    left = table[-1].due - level if table else 0
    count = terms.installments
    if abs(left) <= count // 2 or not may_respread(terms):
        return table
    nearer = level + rounding.to_multiple(
        left, count, terms.installment_multiple_minor, rounding.half_even
    )
    shared = _table(terms, spans, nearer, numerator, denominator, counted)
    if shared is None:
        return None
    return shared if abs(shared[-1].due - nearer) < abs(left) else table


def is_plain(terms: LoanTerms) -> bool:
    """Whether all is paid out on the first day, for level installments that are all alike."""
    return (
        terms.method is _DECLINING
        and terms.installments > 0
        and terms.interest_rounding is _HALF_EVEN
        and terms.last_installment is not _LEVEL
        and terms.installment_minor is None
        and terms.grace == NO_GRACE
        and not (terms.weights or terms.tranches or terms.due_dates)
        and not (terms.rate_changes or terms.interest_pauses)
        and not terms.down_payment
        and (not terms.fees or all(fee.when in _AT_THE_START for fee in terms.fees))
    )


def has_plain_periods(terms: LoanTerms, counted: bool) -> bool:
    """Whether every period costs the same, or every day where days are counted."""
    if not counted:
        return interest.begins_regularly(terms)
    absorbs = terms.last_installment is _ABSORBS
    return terms.day_count is not _ACTUAL_ACTUAL and not absorbs


def may_respread(terms: LoanTerms) -> bool:
    shares = terms.last_installment is _RESPREAD and terms.rounding in rounding.NEAREST
    return shares and terms.installments > 1


def factor(terms: LoanTerms) -> interest.Ratio:
    """What a period costs of each unit owed."""
    part, whole = interest.regular(terms)
    numerator, denominator = terms.annual_rate.as_integer_ratio()
    return numerator * part, denominator * whole


def _table(
    terms: LoanTerms,
    spans: Sequence[Span],
    level: int,
    numerator: int,
    denominator: int,
    counted: bool,
) -> list[Installment] | None:
    balance, table = terms.principal.minor, []
    row, kind, new = Installment, _INSTALLMENT, tuple.__new__
    try:
        for n, (due_on, days) in enumerate(spans, 1):
            part = numerator * days if counted else numerator
            charged = round(balance * part / denominator)
            principal = level - charged
            balance -= principal
            table.append(new(row, (n, due_on, days, principal, charged, 0, level, balance, kind)))
    except OverflowError:
        return None  # a cent too much each time compounds to more than any number
    rest = principal + balance
    if rest < 0 or table[0].principal < 0:
        return None  # the installment's multiple is too coarse for a level table
    if counted and any(each.principal < 0 for each in table):
        return None  # a longer period costs more than the installment
    table[-1] = Installment(n, due_on, days, rest, charged, 0, rest + charged, 0)
    return table
