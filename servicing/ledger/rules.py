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
    REPAYMENT = "repayment"
    CREDIT = "credit"
    WRITE_OFF = "write_off"
    WAIVER = "waiver"
    RECOVERY = "recovery"
    GOODWILL = "goodwill"
    CHARGEBACK = "chargeback"
    REFUND = "refund"
    CHANGE = "change"
    REFINANCE = "refinance"
    SUSPENSE = "suspense"
    FUNDING = "funding"
    DIFFERENCE = "difference"
    REVERSAL = "reversal"


class Event(StrEnum):
    PRINCIPAL_DISBURSED = "principal_disbursed"
    DEBT_TAKEN_OVER = "debt_taken_over"
    FEE_DEDUCTED = "fee_deducted"
    THIRD_PARTY_FEE_DEDUCTED = "third_party_fee_deducted"
    INTEREST_ACCRUED = "interest_accrued"
    FEE_DUE = "fee_due"
    THIRD_PARTY_FEE_DUE = "third_party_fee_due"
    LATE_FEE_CHARGED = "late_fee_charged"
    INTEREST_UNEARNED = "interest_unearned"
    FEE_UNEARNED = "fee_unearned"
    PENALTY_REPAID = "penalty_repaid"
    FEE_REPAID = "fee_repaid"
    INTEREST_REPAID = "interest_repaid"
    PRINCIPAL_REPAID = "principal_repaid"
    PAID_IN_ADVANCE = "paid_in_advance"
    CREDIT_TO_PENALTY = "credit_to_penalty"
    CREDIT_TO_FEE = "credit_to_fee"
    CREDIT_TO_INTEREST = "credit_to_interest"
    CREDIT_TO_PRINCIPAL = "credit_to_principal"
    PENALTY_WRITTEN_OFF = "penalty_written_off"
    FEE_WRITTEN_OFF = "fee_written_off"
    INTEREST_WRITTEN_OFF = "interest_written_off"
    PRINCIPAL_WRITTEN_OFF = "principal_written_off"
    PENALTY_WAIVED = "penalty_waived"
    FEE_WAIVED = "fee_waived"
    INTEREST_WAIVED = "interest_waived"
    PRINCIPAL_WAIVED = "principal_waived"
    GOODWILL_TO_PENALTY = "goodwill_to_penalty"
    GOODWILL_TO_FEE = "goodwill_to_fee"
    GOODWILL_TO_INTEREST = "goodwill_to_interest"
    GOODWILL_TO_PRINCIPAL = "goodwill_to_principal"
    GOODWILL_IN_ADVANCE = "goodwill_in_advance"
    PENALTY_CAPITALIZED = "penalty_capitalized"
    FEE_CAPITALIZED = "fee_capitalized"
    INTEREST_CAPITALIZED = "interest_capitalized"
    PENALTY_REFINANCED = "penalty_refinanced"
    FEE_REFINANCED = "fee_refinanced"
    INTEREST_REFINANCED = "interest_refinanced"
    PRINCIPAL_REFINANCED = "principal_refinanced"
    REFINANCED_TOO_MUCH = "refinanced_too_much"
    RECOVERED = "recovered"
    CHARGED_BACK = "charged_back"
    CREDIT_CHARGED_BACK = "credit_charged_back"
    CREDIT_REFUNDED = "credit_refunded"
    UNMATCHED_RECEIVED = "unmatched_received"
    OVERPAID_AT_CLOSING = "overpaid_at_closing"
    SUSPENSE_REFUNDED = "suspense_refunded"
    CAPITAL_PAID_IN = "capital_paid_in"
    CAPITAL_TAKEN_OUT = "capital_taken_out"
    CAPITAL_TAKEN_BACK = "capital_taken_back"
    RETURN_EARNED = "return_earned"
    RETURN_UNEARNED = "return_unearned"
    RETURN_PAID = "return_paid"
    RETURN_REINVESTED = "return_reinvested"
    LOSS_BORNE = "loss_borne"
    LOSS_RECOVERED = "loss_recovered"
    OWN_RECEIVED = "own_received"
    CASH_BANKED = "cash_banked"
    RAIL_SHORT = "rail_short"
    RAIL_OVER = "rail_over"
    OWN_TAKEN_OUT = "own_taken_out"
    OWN_CAME_BACK = "own_came_back"
    OWN_AT_START = "own_at_start"


