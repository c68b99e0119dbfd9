"""Interest that follows what is really owed: early money lessens it, late money adds to it."""

import dataclasses
from datetime import date

from servicing import annuity, interest, life, rounding
from servicing.allocation import Timing, Waterfall
from servicing.choices import Method
from servicing.interest import Period
from servicing.life import FEE, INTEREST, PENALTY, PRINCIPAL, Life, Parts, Row
from servicing.product_rules import Advance, Payoff, Rest
from servicing.terms import LoanTerms

_LEVEL_METHODS = (Method.DECLINING, Method.GRADUATED, Method.BALLOON)
Move = tuple[date, int]
"""A day and by how much the balance changes on it."""


def applies(loan: Life) -> bool:
    return (
        loan.rules.recalculation is not None
        and loan.terms.method is not Method.FLAT
        and bool(loan.draws)
        and not loan.is_reshaped
    )


def refresh(loan: Life, today: date) -> None:
    """Interest and principal of every open installment, as they look on `today`.

    What is overdue is taken to be paid today, what is to come on its due date.
    """
    rows = [row for row in loan.rows if row.is_regular]
    periods = _periods(loan, rows)
    divide = rounding.DIVIDE[loan.terms.interest_rounding]
    owed = loan.drawn - _down_payments(loan)
    returned = sum(amount for _, amount in loan.repaid)
    assumed: list[Move] = []
    pending = 0
    start, last = loan.draws[0].on, len(rows) - 1
    for n, (row, period) in enumerate(zip(rows, periods, strict=True)):
        if _is_settled(row):
            start = _accrued_until(loan, row)
        else:
            if start >= today and n < last and start == period.start:
                # A period that has not begun: one balance from its first day to its last.
                balance = max(loan.drawn - returned - pending, 0)
                charged = divide(balance * period.numerator, period.denominator)
            else:
                charged = _charged(loan, row, period, start, assumed, today, is_last=n == last)
            _set(loan, row, charged, owed, is_last=n == last)
            start = row.due_on
        owed -= row.due[PRINCIPAL]
        unpaid = row.unpaid(PRINCIPAL)
        if unpaid:
            assumed.append((row.due_on, unpaid))
            pending += unpaid


def receive(loan: Life, type_: str, amount: int, on: date) -> None:
    """A payment on a loan whose interest is recalculated."""
    assert loan.rules.recalculation is not None
    refresh(loan, on)
    waterfall = loan.rules.waterfall_for(type_, loan.future)
    whole = amount >= loan.principal_owed and amount >= sum(payoff(loan, on))
    if whole or loan.rules.recalculation.advance is Advance.ADJUST_LAST:
        _look_ahead(loan, on)
        parts = life.settle(loan, amount, on, waterfall)
    else:
        parts = _receive_and_resolve(loan, amount, on, waterfall)
    life.book(loan, type_, amount, on, parts)
    refresh(loan, on)


def payoff(loan: Life, on: date) -> Parts:
    """What ends the loan on that day: principal, and interest up to it."""
    if applies(loan):
        loan = _copy(loan)
        refresh(loan, on)
        _look_ahead(loan, on)
    owed = [sum(row.unpaid(component) for row in loan.rows) for component in range(4)]
    return owed[0], owed[1], owed[2], owed[3]


def _copy(loan: Life) -> Life:
    """A loan whose installments may be changed without changing the first one's."""
    rows = [
        dataclasses.replace(
            row, due=list(row.due), paid=list(row.paid), forgiven=list(row.forgiven)
        )
        for row in loan.rows
    ]
    return dataclasses.replace(loan, rows=rows)


def _look_ahead(loan: Life, on: date) -> None:
    """Installments as they are if paid today: interest up to now, none for the time to come."""
    assert loan.rules.recalculation is not None
    rows = [row for row in loan.rows if row.is_regular]
    owed = loan.drawn - _down_payments(loan)
    till_date = loan.rules.recalculation.payoff is Payoff.TILL_DATE
    periods = _periods(loan, rows)
    start = loan.draws[0].on
    for n, row in enumerate(rows):
        if row.due_on > on and not _is_settled(row):
            charged = 0
            if start < on:
                until = on if till_date else row.due_on
                moves = _moves(loan, row, start, _unpaid_before(rows[:n]), on)
                charged = _interest(loan, periods[n], start, until, moves)
            _set(loan, row, charged, owed, is_last=n == len(rows) - 1)
        start = _accrued_until(loan, row) if _is_settled(row) else row.due_on
        owed -= row.due[PRINCIPAL]


def _receive_and_resolve(loan: Life, amount: int, on: date, waterfall: Waterfall) -> Parts:
    """What is due first; all the rest lessens principal now, and installments are found anew."""
    assert loan.rules.recalculation is not None
    due = tuple(step for step in waterfall.order if step[0] is not Timing.IN_ADVANCE)
    parts = list(life.settle(loan, amount, on, Waterfall(due, waterfall.processing)))
    left = amount - sum(parts)
    rows = [row for row in loan.rows if row.is_regular]
    current = next((row for row in rows if row.due_on >= on), rows[-1])
    if left:
        components = [PENALTY, FEE, PRINCIPAL]
        if loan.rules.recalculation.rest is Rest.SAME_AS_REPAYMENT:
            components.insert(2, INTEREST)
        for component in components:
            most = loan.principal_owed if component == PRINCIPAL else current.unpaid(component)
            paid = min(most, left)
            if paid:
                current.due[component] = max(current.due[component], current.paid[component] + paid)
                life.pay(loan, current, component, paid, on)
                parts[component] += paid
                left -= paid
    refresh(loan, on)
    planned = current.level - current.due[INTEREST]
    if current.paid[PRINCIPAL] > planned:
        _resolve(loan, rows, current)
    if loan.rules.recalculation.advance is Advance.REDUCE_COUNT:
        _drop_empty_end(loan)
    return parts[0], parts[1], parts[2], parts[3]


