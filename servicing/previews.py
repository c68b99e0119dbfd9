"""What a change to a loan would do, told by the same engine that would do it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from kit.money import Money
from servicing import remaining_cost
from servicing import rules as agreed_rules
from servicing.life import Life
from servicing.models import Loan
from servicing.terms import LoanTerms

GIFTS_AND_FACTS = (
    "chargeback",
    "goodwill_credit",
    "refund",
    "settlement",
    "waiver",
    "write_off",
)
"""Nobody is asked whether he agrees to be given something, or to what has happened."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is open of one installment."""

    n: int
    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Preview:
    before: tuple[Due, ...]
    after: tuple[Due, ...]
    to_pay_before: Money
    to_pay_after: Money
    price: Money
    """Of the change itself; it is part of `to_pay_after`."""
    paid_out: Money
    """What leaves for the borrower; it is part of `to_pay_after`."""
    apr_before: str | None
    """Percent a year of what is left from today on (`remaining_cost`)."""
    apr_after: str | None
    needs_consent: bool

    @property
    def extra_cost(self) -> Money:
        """Less than nothing when the change makes the loan cheaper."""
        return self.to_pay_after - self.to_pay_before

    @property
    def last_due_before(self) -> date | None:
        return self.before[-1].due_on if self.before else None

    @property
    def last_due_after(self) -> date | None:
        return self.after[-1].due_on if self.after else None

    @property
    def next_due(self) -> Due | None:
        return self.after[0] if self.after else None

    def as_document(self) -> dict[str, Any]:
        return {
            "before": [_shown(each) for each in self.before],
            "after": [_shown(each) for each in self.after],
            "to_pay_before": self.to_pay_before.major,
            "to_pay_after": self.to_pay_after.major,
            "price": self.price.major,
            "paid_out": self.paid_out.major,
            "apr_before": self.apr_before,
            "apr_after": self.apr_after,
            "currency": self.price.currency,
            "needs_consent": self.needs_consent,
        }


def compare(
    loan: Loan, type_: str, before: Life, after: Life, *, on: date, price: Money
) -> Preview:
    was, would = open_of(before), open_of(after)
    zero = price.zero()
    sums = [
        sum((each.amount for each in dues), start=zero) - Money(life.credit, zero.currency)
        for dues, life in ((was, before), (would, after))
    ]
    left = [max(zero, amount) for amount in sums]
    paid_out = after.drawn - before.drawn
    worse = type_ not in GIFTS_AND_FACTS and _is_worse(was, would, left[0], left[1])
    convention = agreed_rules.convention(loan.rules)
    owed = remaining_cost.owed(before, on)
    aprs = [
        remaining_cost.apr_of(life.terms, dues, lent, on, convention, credit=life.credit)
        for life, dues, lent in ((before, was, owed), (after, would, owed + paid_out))
    ]
    return Preview(
        was, would, left[0], left[1], price, Money(paid_out, zero.currency), aprs[0], aprs[1],
        worse or bool(paid_out),
    )  # fmt: skip


def open_of(life: Life) -> tuple[Due, ...]:
    terms: LoanTerms = life.terms
    return tuple(
        Due(n, row.due_on, Money(row.outstanding, terms.currency))
        for n, row in enumerate(life.rows, 1)
        if row.outstanding > 0
    )


def _is_worse(was: tuple[Due, ...], would: tuple[Due, ...], paid: Money, to_pay: Money) -> bool:
    """It costs more, asks for more at once, asks sooner, or goes on for longer."""
    if to_pay > paid or not was or not would:
        return to_pay > paid
    return (
        max(each.amount for each in would) > max(each.amount for each in was)
        or would[0].due_on < was[0].due_on
        or would[-1].due_on > was[-1].due_on
    )


def _shown(due: Due) -> dict[str, Any]:
    return {"n": due.n, "due_on": due.due_on.isoformat(), "amount": due.amount.major}
