"""What the installments of one loan come to on a day: earned, due, needed for a payoff, paid.

Pure functions over installment rows; nothing here reads or writes a database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kit.money import Money
from servicing.allocation import Component, Owed, Share
from servicing.models import Installment

_PAID = {
    Component.PENALTY: "penalties_paid_minor",
    Component.FEE: "fees_paid_minor",
    Component.INTEREST: "interest_paid_minor",
    Component.PRINCIPAL: "principal_paid_minor",
}


@dataclass(frozen=True, slots=True)
class Debt:
    """Unpaid amounts per component, and what the borrower has paid in advance."""

    penalties: Money
    fees: Money
    interest: Money
    principal: Money
    credit: Money

    @property
    def gross(self) -> Money:
        return self.penalties + self.fees + self.interest + self.principal

    @property
    def total(self) -> Money:
        """What is left to pay, after the credit. Never negative."""
        rest = self.gross - self.credit
        return max(rest.zero(), rest)


def earned(rows: Iterable[Installment], on: date) -> int:
    """All interest earned from the disbursement up to `on`. At a due date it is the schedule's."""
    return sum(earned_of(row, on) for row in rows)


def earned_of(row: Installment, on: date) -> int:
    agreed = row.interest_minor
    if on < row.due_on:
        elapsed = max((on - row.accrues_from).days, 0)
        agreed = agreed * elapsed // max((row.due_on - row.accrues_from).days, 1)
    return min(agreed, row.interest_minor - row.interest_forgone_minor)


def due(rows: Iterable[Installment], on: date) -> list[Owed]:
    """What has fallen due up to `on` and is unpaid, oldest first."""
    return [_whole(row) for row in rows if row.due_on <= on]


def payoff(rows: Iterable[Installment], on: date) -> list[Owed]:
    """What settles the loan for good on that day: no interest or fee of days to come."""
    return [_whole(row) if row.due_on <= on else _so_far(row, on) for row in rows]


def scheduled(rows: Iterable[Installment]) -> list[Owed]:
    """All that is unpaid if every installment is paid when it falls due."""
    return [_whole(row) for row in rows]


def debt(owed: Iterable[Owed], *, credit: Money) -> Debt:
    rows = list(owed)
    return Debt(
        penalties=Money(sum(row.penalty for row in rows), credit.currency),
        fees=Money(sum(row.fee for row in rows), credit.currency),
        interest=Money(sum(row.interest for row in rows), credit.currency),
        principal=Money(sum(row.principal for row in rows), credit.currency),
        credit=credit,
    )


def total(owed: Iterable[Owed]) -> int:
    return sum(row.penalty + row.fee + row.interest + row.principal for row in owed)


def pay(rows: Sequence[Installment], shares: Iterable[Share], *, on: date) -> None:
    """Write the shares of a payment to the installments that they settle."""
    by_n = {row.n: row for row in rows}
    for share in shares:
        _add(by_n[share.n], share.component, share.amount)
    mark_settled(rows, on=on)


def unpay(rows: Sequence[Installment], shares: Iterable[Share]) -> None:
    by_n = {row.n: row for row in rows}
    for share in shares:
        _add(by_n[share.n], share.component, -share.amount)
        by_n[share.n].settled_on = None


def forgo_the_rest(rows: Iterable[Installment], *, on: date) -> None:
    """Interest and fees of days to come are no longer owed."""
    for row in rows:
        if row.due_on > on:
            row.interest_forgone_minor = row.interest_minor - earned_of(row, on)
            row.fees_forgone_minor = row.fees_minor


def claim_the_rest(rows: Iterable[Installment]) -> None:
    """The loan goes on: what was forgone is owed again when its day comes."""
    for row in rows:
        row.interest_forgone_minor = row.fees_forgone_minor = 0
        if row.unpaid_minor:
            row.settled_on = None


def mark_settled(rows: Iterable[Installment], *, on: date) -> None:
    for row in rows:
        if row.settled_on is None and row.unpaid_minor == 0:
            row.settled_on = on


def is_settled(rows: Iterable[Installment]) -> bool:
    return all(row.unpaid_minor == 0 for row in rows)


def _add(row: Installment, component: Component, minor: int) -> None:
    column = _PAID[component]
    setattr(row, column, getattr(row, column) + minor)


def _whole(row: Installment) -> Owed:
    return Owed(
        n=row.n,
        due_on=row.due_on,
        penalty=row.penalties_minor - row.penalties_paid_minor,
        fee=row.fees_minor - row.fees_forgone_minor - row.fees_paid_minor,
        interest=row.interest_minor - row.interest_forgone_minor - row.interest_paid_minor,
        principal=row.principal_minor - row.principal_paid_minor,
    )


def _so_far(row: Installment, on: date) -> Owed:
    interest = max(earned_of(row, on) - row.interest_paid_minor, 0)
    return _whole(row)._replace(interest=interest, fee=0)
