"""What the installments of one loan come to on a day: earned, due, needed for a payoff.

Pure functions over installment rows; nothing here reads or writes a database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kit.money import Money
from servicing import early
from servicing.allocation import Owed
from servicing.ledger.chart import RECEIVABLES, Account
from servicing.ledger.rules import Event
from servicing.models import Installment


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
    span = early.Span(row.accrues_from, row.accrues_until)
    return early.earned_of(row.interest_minor, row.interest_carried_minor, span, on)


def claims(rows: Iterable[Installment], on: date) -> dict[Event, int]:
    """What is earned and what fell due by `on`; and what was paid before it was."""
    accrued = ahead = due = due_to_others = fees_ahead = 0
    for row in rows:
        worth = earned_of(row, on)
        accrued += worth
        ahead += max(row.interest_paid_minor + row.interest_forgiven_minor - worth, 0)
        if row.due_on <= on:
            due += row.fees_minor - row.third_party_fees_minor
            due_to_others += row.third_party_fees_minor
        else:
            fees_ahead += row.fees_paid_minor + row.fees_forgiven_minor
    return {
        Event.INTEREST_ACCRUED: accrued,
        Event.INTEREST_UNEARNED: ahead,
        Event.FEE_DUE: due,
        Event.THIRD_PARTY_FEE_DUE: due_to_others,
        Event.FEE_UNEARNED: fees_ahead,
    }


def receivables(rows: Sequence[Installment], on: date | None) -> dict[Account, int]:
    """What the ledger must hold against the borrower at the end of `on`."""
    if on is None:
        return dict.fromkeys(RECEIVABLES, 0)
    claimed = claims(rows, on)
    left = {
        part: sum(_given(row, part) for row in rows)
        for part in ("principal", "interest", "fees", "penalties")
    }
    return {
        Account.PRINCIPAL: sum(row.principal_minor for row in rows) - left["principal"],
        Account.INTEREST: claimed[Event.INTEREST_ACCRUED]
        + claimed[Event.INTEREST_UNEARNED]
        - left["interest"],
        Account.FEES: claimed[Event.FEE_DUE]
        + claimed[Event.THIRD_PARTY_FEE_DUE]
        + claimed[Event.FEE_UNEARNED]
        - left["fees"],
        Account.PENALTIES: sum(row.penalties_minor for row in rows) - left["penalties"],
    }


def unearned(rows: Iterable[Installment], on: date) -> int:
    """Credit that was already allocated to installments to come."""
    sums = claims(rows, on)
    return sums[Event.INTEREST_UNEARNED] + sums[Event.FEE_UNEARNED]


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


def _whole(row: Installment) -> Owed:
    return Owed(
        n=row.n,
        due_on=row.due_on,
        penalty=row.penalties_minor - _given(row, "penalties"),
        fee=row.fees_minor - _given(row, "fees"),
        interest=row.interest_minor - _given(row, "interest"),
        principal=row.principal_minor - _given(row, "principal"),
    )


def _so_far(row: Installment, on: date) -> Owed:
    interest = max(earned_of(row, on) - _given(row, "interest"), 0)
    return _whole(row)._replace(interest=interest, fee=0)


def _given(row: Installment, part: str) -> int:
    """Paid or given up."""
    paid: int = getattr(row, f"{part}_paid_minor")
    forgiven: int = getattr(row, f"{part}_forgiven_minor")
    return paid + forgiven
