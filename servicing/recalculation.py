"""Interest that follows what is really owed: early money lessens it, late money adds to it."""

import dataclasses
from bisect import bisect_left, insort
from datetime import date
from fractions import Fraction
from operator import attrgetter

from servicing import allocation, annuity, interest, life, rounding
from servicing.allocation import Timing, Waterfall
from servicing.choices import Method
from servicing.interest import Period
from servicing.life import FEE, INTEREST, PENALTY, PRINCIPAL, Kind, Life, Parts, Row
from servicing.product_rules import Advance, Payoff, Recalculation, Rest
from servicing.terms import LoanTerms

_INSTALLMENT = Kind.INSTALLMENT
_LEVEL_METHODS = (Method.DECLINING, Method.GRADUATED, Method.BALLOON)
_FIELDS = attrgetter(*(each.name for each in dataclasses.fields(Row)))
Move = tuple[date, int]
"""A day and by how much the balance changes on it."""


def applies(loan: Life) -> bool:
    return (
        loan.rules.recalculation is not None
        and loan.terms.method is not Method.FLAT
        and bool(loan.draws)
        and not loan.is_reshaped
        and loan.status is not life.Status.WRITTEN_OFF
    )


def ends_to_the_day(rules: Recalculation) -> bool:
    """Whether an installment that is settled early costs interest up to that day only."""
    daily = rules.rest is Rest.DAILY and rules.advance is Advance.ADJUST_LAST
    return daily and rules.payoff is Payoff.TILL_DATE


def reopen(loan: Life, on: date) -> None:
    """More is owed from `on`: installments that were settled before their time have days to come.

    Where interest ends with the payment, those days count in the next open installment.
    """
    rules = loan.rules.recalculation
    if rules is None or ends_to_the_day(rules):
        return
    for row in loan.rows:
        if row.is_regular and row.due_on > on:
            row.settled_on = None


def refresh(loan: Life, today: date, *, paying: bool = False, amount: int | None = None) -> None:
    """Interest and principal of every open installment, as they look on `today`.

    What is overdue is taken to be paid today, what is to come on its due date. With `paying`
    installments to come are as if paid today: interest up to now, none for the time to come; and
    with an `amount` only those that it can reach, the others wait for the next look.
    """
    rows = [row for row in loan.rows if row.kind is _INSTALLMENT]
    look = _Look(loan, rows, today, paying=paying)
    for row, period in zip(rows, look.periods, strict=True):
        if row.settled_on is not None and _is_settled(row):
            look.pass_by(row, row.settled_on)
            continue
        look.reckon(row, period)
        if amount is not None:
            amount -= row.outstanding
            if amount <= 0 < look.left and row.due_on > today:
                return


