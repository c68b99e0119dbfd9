"""What a lender gives up or takes a loss on: waivers, a settlement for less, a charge-off."""

import dataclasses
from datetime import date

from servicing import early, life, recalculation
from servicing.allocation import EVERYTHING
from servicing.events import Event
from servicing.fields import InvalidTerms
from servicing.life import INTEREST, Life, Row, Status
from servicing.product_rules import ChargeOffInterest
from servicing.why import Why

_EVER = date(2199, 12, 31)


def waive(loan: Life, event: Event) -> None:
    """Interest, fees or penalties given up, the oldest first: so much, or all that is due."""
    refresh(loan, event.on)
    left = event.amount or None
    given = [0, 0, 0, 0]
    for row in _meant(loan, event):
        for component in event.details["of"]:
            part = row.unpaid(component) if left is None else min(row.unpaid(component), left)
            row.forgiven[component] += part
            given[component] += part
            left = None if left is None else left - part
        close_row(row, event.on)
    if left:
        raise _refused(event, "amount", Why.MORE_THAN_OWED)
    loan.record(event.on, "waiver", sum(given), (given[0], given[1], given[2], given[3]))
    life.close_if_settled(loan, event.on)


def settle(loan: Life, event: Event) -> None:
    """An agreed sum ends the loan; what it leaves open is given up."""
    if loan.status is not Status.ACTIVE:
        raise _refused(event, "type", Why.NOT_RUNNING)
    if event.amount > sum(early.payoff(loan, event.on)):
        raise _refused(event, "amount", Why.MORE_THAN_PAYOFF)
    refresh(loan, event.on, paying=True)
    early.stop(loan, event.on)
    parts = life.settle(loan, event.amount, event.on, EVERYTHING)
    loan.record(event.on, "settlement", event.amount, parts)
    if loan.outstanding:
        given = life.forgive(loan, event.on)
        loan.record(event.on, "waiver", sum(given), given)
    for row in loan.rows:
        close_row(row, event.on)
    life.close_if_settled(loan, event.on)


def charge_off(loan: Life, event: Event) -> None:
    """The loan counts as lost in the books; the borrower still owes it."""
    if loan.status is not Status.ACTIVE or loan.charged_off_on is not None:
        raise _refused(event, "type", Why.CHARGED_OFF)
    loan.charged_off_on = event.on
    if loan.rules.charge_off_interest is ChargeOffInterest.STOP:
        stop_interest(loan, event.on)
    owed = [sum(row.unpaid(component) for row in loan.rows) for component in range(4)]
    loan.record(event.on, "charge_off", sum(owed), (owed[0], owed[1], owed[2], owed[3]))


def stop_interest(loan: Life, on: date) -> None:
    """No day from `on` costs interest any more."""
    if not loan.is_reshaped and loan.rules.recalculation is not None:
        earlier = [(a, min(b, on)) for a, b in loan.terms.interest_pauses if a < on]
        pauses = (*earlier, (on, _EVER))
        loan.terms = dataclasses.replace(loan.terms, interest_pauses=pauses)
        refresh(loan, on)
        return
    earned = early.earned(loan, on)
    for row, interest in zip(loan.rows, earned, strict=True):
        least = row.paid[INTEREST] + row.forgiven[INTEREST]
        row.due[INTEREST] = max(min(row.due[INTEREST], interest), least)
        if row.due_on > on:
            row.earned_by = on
        close_row(row, on)
    loan.is_reshaped = True


def refresh(loan: Life, on: date, *, paying: bool = False) -> None:
    if recalculation.applies(loan):
        recalculation.refresh(loan, on, paying=paying)


def close_row(row: Row, on: date) -> None:
    if row.settled_on is None and not row.outstanding and any(row.due):
        row.settled_on = on


def _meant(loan: Life, event: Event) -> list[Row]:
    due_on = event.details["due"]
    if due_on is not None:
        rows = [row for row in loan.rows if row.due_on == due_on]
        if not rows:
            raise _refused(event, "due", Why.NO_SUCH_DUE_DATE)
        return rows
    if event.amount:
        return list(loan.rows)
    return [row for row in loan.rows if row.due_on <= event.on]


def _refused(event: Event, field: str, reason: str) -> InvalidTerms:
    return InvalidTerms(field=f"events[{event.seq - 1}].{field}", reason=reason)
