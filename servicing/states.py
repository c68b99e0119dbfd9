"""The lives of a loan, and of what we ask a rail to do, as tables."""

from collections.abc import Mapping
from enum import StrEnum

from kit.state import Machine


class LoanStatus(StrEnum):
    PENDING_DISBURSEMENT = "pending_disbursement"
    """Agreed; the money has not been proven to have arrived."""
    ACTIVE = "active"
    CLOSED = "closed"
    """Repaid in full."""
    CANCELED = "canceled"
    """Never paid out."""
    WRITTEN_OFF = "written_off"


class LoanEvent(StrEnum):
    DISBURSED = "disbursed"
    DISBURSEMENT_FAILED = "disbursement_failed"
    REPAID_IN_FULL = "repaid_in_full"
    REOPENED = "reopened"
    """What ended it was taken back."""
    WRITTEN_OFF = "written_off"
    MONEY_RETURNED = "money_returned"
    """What it began with came back: it waits for its money again."""


LOAN: Machine[LoanStatus, LoanEvent] = Machine(
    name="loan",
    initial=LoanStatus.PENDING_DISBURSEMENT,
    table={
        (LoanStatus.PENDING_DISBURSEMENT, LoanEvent.DISBURSED): LoanStatus.ACTIVE,
        (LoanStatus.PENDING_DISBURSEMENT, LoanEvent.DISBURSEMENT_FAILED): LoanStatus.CANCELED,
        (LoanStatus.ACTIVE, LoanEvent.MONEY_RETURNED): LoanStatus.PENDING_DISBURSEMENT,
        (LoanStatus.ACTIVE, LoanEvent.REPAID_IN_FULL): LoanStatus.CLOSED,
        (LoanStatus.ACTIVE, LoanEvent.WRITTEN_OFF): LoanStatus.WRITTEN_OFF,
        (LoanStatus.CLOSED, LoanEvent.REOPENED): LoanStatus.ACTIVE,
        (LoanStatus.WRITTEN_OFF, LoanEvent.REOPENED): LoanStatus.ACTIVE,
    },
)
OPEN = (LoanStatus.PENDING_DISBURSEMENT, LoanStatus.ACTIVE)


class AmendmentStatus(StrEnum):
    PROPOSED = "proposed"
    CONSENTED = "consented"
    """The borrower has agreed to what makes anything worse for him."""
    APPLIED = "applied"
    """Told to the loan."""
    PAYING = "paying"
    """Its money is on the way: the loan hears of it when the money has arrived."""
    FAILED = "failed"
    """Its money did not arrive: the loan is as it was."""
    REFUSED = "refused"
    REVERSED = "reversed"
    """It is as if it had never been told."""


class AmendmentEvent(StrEnum):
    CONSENT = "consent"
    PAY_OUT = "pay_out"
    APPLY = "apply"
    FAIL = "fail"
    REFUSE = "refuse"
    REVERSE = "reverse"


AMENDMENT: Machine[AmendmentStatus, AmendmentEvent] = Machine(
    name="amendment",
    initial=AmendmentStatus.PROPOSED,
    table={
        (AmendmentStatus.PROPOSED, AmendmentEvent.CONSENT): AmendmentStatus.CONSENTED,
        (AmendmentStatus.PROPOSED, AmendmentEvent.APPLY): AmendmentStatus.APPLIED,
        (AmendmentStatus.CONSENTED, AmendmentEvent.APPLY): AmendmentStatus.APPLIED,
        (AmendmentStatus.PROPOSED, AmendmentEvent.REFUSE): AmendmentStatus.REFUSED,
        (AmendmentStatus.CONSENTED, AmendmentEvent.REFUSE): AmendmentStatus.REFUSED,
        (AmendmentStatus.CONSENTED, AmendmentEvent.PAY_OUT): AmendmentStatus.PAYING,
        (AmendmentStatus.PAYING, AmendmentEvent.APPLY): AmendmentStatus.APPLIED,
        (AmendmentStatus.PAYING, AmendmentEvent.FAIL): AmendmentStatus.FAILED,
        (AmendmentStatus.APPLIED, AmendmentEvent.REVERSE): AmendmentStatus.REVERSED,
    },
)


