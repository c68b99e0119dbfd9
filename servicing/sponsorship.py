"""Income of the whole life of a loan: a fee added to the debt, or paid by a merchant for it."""

from datetime import date

from servicing import planning
from servicing.events import Event, Type
from servicing.fields import InvalidTerms
from servicing.life import Deferred, Life, Status

_ADJUSTS = {
    Type.CAPITALIZED_INCOME_ADJUSTMENT: Type.CAPITALIZED_INCOME,
    Type.BUY_DOWN_FEE_ADJUSTMENT: Type.BUY_DOWN_FEE,
}


def capitalize(loan: Life, event: Event) -> None:
    """A fee that the borrower owes as principal, and the lender earns day by day."""
    _must_run(loan, event)
    planning.disburse(loan, event.amount, event.on, event.type.value)
    loan.deferred.append(Deferred(event.on, event.type.value, event.amount))


def buy_down(loan: Life, event: Event) -> None:
    """A fee that a merchant pays for the loan: the borrower owes nothing of it."""
    _must_run(loan, event)
    loan.deferred.append(Deferred(event.on, event.type.value, event.amount))
    loan.record(event.on, event.type.value, event.amount, (0, 0, 0, 0))


def adjust_buy_down(loan: Life, event: Event) -> None:
    """A part of it goes back to the merchant."""
    take_back(loan, event)
    loan.record(event.on, event.type.value, event.amount, (0, 0, 0, 0))


def take_back(loan: Life, event: Event) -> None:
    """Income that is given back is not earned."""
    type_ = _ADJUSTS[event.type].value
    if event.amount > sum(each.amount for each in loan.deferred if each.type == type_):
        raise _refused(event, "amount", f"must not be more than the {type_} before it")
    loan.deferred.append(Deferred(event.on, type_, -event.amount))


def earned(loan: Life, on: date) -> int:
    """What is earned by a day: evenly until the last installment, all when the loan has ended."""
    if loan.status is not Status.ACTIVE:
        return sum(each.amount for each in loan.deferred)
    last = max((row.due_on for row in loan.rows), default=on)
    return sum(
        each.amount * min((on - each.on).days, days) // days
        for each in loan.deferred
        if on > each.on and (days := max((last - each.on).days, 1))
    )


def _must_run(loan: Life, event: Event) -> None:
    if loan.status is not Status.ACTIVE:
        raise _refused(event, "type", "must find a loan that is running")


def _refused(event: Event, field: str, reason: str) -> InvalidTerms:
    return InvalidTerms(field=f"events[{event.seq - 1}].{field}", reason=reason)