def _resolve(loan: Life, rows: list[Row], current: Row) -> None:
    """A new level installment for what is left, or the old one for fewer times."""
    assert loan.rules.recalculation is not None
    if loan.rules.recalculation.advance is not Advance.REDUCE_INSTALLMENT:
        return
    index = rows.index(current)
    later = rows[index + 1 :]
    drawn = loan.drawn - _down_payments(loan)
    balance = drawn - sum(row.due[PRINCIPAL] for row in rows[: index + 1])
    if not later or balance <= 0:
        return
    periods = _periods(loan, rows)[index + 1 :]
    level = annuity.level_payment(loan.terms, periods, balance)
    for row in later:
        row.level = level


def _charged(
    loan: Life,
    row: Row,
    period: Period,
    start: date,
    assumed: list[Move],
    today: date,
    *,
    is_last: bool,
) -> int:
    assert loan.rules.recalculation is not None
    if loan.rules.recalculation.rest is Rest.SAME_AS_REPAYMENT and row.due_on < today:
        return row.due[INTEREST]  # a period that is over is not touched again
    end = max(row.due_on, today) if is_last else row.due_on
    return _interest(loan, period, start, end, _moves(loan, row, start, assumed, today))


def _drop_empty_end(loan: Life) -> None:
    """Installments for which nothing is left fall away."""
    while len(loan.rows) > 1 and loan.rows[-1].is_regular and not sum(loan.rows[-1].due):
        loan.rows.pop()


def _set(loan: Life, row: Row, charged: int, owed: int, *, is_last: bool) -> None:
    row.due[INTEREST] = max(charged, row.paid[INTEREST])
    if is_last:
        principal = owed
    elif loan.terms.method in _LEVEL_METHODS and row.planned[1]:
        principal = row.level - row.due[INTEREST]
    else:
        principal = row.planned[1]
    row.due[PRINCIPAL] = max(min(principal, owed), row.paid[PRINCIPAL])


def _moves(loan: Life, row: Row, start: date, assumed: list[Move], today: date) -> list[Move]:
    """How the balance moves, as far as the interest of `row` is concerned."""
    assert loan.rules.recalculation is not None
    moves = [(draw.on, draw.amount_minor) for draw in loan.draws]
    daily = loan.rules.recalculation.rest is Rest.DAILY
    if daily:
        moves += [(on, -amount) for on, amount in loan.repaid]
        moves += [(max(due_on, today), -unpaid) for due_on, unpaid in assumed]
    else:
        # Money counts from the next due date; overdue principal costs interest in the period that
        # runs today.
        dates = [each.due_on for each in loan.rows if each.is_regular]
        moves += [(_next(dates, on), -amount) for on, amount in loan.repaid]
        runs = start < today <= row.due_on
        moves += [(row.due_on if runs else due_on, -unpaid) for due_on, unpaid in assumed]
    return sorted(moves)


def _interest(loan: Life, period: Period, start: date, end: date, moves: list[Move]) -> int:
    """Interest from `start` to `end`, rounded between one change of the balance and the next."""
    divide = rounding.DIVIDE[loan.terms.interest_rounding]
    balance = sum(change for day, change in moves if day <= start)
    total, since = 0, start
    for until, change in [*((d, c) for d, c in moves if start < d < end), (end, 0)]:
        if until > since:
            part, whole = _factor(loan.terms, period, since, until)
            total += divide(max(balance, 0) * part, whole)
            since = until
        balance += change
    return total


def _factor(terms: LoanTerms, period: Period, since: date, until: date) -> interest.Ratio:
    if since <= period.start and until == period.end:
        return period.numerator, period.denominator
    return interest.part_of(terms, period, since, until)


def _periods(loan: Life, rows: list[Row]) -> list[Period]:
    """The periods of the installments, found anew only when terms or dates have changed."""
    dates = [row.due_on for row in rows]
    known = loan.known_periods
    if known is not None and known[0] is loan.terms and known[1] == dates:
        return known[2]
    terms = dataclasses.replace(loan.terms, disbursed_on=loan.draws[0].on)
    loan.known_periods = loan.terms, dates, interest.periods(terms, dates)
    return loan.known_periods[2]


def _is_settled(row: Row) -> bool:
    return row.settled_on is not None and row.outstanding == 0


def _accrued_until(loan: Life, row: Row) -> date:
    """An installment that was paid early bore interest only until then."""
    assert loan.rules.recalculation is not None
    rules = loan.rules.recalculation
    early = row.settled_on is not None and row.settled_on < row.due_on
    daily = rules.rest is Rest.DAILY and rules.advance is Advance.ADJUST_LAST
    if early and daily and rules.payoff is Payoff.TILL_DATE:
        assert row.settled_on is not None
        return row.settled_on
    return row.due_on


def _unpaid_before(rows: list[Row]) -> list[Move]:
    return [(row.due_on, row.unpaid(PRINCIPAL)) for row in rows]


def _down_payments(loan: Life) -> int:
    return sum(row.due[PRINCIPAL] for row in loan.rows if not row.is_regular)


def _next(dates: list[date], on: date) -> date:
    return next((due_on for due_on in dates if due_on >= on), on)
