"""A fixed schedule before its time: interest earned so far, money that waits, an early end."""

from datetime import date
from typing import NamedTuple

from servicing import allocation, life, recalculation
from servicing.life import FEE, INTEREST, Life, Parts, Row, Status

ENDED = (Status.CLOSED, Status.OVERPAID, Status.WRITTEN_OFF)


class Span(NamedTuple):
    """The interest of an installment is earned evenly from `start` to `end`."""

    start: date
    end: date


def spans(loan: Life) -> list[Span]:
    """Interest that was put off is earned over all the days since interest last fell due."""
    since = loan.draws[0].on if loan.draws else loan.terms.disbursed_on
    found, n = [], 0
    for row in loan.rows:
        n += row.is_regular
        start = row.starts_on or min(since, row.due_on)
        found.append(Span(start, row.earned_by or row.due_on))
        if row.planned[0] or row.due[INTEREST] or n <= loan.terms.grace.interest_free:
            since = row.due_on
    return found


def earned_of(interest: int, carried: int, span: Span, on: date) -> int:
    """`carried` was earned before the span began; the rest is earned day by day."""
    if on >= span.end:
        return interest
    carried = min(carried, interest)  # Some of it may have moved on to another installment.
    elapsed = max((on - span.start).days, 0)
    return carried + (interest - carried) * elapsed // max((span.end - span.start).days, 1)


def earned(loan: Life, on: date) -> list[int]:
    """Per installment. What has ended has earned whatever was paid for it, or was given up."""
    if loan.status in ENDED:
        return [row.due[INTEREST] for row in loan.rows]
    return [
        earned_of(row.due[INTEREST], row.carried, span, on)
        for row, span in zip(loan.rows, spans(loan), strict=True)
    ]


def payoff(loan: Life, on: date) -> Parts:
    """What ends the loan on that day; where its rules say so, without anything of days to come."""
    if not loan.rules.early_end:
        return recalculation.payoff(loan, on)
    if recalculation.applies(loan):
        penalties, fees, interest, principal = recalculation.payoff(loan, on)
        to_come = sum(row.unpaid(FEE) for row in loan.rows if row.due_on > on)
        return penalties, fees - to_come, interest, principal
    owed = [0, 0, 0, 0]
    for row, interest in zip(loan.rows, earned(loan, on), strict=True):
        parts = list(row.open_parts)
        if row.due_on > on:
            parts[FEE] = 0
            parts[INTEREST] = max(interest - row.paid[INTEREST] - row.forgiven[INTEREST], 0)
        owed = [left + part for left, part in zip(owed, parts, strict=True)]
    return owed[0], owed[1], owed[2], owed[3]


def receive(loan: Life, type_: str, amount: int, on: date) -> None:
    """A payment. When it is enough to end the loan that day, it does."""
    ends = loan.status is not Status.WRITTEN_OFF and _is_enough(loan, amount, on)
    if recalculation.applies(loan):
        if ends:
            recalculation.refresh(loan, on, paying=True)
            _drop_fees(loan, on)
            spend(loan, on, allocation.EVERYTHING)
        recalculation.receive(loan, type_, amount, on)
        return
    if not ends:
        life.receive(loan, type_, amount, on)
        return
    cut(loan, on)
    parts = life.settle(loan, amount, on, allocation.EVERYTHING)
    life.book(loan, type_, amount, on, parts)
    spend(loan, on, allocation.EVERYTHING)


def cut(loan: Life, on: date) -> None:
    """Interest and fees of days to come are no longer owed; what was paid of them is credit."""
    _drop_fees(loan, on)
    released = 0
    for row, span, interest in zip(loan.rows, spans(loan), earned(loan, on), strict=True):
        if row.due_on > on:
            row.earned_by = max(on, span.start)
            released += _lower(row, INTEREST, interest)
    _release(loan, on, (0, 0, released, 0))


def _drop_fees(loan: Life, on: date) -> None:
    fees = sum(_lower(row, FEE, 0) for row in loan.rows if row.due_on > on)
    _release(loan, on, (0, fees, 0, 0))


def _release(loan: Life, on: date, parts: Parts) -> None:
    if amount := sum(parts):
        loan.credit += amount
        loan.record(on, "credit", -amount, (-parts[0], -parts[1], -parts[2], -parts[3]))


def stop(loan: Life, on: date) -> None:
    """The loan ends that day whatever is still open: cut it, and use the borrower's credit."""
    if not loan.rules.early_end:
        return
    if recalculation.applies(loan):
        recalculation.refresh(loan, on, paying=True)
        _drop_fees(loan, on)
    else:
        cut(loan, on)
    spend(loan, on, allocation.EVERYTHING)


def use_credit(loan: Life, since: date, until: date) -> None:
    """A credit that waits settles what falls due, each on its day; `since`: it waits from then."""
    if not loan.credit or loan.status is not Status.ACTIVE or not loan.rules.advance_waits:
        return
    due = sorted({row.due_on for row in loan.rows if row.due_on <= until and row.outstanding})
    for day in due:
        spend(loan, max(day, since), loan.rules.waterfall)


def spend(loan: Life, on: date, waterfall: allocation.Waterfall) -> None:
    if not loan.credit or not loan.outstanding:
        return
    parts = life.settle(loan, loan.credit, on, waterfall)
    used = sum(parts)
    if used:
        loan.credit -= used
        loan.record(on, "credit", used, parts)
        life.close_if_settled(loan, on)


def _is_enough(loan: Life, amount: int, on: date) -> bool:
    return amount + loan.credit + paid_ahead(loan, on) >= sum(payoff(loan, on))


def paid_ahead(loan: Life, on: date) -> int:
    """Of installments to come: interest that is not earned yet, and fees."""
    fees = sum(row.paid[FEE] for row in loan.rows if row.due_on > on)
    if recalculation.applies(loan):  # What was paid for it earns nothing any more.
        return fees
    return fees + sum(
        max(row.paid[INTEREST] - interest, 0)
        for row, interest in zip(loan.rows, earned(loan, on), strict=True)
        if row.due_on > on
    )


def _lower(row: Row, component: int, most: int) -> int:
    """Let no more than `most` be owed; what had been paid beyond it comes back."""
    most = max(most, row.forgiven[component])
    row.due[component] = min(row.due[component], most)
    back = max(row.paid[component] + row.forgiven[component] - row.due[component], 0)
    row.paid[component] -= back
    return back
