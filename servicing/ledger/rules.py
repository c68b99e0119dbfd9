"""The posting rules as one table: which business event moves what from where to where, and when.

Nothing else in the product names a debit or a credit; `docs/ledger.md` shows the same table.
"""

from dataclasses import dataclass
from enum import StrEnum

from servicing.ledger.chart import Account


class EntryKind(StrEnum):
    """What happened. One entry may hold several events."""

    DISBURSEMENT = "disbursement"
    ACCRUAL = "accrual"
    LATE_FEE = "late_fee"
    FORGONE = "forgone"
    REPAYMENT = "repayment"
    CREDIT = "credit"
    SUSPENSE = "suspense"
    REVERSAL = "reversal"


class Event(StrEnum):
    PRINCIPAL_DISBURSED = "principal_disbursed"
    FEE_DEDUCTED = "fee_deducted"
    THIRD_PARTY_FEE_DEDUCTED = "third_party_fee_deducted"
    INTEREST_ACCRUED = "interest_accrued"
    FEE_DUE = "fee_due"
    THIRD_PARTY_FEE_DUE = "third_party_fee_due"
    LATE_FEE_CHARGED = "late_fee_charged"
    INTEREST_FORGONE = "interest_forgone"
    FEE_FORGONE = "fee_forgone"
    THIRD_PARTY_FEE_FORGONE = "third_party_fee_forgone"
    PENALTY_REPAID = "penalty_repaid"
    FEE_REPAID = "fee_repaid"
    INTEREST_REPAID = "interest_repaid"
    PRINCIPAL_REPAID = "principal_repaid"
    PAID_IN_ADVANCE = "paid_in_advance"
    CREDIT_TO_PENALTY = "credit_to_penalty"
    CREDIT_TO_FEE = "credit_to_fee"
    CREDIT_TO_INTEREST = "credit_to_interest"
    CREDIT_TO_PRINCIPAL = "credit_to_principal"
    UNMATCHED_RECEIVED = "unmatched_received"
    OVERPAID_AT_CLOSING = "overpaid_at_closing"
    SUSPENSE_REFUNDED = "suspense_refunded"


@dataclass(frozen=True, slots=True)
class Rule:
    kind: EntryKind
    debit: Account
    credit: Account
    when: str


_DISBURSED = "the rail proves that the payout settled"
_DAILY = "day close, and before each repayment"
_DUE = "day close of the due date, or the first repayment on or after it"
_FORGONE = "a payoff that we asked for settles on a later day"
_PAID = "a payment arrives"
_CREDIT = "credit settles what fell due"

RULES: dict[Event, Rule] = {
    Event.PRINCIPAL_DISBURSED: Rule(
        EntryKind.DISBURSEMENT, Account.PRINCIPAL, Account.CASH, _DISBURSED
    ),
    Event.FEE_DEDUCTED: Rule(
        EntryKind.DISBURSEMENT, Account.PRINCIPAL, Account.FEE_INCOME, _DISBURSED
    ),
    Event.THIRD_PARTY_FEE_DEDUCTED: Rule(
        EntryKind.DISBURSEMENT, Account.PRINCIPAL, Account.THIRD_PARTIES, _DISBURSED
    ),
    Event.INTEREST_ACCRUED: Rule(
        EntryKind.ACCRUAL, Account.INTEREST, Account.INTEREST_INCOME, _DAILY
    ),
    Event.FEE_DUE: Rule(EntryKind.ACCRUAL, Account.FEES, Account.FEE_INCOME, _DUE),
    Event.THIRD_PARTY_FEE_DUE: Rule(EntryKind.ACCRUAL, Account.FEES, Account.THIRD_PARTIES, _DUE),
    Event.LATE_FEE_CHARGED: Rule(
        EntryKind.LATE_FEE,
        Account.PENALTIES,
        Account.PENALTY_INCOME,
        "day close, once per installment that is late beyond its grace days",
    ),
    Event.INTEREST_FORGONE: Rule(
        EntryKind.FORGONE, Account.INTEREST_INCOME, Account.INTEREST, _FORGONE
    ),
    Event.FEE_FORGONE: Rule(EntryKind.FORGONE, Account.FEE_INCOME, Account.FEES, _FORGONE),
    Event.THIRD_PARTY_FEE_FORGONE: Rule(
        EntryKind.FORGONE, Account.THIRD_PARTIES, Account.FEES, _FORGONE
    ),
    Event.PENALTY_REPAID: Rule(EntryKind.REPAYMENT, Account.CASH, Account.PENALTIES, _PAID),
    Event.FEE_REPAID: Rule(EntryKind.REPAYMENT, Account.CASH, Account.FEES, _PAID),
    Event.INTEREST_REPAID: Rule(EntryKind.REPAYMENT, Account.CASH, Account.INTEREST, _PAID),
    Event.PRINCIPAL_REPAID: Rule(EntryKind.REPAYMENT, Account.CASH, Account.PRINCIPAL, _PAID),
    Event.PAID_IN_ADVANCE: Rule(
        EntryKind.REPAYMENT,
        Account.CASH,
        Account.BORROWER_CREDIT,
        "a payment is more than what is due and less than the payoff",
    ),
    Event.CREDIT_TO_PENALTY: Rule(
        EntryKind.CREDIT, Account.BORROWER_CREDIT, Account.PENALTIES, _CREDIT
    ),
    Event.CREDIT_TO_FEE: Rule(EntryKind.CREDIT, Account.BORROWER_CREDIT, Account.FEES, _CREDIT),
    Event.CREDIT_TO_INTEREST: Rule(
        EntryKind.CREDIT, Account.BORROWER_CREDIT, Account.INTEREST, _CREDIT
    ),
    Event.CREDIT_TO_PRINCIPAL: Rule(
        EntryKind.CREDIT, Account.BORROWER_CREDIT, Account.PRINCIPAL, _CREDIT
    ),
    Event.UNMATCHED_RECEIVED: Rule(
        EntryKind.SUSPENSE,
        Account.CASH,
        Account.SUSPENSE,
        "money arrives that fits no open loan",
    ),
    Event.OVERPAID_AT_CLOSING: Rule(
        EntryKind.SUSPENSE,
        Account.BORROWER_CREDIT,
        Account.SUSPENSE,
        "a loan closes and some of the borrower's money is left over",
    ),
    Event.SUSPENSE_REFUNDED: Rule(
        EntryKind.SUSPENSE,
        Account.SUSPENSE,
        Account.CASH,
        "two members of staff say by which payment it was given back",
    ),
}


def markdown() -> str:
    """The table as `docs/ledger.md` shows it."""
    head = "| entry | event | debit | credit | when |\n|---|---|---|---|---|"
    rows = [
        f"| {rule.kind} | {event} | {rule.debit} | {rule.credit} | {rule.when} |"
        for event, rule in RULES.items()
    ]
    return "\n".join([head, *rows])
