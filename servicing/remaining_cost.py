"""What the rest of a running loan costs a year: what ends it today counts as if it were lent today.

A changed or refinanced debt is a new transaction whose amount is what is owed by then and what is
lent on top: 12 CFR 1026.20(a) with its comment 20(a)-1; Consumer Credit Act 1974 section 82(2),
priced by CONC App 1.2; Directive 2008/48/EC annex I, part I. Both sides of a preview begin with
the same debt, so their rates differ by the change alone.
"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from kit.money import Money
from servicing import apr, early, unit_periods
from servicing.apr import Convention, NoAnnualRate, Timed
from servicing.life import Life
from servicing.terms import LoanTerms
from servicing.unit_periods import Unit, UnitPeriod


class Due(Protocol):
    @property
    def due_on(self) -> date: ...

    @property
    def amount(self) -> Money: ...


def owed(life: Life, on: date) -> int:
    """What would end the loan that day, after what the borrower has paid before it was due."""
    return sum(early.payoff(life, on)) - life.credit - early.paid_ahead(life, on)


def apr_of(
    terms: LoanTerms,
    dues: Sequence[Due],
    lent: int,
    on: date,
    convention: Convention,
    *,
    credit: int = 0,
) -> str | None:
    """Percent a year of `lent` on that day and `dues` from then on; None where there is none."""
    paid = _after_credit(dues, credit)
    coming = [(max(day, on), amount) for day, amount in paid if amount]
    if lent <= 0 or not any(day > on for day, _ in coming):
        return None
    unit = UnitPeriod(Unit(terms.frequency.value), terms.every)
    flows = [(on, lent), *((day, -amount) for day, amount in coming)]
    try:
        return apr.percent(_RATES[convention](flows, unit))
    except NoAnnualRate:
        return None


def _after_credit(dues: Sequence[Due], credit: int) -> list[tuple[date, int]]:
    left = []
    for due in dues:
        used = min(credit, due.amount.minor)
        credit -= used
        left.append((due.due_on, due.amount.minor - used))
    return left


def _american(flows: list[tuple[date, int]], _: UnitPeriod) -> float:
    start, days = flows[0][0], [day for day, _ in flows]
    unit = unit_periods.of_days([start], days[1:])
    anchor = unit_periods.anchor(start, days[1:])
    timed = [Timed(n, *unit_periods.between(start, day, unit, anchor)) for day, n in flows]
    return apr.us(timed, unit.per_year)


def _european(flows: list[tuple[date, int]], unit: UnitPeriod) -> float:
    start = flows[0][0]
    return apr.effective(
        [(float(unit_periods.years_between(start, day, unit)), amount) for day, amount in flows]
    )


def _indian(flows: list[tuple[date, int]], unit: UnitPeriod) -> float:
    periods = [unit_periods.between(flows[0][0], day, unit) for day, _ in flows]
    timed = [(whole + float(rest), n) for (whole, rest), (_, n) in zip(periods, flows, strict=True)]
    return apr.nominal(timed, unit.per_year)


_RATES = {
    Convention.US: _american,
    Convention.EU: _european,
    Convention.UK: _european,
    Convention.IN: _indian,
}
