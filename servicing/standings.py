"""Where a transfer stands in the books, and how that is said."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kit.errors import DomainError, Kind


class StandsAs(StrEnum):
    REPAYMENT = "repayment"
    SUSPENSE = "suspense"
    GIVEN_BACK = "given_back"
    """It waited in suspense and was given back, or is the payment that gave something back."""
    PAYOUT = "payout"
    PAYMENT_REQUEST = "payment_request"
    REFUND = "refund"
    CAPITAL = "capital"


_SAID = {
    StandsAs.REPAYMENT: "a repayment",
    StandsAs.SUSPENSE: "money in suspense",
    StandsAs.GIVEN_BACK: "money that was given back from suspense",
    StandsAs.PAYOUT: "a payout",
    StandsAs.PAYMENT_REQUEST: "a payment request",
    StandsAs.REFUND: "a refund",
    StandsAs.CAPITAL: "the capital of a funder",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a transfer is in the books."""

    as_: StandsAs
    name: str
    """Of the repayment, the item in suspense or the order."""
    loan_id: UUID | None = None


def said(as_: StandsAs, loan: str | None) -> str:
    """`loan`: its reference."""
    return f"{_SAID[as_]} of loan {loan}" if loan else _SAID[as_]


class RailTransferKnown(DomainError):
    """One transfer is booked once: `transfer` stands as `stands_as`, called `name`, of `loan`."""

    kind = Kind.CONFLICT
    code = "rail_transfer_known"

    def __str__(self) -> str:
        loan, name = self.params["loan"], self.params["name"]
        as_ = said(StandsAs(str(self.params["stands_as"])), str(loan) if loan else None)
        return f"{self.params['transfer']} is in the books already: as {as_} ({name})."