class _Look:
    """One look at a loan, installment by installment, with what each leaves to the next."""

    def __init__(self, loan: Life, rows: list[Row], today: date, *, paying: bool) -> None:
        assert loan.rules.recalculation is not None
        self._loan, self._today, self._paying = loan, today, paying
        self._rules = loan.rules.recalculation
        self._daily = self._rules.rest is Rest.DAILY
        self._counts_every_day = self._daily and not loan.terms.draws_end_periods
        self._to_the_day = ends_to_the_day(self._rules)
        self._moves = loan.moves if self._daily else _at_rests(loan, rows)
        self._assumed: list[Move] = []
        self._pending = 0
        self._divide = rounding.DIVIDE[loan.terms.interest_rounding]
        self._is_level = loan.terms.method in _LEVEL_METHODS
        self._start = loan.draws[0].on
        self.periods, self._by_day = _periods(loan, rows)
        self._last = next((row for row in reversed(rows) if not _is_settled(row)), None)
        self.left = loan.principal_owed
        """Principal that is in no installment yet."""
        if len(rows) != len(loan.rows):
            self.left -= sum(row.unpaid(PRINCIPAL) for row in loan.rows if not row.is_regular)
        room = loan.room
        self._room = room
        if room is not None:
            self._room = room + sum([row.unpaid(INTEREST) for row in rows])

    def pass_by(self, row: Row, settled_on: date) -> None:
        """What is settled stays as it is; paid early it bore interest only until then."""
        if self._to_the_day and settled_on < row.due_on:
            self._start = max(self._start, settled_on)
        else:
            self._start = row.due_on

    def reckon(self, row: Row, period: Period) -> None:
        """Interest and principal of an open installment, at least what was paid of them."""
        due, paid, is_last = row.due, row.paid, row is self._last
        given = row.forgiven
        charged = least = paid[INTEREST] + given[INTEREST]
        frozen = row.frozen if self._to_the_day else None
        if frozen is not None:
            self._start = max(self._start, frozen[0])
            more = self._charged(row, period, is_last=True) if is_last else 0
            charged = max(frozen[1] + row.carried + more, least)
        elif not self._paying or self._start < self._today or row.due_on <= self._today:
            charged = max(self._charged(row, period, is_last=is_last) + row.carried, least)
        if self._room is not None:
            charged = min(charged, least + max(self._room, 0))
            self._room -= charged - least
        already = paid[PRINCIPAL] + given[PRINCIPAL]
        planned = row.planned[1]
        if self._is_level and planned:
            planned = row.level - charged + row.carried
        planned += row.back
        more = self.left if is_last else max(min(planned - already, self.left), 0)
        due[INTEREST], due[PRINCIPAL] = charged, already + more
        self.left -= more
        if frozen is None:
            self._start = row.due_on
        if more:
            self._assumed.append((row.due_on, more))
            self._pending += more

    def _charged(self, row: Row, period: Period, *, is_last: bool) -> int:
        today, start = self._today, self._start
        if self._paying and row.due_on > today:
            till_date = self._rules.payoff is Payoff.TILL_DATE
            return self._interest(row, period, today if till_date else row.due_on)
        if start >= today and start == period.start and not is_last:
            # A period that has not begun: one balance from its first day to its last.
            balance = max(self._loan.principal_owed - self._pending, 0)
            return self._divide(balance * period.numerator, period.denominator)
        if row.due_on < today and not self._counts_every_day:
            return row.due[INTEREST]  # a period that is over is not touched again
        if self._counts_every_day and row.due_on <= today and not is_last:
            return self._over(row, period)
        return self._interest(row, period, max(row.due_on, today) if is_last else row.due_on)

    def _over(self, row: Row, period: Period) -> int:
        """A period that is over costs what it did at the last look, unless its balance changed."""
        moved = bisect_left(self._moves, (row.due_on,))
        seen = self._loan.terms, period, self._start, moved
        if row.over is None or row.over[0] != seen:
            row.over = seen, self._interest(row, period, row.due_on)
        return row.over[1]

    def _interest(self, row: Row, period: Period, end: date) -> int:
        """Interest up to `end`, rounded between one move of the balance and the next.

        Days that an earlier installment left, because it was settled early, are rounded apart.
        """
        balance, moves = self._balance(row, end)
        if self._start < period.start < end:
            insort(moves, (period.start, 0))
        total, since, by_day = 0, self._start, self._by_day
        for until, change in [*moves, (end, 0)]:
            if until > since:
                if by_day is not None:
                    part, whole = by_day[0] * (until - since).days, by_day[1]
                else:
                    part, whole = self._factor(period, since, until)
                total += self._divide(max(balance, 0) * part, whole)
                since = until
            balance += change
        return total

    def _factor(self, period: Period, since: date, until: date) -> interest.Ratio:
        if since == period.start and until == period.end:
            return period.numerator, period.denominator
        if since >= period.start:
            return interest.part_of(self._loan.terms, period, since, until)
        # What was settled early left days of its own period behind: each counts in its period.
        exact = Fraction(0)
        for each in self.periods:
            if each.end <= period.end:
                end = until if each is period else min(each.end, until)
                part = interest.part_of(self._loan.terms, each, max(since, each.start), end)
                exact += Fraction(*part)  # nothing where the start is not before the end
        return exact.numerator, exact.denominator

    def _balance(self, row: Row, end: date) -> tuple[int, list[Move]]:
        """The balance at the start of the installment's days, and how it moves before `end`."""
        start, balance, moves = self._start, self._loan.principal_owed, []
        for move in reversed(self._moves):
            if move[0] <= start:
                break
            balance -= move[1]
            if move[0] < end:
                moves.append(move)
        moves.reverse()
        coming = self._coming(row)
        if self._rules.compounds:
            overdue, settled = self._overdue_interest()
            balance += overdue
            coming = [*coming, *settled]
        for day, unpaid in coming:
            if day <= start:
                balance -= unpaid
            elif day < end:
                insort(moves, (day, -unpaid))
        return balance, moves

    def _overdue_interest(self) -> tuple[int, list[Move]]:
        """Interest that was overdue when the days of an installment began, and when it is paid."""
        start, unpaid = self._start, 0
        for row in self._loan.rows:
            if row.due_on <= start:
                unpaid += row.unpaid(INTEREST)
        later = [each for each in self._loan.transactions if each.on > start]
        settled = [(each.on, each.parts[INTEREST]) for each in later]
        settled.append((self._today, unpaid))
        return sum(part for _, part in settled), settled

    def _coming(self, row: Row) -> list[Move]:
        """When what is unpaid of earlier installments is taken to be paid."""
        today = self._today
        if self._counts_every_day:
            return [(max(due_on, today), unpaid) for due_on, unpaid in self._assumed]
        # Overdue principal costs interest in the period that runs today.
        runs = self._start < today <= row.due_on
        until = today if self._daily else row.due_on
        return [(until if runs else due_on, unpaid) for due_on, unpaid in self._assumed]


