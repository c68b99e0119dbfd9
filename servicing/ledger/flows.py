"""What the ledger must say of a loan: how much each posting event comes to, by the loan's life."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from servicing import charges, early, recalculation
from servicing.choices import When
from servicing.early import ENDED
from servicing.ledger.rules import Event
from servicing.life import CREDIT_USED, FEE, INTEREST, PENALTY, PRINCIPAL, Life, Transaction
from servicing.terms import LoanTerms

Flows = dict[Event, int]
_Pairs = Iterator[tuple[Event, int]]

REPAID = (
    Event.PENALTY_REPAID,
    Event.FEE_REPAID,
    Event.INTEREST_REPAID,
    Event.PRINCIPAL_REPAID,
    Event.PAID_IN_ADVANCE,
)
"""By component, as everywhere; then what found no debt."""
_SPLIT: Mapping[str, Sequence[Event]] = {
    "credit": (
        Event.CREDIT_TO_PENALTY,
        Event.CREDIT_TO_FEE,
        Event.CREDIT_TO_INTEREST,
        Event.CREDIT_TO_PRINCIPAL,
    ),
    "goodwill_credit": (
        Event.GOODWILL_TO_PENALTY,
        Event.GOODWILL_TO_FEE,
        Event.GOODWILL_TO_INTEREST,
        Event.GOODWILL_TO_PRINCIPAL,
        Event.GOODWILL_IN_ADVANCE,
    ),
    "refinance": (
        Event.PENALTY_REFINANCED,
        Event.FEE_REFINANCED,
        Event.INTEREST_REFINANCED,
        Event.PRINCIPAL_REFINANCED,
        Event.REFINANCED_TOO_MUCH,
    ),
    "write_off": (
        Event.PENALTY_WRITTEN_OFF,
        Event.FEE_WRITTEN_OFF,
        Event.INTEREST_WRITTEN_OFF,
        Event.PRINCIPAL_WRITTEN_OFF,
    ),
    "capitalization": (
        Event.PENALTY_CAPITALIZED,
        Event.FEE_CAPITALIZED,
        Event.INTEREST_CAPITALIZED,
    ),
    "waiver": (
        Event.PENALTY_WAIVED,
        Event.FEE_WAIVED,
        Event.INTEREST_WAIVED,
        Event.PRINCIPAL_WAIVED,
    ),
}


_MOVED = ("reage", "reamortize", "split", "restructure", "top_up", "contract_termination")
"""Debt that changes its installment stays the same debt."""


def of_life(loan: Life, agreed: LoanTerms, on: date) -> Flows:
    """Everything, up to the end of `on`. Fees were kept back by the terms as agreed at first."""
    flows = dict.fromkeys(Event, 0)
    if not loan.draws:
        return flows
    for each in loan.transactions:
        for event, minor in _of_transaction(each):
            flows[event] += minor
    for event, minor in _kept_back(agreed):
        flows[event] += minor
    flows[Event.PRINCIPAL_DISBURSED] -= loan.taken_over
    flows[Event.DEBT_TAKEN_OVER] = loan.taken_over
    for event, minor in claims(loan, on).items():
        flows[event] += minor
    if loan.status in ENDED:
        flows[Event.OVERPAID_AT_CLOSING] = loan.credit
    return flows


def claims(loan: Life, on: date) -> Flows:
    """Of all that, what moves when nothing but days goes by."""
    found: Flows = defaultdict(int)
    for event, minor in _claims(loan, on):
        found[event] += minor
    return found


def _of_transaction(each: Transaction) -> _Pairs:
    if each.type == "disbursement":
        yield Event.PRINCIPAL_DISBURSED, each.amount
    elif each.type in _MOVED:
        return
    elif each.type == "recovery":
        yield Event.RECOVERED, each.amount
    elif each.type == "refund":
        # What was paid ahead is credit again first: all of a refund leaves as one entry, as it was
        # promised to the rail.
        yield Event.CREDIT_REFUNDED, each.amount
        yield from zip(_SPLIT["credit"], (-part for part in each.parts), strict=True)
    elif each.type == "chargeback":
        yield Event.CHARGED_BACK, each.parts[PRINCIPAL]
        yield Event.CREDIT_CHARGED_BACK, each.amount - each.parts[PRINCIPAL]
    else:
        names = _SPLIT.get("credit" if each.type == CREDIT_USED else each.type, REPAID)
        yield from zip(names, (*each.parts, each.amount - sum(each.parts)), strict=False)


def _kept_back(agreed: LoanTerms) -> _Pairs:
    """Of the first money alone."""
    deducted = charges.total(agreed, When.DEDUCTED)
    others = charges.total(charges.of_others(agreed), When.DEDUCTED)
    yield Event.PRINCIPAL_DISBURSED, -deducted
    yield Event.FEE_DEDUCTED, deducted - others
    yield Event.THIRD_PARTY_FEE_DEDUCTED, others


def _claims(loan: Life, on: date) -> _Pairs:
    """What is earned and what fell due, and what was paid of the rest."""
    earned, unearned = _interest(loan, on)
    yield Event.INTEREST_ACCRUED, earned
    for each in loan.transactions:
        if each.type == "capitalization":  # Claimed before it became principal.
            yield Event.LATE_FEE_CHARGED, each.parts[PENALTY]
            yield Event.FEE_DUE, each.parts[FEE]
            yield Event.INTEREST_ACCRUED, each.parts[INTEREST]
    yield Event.INTEREST_UNEARNED, unearned
    ended = loan.status in ENDED
    for row in loan.rows:
        yield Event.LATE_FEE_CHARGED, row.due[PENALTY]
        if row.due_on <= on or ended:
            others = min(row.for_others, row.due[FEE])
            yield Event.FEE_DUE, row.due[FEE] - others
            yield Event.THIRD_PARTY_FEE_DUE, others
        else:
            yield Event.FEE_UNEARNED, row.paid[FEE] + row.forgiven[FEE]


def _interest(loan: Life, on: date) -> tuple[int, int]:
    """Earned so far, and paid of what is not earned yet."""
    paid = [row.paid[INTEREST] + row.forgiven[INTEREST] for row in loan.rows]
    if recalculation.applies(loan) and loan.status not in ENDED:
        return sum(paid) + recalculation.payoff(loan, on)[INTEREST], 0
    earned = early.earned(loan, on)
    ahead = sum(max(got - worth, 0) for got, worth in zip(paid, earned, strict=True))
    return sum(earned), ahead
