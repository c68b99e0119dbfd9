"""The books of one loan, derived from its life: every movement as debit and credit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from servicing import charges, early, life, recalculation, sponsorship
from servicing.choices import When
from servicing.life import FEE, INTEREST, PENALTY, PRINCIPAL, Closing, Life, Parts, Transaction

CASH = "cash"
_CREDIT = "borrower_credit"
_RECOVERED = "write_off_recovery"
_DEFERRED = "deferred_income"
_RECEIVABLE = ("penalties_receivable", "fees_receivable", "interest_receivable", "loan_principal")
_INCOME = ("penalty_income", "fee_income", "interest_income")
_PLAIN = {
    "disbursement": ("loan_principal", CASH),
    "capitalized_income": ("loan_principal", _DEFERRED),
    "buy_down_fee": (CASH, _DEFERRED),
    "buy_down_fee_adjustment": (_DEFERRED, CASH),
    "recovery": (CASH, _RECOVERED),
}
"""Debit and credit of what touches no interest, fee or penalty."""
_PAID_FROM = {
    "goodwill_credit": "goodwill_expense",
    "credit": _CREDIT,
    life.CREDIT_USED: _CREDIT,
    "interest_payment_waiver": "waiver_expense",
    "interest_refund": "interest_income",
    "charge_adjustment": "fee_income",
    "capitalized_income_adjustment": _DEFERRED,
    "refinance": "refinancing",
}
_GIVEN_UP = {
    "write_off": "write_off_expense",
    "waiver": "waiver_expense",
    "charge_off": "charge_off_expense",
}
_MOVED = ("reage", "reamortize", "split", "restructure", "top_up", "contract_termination")
"""Debt that changes its installment stays the same debt."""


class Entry(NamedTuple):
    on: date
    what: str
    debit: str
    credit: str
    amount: int


def close_day(loan: Life, on: date) -> None:
    """Remember what is earned when a business day is closed."""
    earned = earned_by(loan, on) if loan.draws else (0, 0, 0, 0)
    loan.closings.append(Closing(on, len(loan.transactions), earned, sponsorship.earned(loan, on)))


def earned_by(loan: Life, on: date) -> Parts:
    """Penalties, fees and interest that are earned by a day, paid or not."""
    earned = [0, 0, 0, 0]
    for row in loan.rows:
        is_due = row.due_on <= on
        fallen = (0, 0) if is_due else life.fallen_due(loan, row, on)
        for component in (PENALTY, FEE):
            settled = row.paid[component] + row.forgiven[component]
            earned[component] += row.due[component] if is_due else settled + fallen[component]
    if recalculation.applies(loan):
        earned[INTEREST] = recalculation.earned(loan, on)
    else:
        earned[INTEREST] = sum(early.earned(loan, on))
    return earned[0], earned[1], earned[2], 0


def of(loan: Life) -> list[Entry]:
    """In the order in which it happened. Income is earned when a day is closed, or when paid."""
    book = _Book(loan)
    closings = list(loan.closings)
    for n, each in enumerate(loan.transactions):
        while closings and closings[0].transactions <= n:
            book.close(closings.pop(0))
        book.tell(each)
    for closing in closings:
        book.close(closing)
    if loan.status in early.ENDED:
        book.end(max([each.on for each in loan.transactions], default=loan.terms.disbursed_on))
    return book.entries


@dataclass
class _Book:
    loan: Life
    entries: list[Entry] = field(default_factory=list)
    earned: list[int] = field(default_factory=lambda: [0, 0, 0])
    settled: list[int] = field(default_factory=lambda: [0, 0, 0])
    deferred: int = 0
    """Of what was deferred, so much is earned."""
    is_charged_off: bool = False

    def tell(self, each: Transaction) -> None:
        if each.type in _MOVED:
            return
        if each.type in _GIVEN_UP:
            self._give_up(each)
        elif each.type == "capitalization":
            self._settle(each, "loan_principal")
        else:
            self._move_money(each)

    def close(self, closing: Closing) -> None:
        if not self.is_charged_off:
            for component in range(3):
                until = max(closing.earned[component], self.settled[component])
                self._earn(closing.on, component, until)
        self._earn_deferred(closing.on, closing.deferred)

    def end(self, on: date) -> None:
        """Nothing is open any more: what was booked and never settled was not earned."""
        for component in range(3):
            self._earn(on, component, self.settled[component])
        self._earn_deferred(on, sum(each.amount for each in self.loan.deferred))

    def _move_money(self, each: Transaction) -> None:
        type_, amount = each.type, each.amount
        if type_ in _PLAIN:
            is_first = type_ == "disbursement" and not self.entries
            taken_over = self.loan.taken_over if is_first else 0
            self._enter(each.on, type_, "loan_principal", "refinancing", taken_over)
            self._enter(each.on, type_, *_PLAIN[type_], amount - taken_over)
            if is_first:
                self._collect_fees(each)
        elif type_ in ("chargeback", "refund"):
            self._charge_back(each)
        else:
            source = _PAID_FROM.get(type_, CASH)
            self._settle(each, source)
            if source != _CREDIT:
                self._enter(each.on, type_, source, _CREDIT, amount - sum(each.parts))

    def _settle(self, each: Transaction, source: str) -> None:
        """Parts of the debt are paid; what is paid is earned at the latest now."""
        for component in (PRINCIPAL, INTEREST, FEE, PENALTY):
            part = each.parts[component]
            if not part:
                continue
            account = _RECOVERED if self.is_charged_off else _RECEIVABLE[component]
            if component != PRINCIPAL and not self.is_charged_off:
                self.settled[component] += part
                if self.settled[component] > self.earned[component]:
                    self._earn(each.on, component, self.settled[component])
            self._enter(each.on, each.type, source, account, part)

    def _give_up(self, each: Transaction) -> None:
        """Only what stands in the books can be lost: interest of days to come does not."""
        if self.is_charged_off:
            return
        expense = _GIVEN_UP[each.type]
        self._enter(each.on, each.type, expense, "loan_principal", each.parts[PRINCIPAL])
        for component in (INTEREST, FEE, PENALTY):
            booked = max(self.earned[component] - self.settled[component], 0)
            part = min(each.parts[component], booked)
            self.settled[component] += part
            against = _INCOME[component] if each.type == "charge_off" else expense
            self._enter(each.on, each.type, against, _RECEIVABLE[component], part)
        self.is_charged_off = each.type == "charge_off"

    def _charge_back(self, each: Transaction) -> None:
        for component in (PRINCIPAL, INTEREST, FEE, PENALTY):
            part = each.parts[component]
            account = _RECOVERED if self.is_charged_off else _RECEIVABLE[component]
            if component != PRINCIPAL and not self.is_charged_off:
                self.settled[component] -= part
            self._enter(each.on, each.type, account, CASH, part)
        self._enter(each.on, each.type, _CREDIT, CASH, each.amount - sum(each.parts))

    def _collect_fees(self, each: Transaction) -> None:
        """Fees that are kept back or paid apart on the first day."""
        terms, rules = self.loan.terms, self.loan.rules
        whens = (When.DEDUCTED,) if rules.upfront_owed else (When.DEDUCTED, When.UPFRONT)
        everyone = sum(charges.total(terms, when) for when in whens)
        others = sum(charges.total(charges.of_others(terms), when) for when in whens)
        self._enter(each.on, "fee", CASH, "fee_income", everyone - others)
        self._enter(each.on, "fee", CASH, "third_party_payable", others)

    def _earn(self, on: date, component: int, until: int) -> None:
        new = until - self.earned[component]
        self.earned[component] = until
        self._enter(on, "accrual", _RECEIVABLE[component], _INCOME[component], new)

    def _earn_deferred(self, on: date, until: int) -> None:
        new, self.deferred = until - self.deferred, until
        self._enter(on, "amortization", _DEFERRED, "fee_income", new)

    def _enter(self, on: date, what: str, debit: str, credit: str, amount: int) -> None:
        if amount < 0:
            debit, credit, amount = credit, debit, -amount
        if amount:
            self.entries.append(Entry(on, what, debit, credit, amount))


def balances(entries: list[Entry]) -> dict[str, int]:
    """Debits less credits, by account."""
    found: dict[str, int] = {}
    for account, amount in _sides(entries):
        found[account] = found.get(account, 0) + amount
    return found


def _sides(entries: list[Entry]) -> Iterator[tuple[str, int]]:
    for entry in entries:
        yield entry.debit, entry.amount
        yield entry.credit, -entry.amount