class OrderStatus(StrEnum):
    CREATED = "created"
    HELD = "held"
    """There is no money for it now: nothing was sent, and it is tried again."""
    SUBMITTING = "submitting"
    """Written before the call: the rail may or may not have heard of it."""
    PENDING = "pending"
    """The rail has it and has not decided."""
    UNKNOWN = "unknown"
    """The rail did not answer. Nothing new is ordered: we ask."""
    SETTLED = "settled"
    FAILED = "failed"
    """Proven: no money moved and none will."""
    RETURNED = "returned"
    """It had arrived and came back."""
    NEEDS_REVIEW = "needs_review"
    """The rail contradicts itself or stays silent: a person must look."""


class OrderEvent(StrEnum):
    HOLD = "hold"
    SUBMIT = "submit"
    HOLD_BACK = "hold_back"
    ACCEPT = "accept"
    LOSE = "lose"
    SETTLE = "settle"
    FAIL = "fail"
    RETURN = "return"
    GIVE_UP = "give_up"


_UNDER_WAY = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN, OrderStatus.PENDING)
ASKABLE = _UNDER_WAY
NOT_SENT = (OrderStatus.CREATED, OrderStatus.HELD)
ARRIVED = (OrderStatus.SETTLED, OrderStatus.RETURNED)
"""Money moved; it may have come back since."""
FINAL = (OrderStatus.SETTLED, OrderStatus.FAILED, OrderStatus.RETURNED)

_ORDER: Mapping[tuple[OrderStatus, OrderEvent], OrderStatus] = {
    (OrderStatus.CREATED, OrderEvent.SUBMIT): OrderStatus.SUBMITTING,
    (OrderStatus.CREATED, OrderEvent.FAIL): OrderStatus.FAILED,
    (OrderStatus.SUBMITTING, OrderEvent.SUBMIT): OrderStatus.SUBMITTING,
    # The same order once more under the same key, after the rail said that it never came.
    (OrderStatus.UNKNOWN, OrderEvent.SUBMIT): OrderStatus.SUBMITTING,
    # Proven that it never left us.
    (OrderStatus.SUBMITTING, OrderEvent.HOLD_BACK): OrderStatus.CREATED,
    (OrderStatus.UNKNOWN, OrderEvent.HOLD_BACK): OrderStatus.CREATED,
    # The rail speaks of an order that we hold for never sent.
    (OrderStatus.CREATED, OrderEvent.GIVE_UP): OrderStatus.NEEDS_REVIEW,
    (OrderStatus.SUBMITTING, OrderEvent.ACCEPT): OrderStatus.PENDING,
    (OrderStatus.UNKNOWN, OrderEvent.ACCEPT): OrderStatus.PENDING,
    (OrderStatus.SUBMITTING, OrderEvent.LOSE): OrderStatus.UNKNOWN,
    **{(status, OrderEvent.SETTLE): OrderStatus.SETTLED for status in _UNDER_WAY},
    **{(status, OrderEvent.FAIL): OrderStatus.FAILED for status in _UNDER_WAY},
    **{(status, OrderEvent.GIVE_UP): OrderStatus.NEEDS_REVIEW for status in _UNDER_WAY},
    (OrderStatus.NEEDS_REVIEW, OrderEvent.SETTLE): OrderStatus.SETTLED,
    (OrderStatus.NEEDS_REVIEW, OrderEvent.FAIL): OrderStatus.FAILED,
    (OrderStatus.SETTLED, OrderEvent.RETURN): OrderStatus.RETURNED,
}

PAYOUT: Machine[OrderStatus, OrderEvent] = Machine(
    "payout",
    OrderStatus.CREATED,
    {
        **_ORDER,
        (OrderStatus.CREATED, OrderEvent.HOLD): OrderStatus.HELD,
        (OrderStatus.HELD, OrderEvent.SUBMIT): OrderStatus.SUBMITTING,
        (OrderStatus.HELD, OrderEvent.FAIL): OrderStatus.FAILED,
    },
)
PAYMENT_REQUEST: Machine[OrderStatus, OrderEvent] = Machine(
    "payment_request", OrderStatus.CREATED, _ORDER
)
REFUND: Machine[OrderStatus, OrderEvent] = Machine("refund", OrderStatus.CREATED, _ORDER)