def looked_at(loan: Life, on: date) -> Life:
    """The loan as it looks on a day; itself it stays as it was, and can be looked at again."""
    seen = _copy(loan)
    refresh(seen, on)
    return seen


def receive(loan: Life, type_: str, amount: int, on: date) -> None:
    """A payment on a loan whose interest is recalculated; `refresh` it afterwards."""
    assert loan.rules.recalculation is not None
    waterfall = loan.rules.waterfall_for(type_, loan.future)
    adjust_last = loan.rules.recalculation.advance is Advance.ADJUST_LAST
    reach = amount if adjust_last and allocation.is_forward(waterfall) else None
    refresh(loan, on, paying=adjust_last, amount=reach)
    whole = adjust_last or (amount >= loan.principal_owed and amount >= sum(payoff(loan, on)))
    if whole:
        if not adjust_last:
            refresh(loan, on, paying=True)
        parts = life.settle(loan, amount, on, waterfall)
    else:
        parts = _receive_and_resolve(loan, amount, on, waterfall)
    life.book(loan, type_, amount, on, parts)


def earned(loan: Life, on: date) -> int:
    """Interest from the first day to `on`, whatever day the product lets a payoff cost."""
    rules = loan.rules.recalculation
    assert rules is not None
    loan = _copy(loan)
    till_date = dataclasses.replace(rules, payoff=Payoff.TILL_DATE)
    loan.rules = dataclasses.replace(loan.rules, recalculation=till_date)
    refresh(loan, on, paying=True)
    return sum(row.due[INTEREST] for row in loan.rows)


def payoff(loan: Life, on: date) -> Parts:
    """What ends the loan on that day: principal, and interest up to it."""
    if applies(loan):
        loan = _copy(loan)
        refresh(loan, on, paying=True)
    rows = [row.open_parts for row in loan.rows]
    owed = [sum([parts[component] for parts in rows]) for component in range(4)]
    return owed[0], owed[1], owed[2], owed[3]


def _copy(loan: Life) -> Life:
    """A loan that may be looked at without changing the first one: a look changes what is due."""
    rows = []
    for row in loan.rows:
        same = Row(*_FIELDS(row))
        same.due = list(row.due)
        rows.append(same)
    return dataclasses.replace(loan, rows=rows)


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
    lent = loan.lent - _down_payments(loan)
    balance = lent - sum(row.due[PRINCIPAL] for row in rows[: index + 1])
    if not later or balance <= 0:
        return
    periods = _periods(loan, rows)[0][index + 1 :]
    level = annuity.level_payment(loan.terms, periods, balance)
    for row in later:
        row.level = level


def _drop_empty_end(loan: Life) -> None:
    """Installments for which nothing is left fall away."""
    while len(loan.rows) > 1 and loan.rows[-1].is_regular and not sum(loan.rows[-1].due):
        loan.rows.pop()


def _by_day(terms: LoanTerms) -> interest.Ratio | None:
    """The rate of one day, where every day costs the same."""
    if terms.interest_pauses or terms.rate_changes or terms.grace.interest_free:
        return None
    if not interest.has_even_days(terms):
        return None
    return terms.annual_rate.numerator, terms.annual_rate.denominator * interest.year_days(terms)


def _at_rests(loan: Life, rows: list[Row]) -> list[Move]:
    """The moves of the balance when money counts from the next due date on."""
    dates = [row.due_on for row in rows]
    return sorted((day if change > 0 else _next(dates, day), change) for day, change in loan.moves)


def _periods(loan: Life, rows: list[Row]) -> tuple[list[Period], interest.Ratio | None]:
    """The periods of the installments, found anew only when terms or dates have changed."""
    known = loan.known_periods
    if known is not None and known[0] is loan.terms and len(known[1]) == len(rows):
        return known[1:]
    terms = dataclasses.replace(loan.terms, disbursed_on=loan.draws[0].on)
    found = interest.periods(terms, [row.due_on for row in rows])
    loan.known_periods = loan.terms, found, _by_day(terms)
    return loan.known_periods[1:]


def _is_settled(row: Row) -> bool:
    return row.settled_on is not None and (row.due == row.paid or not row.outstanding)


def _down_payments(loan: Life) -> int:
    return sum(row.due[PRINCIPAL] for row in loan.rows if not row.is_regular)


def _next(dates: list[date], on: date) -> date:
    return next((due_on for due_on in dates if due_on >= on), on)