@dataclass(frozen=True, slots=True)
class Rule:
    kind: EntryKind
    """The entry in which it usually stands. What happens may move anything that came before it."""
    debit: Account
    credit: Account
    when: str


_DISBURSED = "the rail proves that the payout settled"
_DAILY = "day close, and before each event"
_DUE = "day close of the due date, or the first event on or after it"
_AHEAD = "money was allocated to what is not earned yet; goes back as it is earned"
_PAID = "a payment arrives"
_CREDIT = "credit settles what fell due"
_GIVEN_UP = "staff give up what is owed"
_WAIVED = "staff waive it, a settlement leaves it open, or it is within the product's tolerance"
_CAPITALIZED = "a restructured loan turns what is owed into principal"
_REFINANCED = "another loan of the borrower pays it off"
_FUNDER = "two members of staff say so of a funder's money"
_BOUNCED = "two members of staff put right that a funder's bank took his payment back"
_SHARED = "nightly, of the interest that was settled, or for the days at a fixed rate"
_UNSHARED = "nightly, when what was shared out went back"
_LOST = "nightly, of the principal that was given up"
_GOODWILL = "staff give the borrower money, as goodwill or as a discount"

RULES: dict[Event, Rule] = {
    Event.PRINCIPAL_DISBURSED: Rule(
        EntryKind.DISBURSEMENT, Account.PRINCIPAL, Account.CASH, _DISBURSED
    ),
    Event.DEBT_TAKEN_OVER: Rule(
        EntryKind.DISBURSEMENT,
        Account.PRINCIPAL,
        Account.REFINANCING,
        "a loan begins that pays off others",
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
    Event.INTEREST_UNEARNED: Rule(
        EntryKind.ACCRUAL, Account.INTEREST, Account.BORROWER_CREDIT, _AHEAD
    ),
    Event.FEE_UNEARNED: Rule(EntryKind.ACCRUAL, Account.FEES, Account.BORROWER_CREDIT, _AHEAD),
    Event.LATE_FEE_CHARGED: Rule(
        EntryKind.LATE_FEE,
        Account.PENALTIES,
        Account.PENALTY_INCOME,
        "day close, once per installment that is late beyond its grace days",
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
    **{
        event: Rule(EntryKind.WRITE_OFF, Account.WRITE_OFF_EXPENSE, account, _GIVEN_UP)
        for event, account in (
            (Event.PENALTY_WRITTEN_OFF, Account.PENALTIES),
            (Event.FEE_WRITTEN_OFF, Account.FEES),
            (Event.INTEREST_WRITTEN_OFF, Account.INTEREST),
            (Event.PRINCIPAL_WRITTEN_OFF, Account.PRINCIPAL),
        )
    },
    **{
        event: Rule(EntryKind.WAIVER, Account.WAIVER_EXPENSE, account, _WAIVED)
        for event, account in (
            (Event.PENALTY_WAIVED, Account.PENALTIES),
            (Event.FEE_WAIVED, Account.FEES),
            (Event.INTEREST_WAIVED, Account.INTEREST),
            (Event.PRINCIPAL_WAIVED, Account.PRINCIPAL),
        )
    },
    **{
        event: Rule(EntryKind.GOODWILL, Account.GOODWILL_EXPENSE, account, _GOODWILL)
        for event, account in (
            (Event.GOODWILL_TO_PENALTY, Account.PENALTIES),
            (Event.GOODWILL_TO_FEE, Account.FEES),
            (Event.GOODWILL_TO_INTEREST, Account.INTEREST),
            (Event.GOODWILL_TO_PRINCIPAL, Account.PRINCIPAL),
            (Event.GOODWILL_IN_ADVANCE, Account.BORROWER_CREDIT),
        )
    },
    **{
        event: Rule(EntryKind.CHANGE, Account.PRINCIPAL, account, _CAPITALIZED)
        for event, account in (
            (Event.PENALTY_CAPITALIZED, Account.PENALTIES),
            (Event.FEE_CAPITALIZED, Account.FEES),
            (Event.INTEREST_CAPITALIZED, Account.INTEREST),
        )
    },
    **{
        event: Rule(EntryKind.REFINANCE, Account.REFINANCING, account, _REFINANCED)
        for event, account in (
            (Event.PENALTY_REFINANCED, Account.PENALTIES),
            (Event.FEE_REFINANCED, Account.FEES),
            (Event.INTEREST_REFINANCED, Account.INTEREST),
            (Event.PRINCIPAL_REFINANCED, Account.PRINCIPAL),
        )
    },
    Event.REFINANCED_TOO_MUCH: Rule(
        EntryKind.REFINANCE,
        Account.REFINANCING,
        Account.BORROWER_CREDIT,
        "less had been owed than was paid off, as it turns out",
    ),
    Event.RECOVERED: Rule(
        EntryKind.RECOVERY, Account.CASH, Account.RECOVERY_INCOME, "a payment after a write-off"
    ),
    Event.CHARGED_BACK: Rule(
        EntryKind.CHARGEBACK, Account.PRINCIPAL, Account.CASH, "the rail takes a payment back"
    ),
    Event.CREDIT_CHARGED_BACK: Rule(
        EntryKind.CHARGEBACK,
        Account.BORROWER_CREDIT,
        Account.CASH,
        "the same, as far as the borrower has credit",
    ),
    Event.CREDIT_REFUNDED: Rule(
        EntryKind.REFUND, Account.BORROWER_CREDIT, Account.CASH, "credit is paid back"
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
        "it is given back by a rail, or two members of staff say by which payment it was",
    ),
    Event.OWN_RECEIVED: Rule(
        EntryKind.SUSPENSE,
        Account.SUSPENSE,
        Account.LENDER_FUNDS,
        "two members of staff say that the lender sent it himself",
    ),
    Event.CASH_BANKED: Rule(
        EntryKind.SUSPENSE,
        Account.SUSPENSE,
        Account.CASH,
        "the same of money that had been entered by hand: it is at a rail now",
    ),
    Event.RAIL_SHORT: Rule(
        EntryKind.DIFFERENCE,
        Account.RAIL_DIFFERENCES,
        Account.CASH,
        "two members of staff hold a charge, money that is missing at a rail, or a card payment"
        " that left twice, for lost",
    ),
    Event.RAIL_OVER: Rule(
        EntryKind.DIFFERENCE,
        Account.CASH,
        Account.RAIL_DIFFERENCES,
        "two members of staff hold what a rail has too much for gained",
    ),
    Event.OWN_TAKEN_OUT: Rule(
        EntryKind.DIFFERENCE,
        Account.LENDER_FUNDS,
        Account.CASH,
        "two members of staff say that the lender took it out, or moved it, himself",
    ),
    Event.OWN_CAME_BACK: Rule(
        EntryKind.DIFFERENCE,
        Account.CASH,
        Account.LENDER_FUNDS,
        "the same of money that came back",
    ),
    Event.OWN_AT_START: Rule(
        EntryKind.DIFFERENCE,
        Account.CASH,
        Account.LENDER_FUNDS,
        "two members of staff say what was at a rail before Kopa kept its books",
    ),
    **{
        event: Rule(EntryKind.FUNDING, debit, credit, when)
        for event, debit, credit, when in (
            (Event.CAPITAL_PAID_IN, Account.CASH, Account.FUNDER_CAPITAL, _FUNDER),
            (Event.CAPITAL_TAKEN_OUT, Account.FUNDER_CAPITAL, Account.CASH, _FUNDER),
            (Event.CAPITAL_TAKEN_BACK, Account.FUNDER_CAPITAL, Account.CASH, _BOUNCED),
            (Event.RETURN_EARNED, Account.FUNDING_COST, Account.FUNDER_PAYABLE, _SHARED),
            (Event.RETURN_UNEARNED, Account.FUNDER_PAYABLE, Account.FUNDING_COST, _UNSHARED),
            (Event.RETURN_PAID, Account.FUNDER_PAYABLE, Account.CASH, _FUNDER),
            (Event.RETURN_REINVESTED, Account.FUNDER_PAYABLE, Account.FUNDER_CAPITAL, _FUNDER),
            (Event.LOSS_BORNE, Account.FUNDER_CAPITAL, Account.LOSSES_BORNE, _LOST),
            (Event.LOSS_RECOVERED, Account.LOSSES_BORNE, Account.FUNDER_CAPITAL, _UNSHARED),
        )
    },
}
