"""Why the engine refuses to change a loan: the sentence, and its name for faces that translate."""

from enum import StrEnum


class Why(StrEnum):
    NO_SUCH_DUE_DATE = "must be the due date of an installment"
    BEFORE_RESTRUCTURING = "must be after the loan was restructured"
    NOTHING_LEFT_TO_PAY = "must leave an installment to pay"
    NOTHING_LEFT_TO_COME = "must leave an installment to come"
    NOT_AFTER_THE_ONE_BEFORE = "must be after the installment before it"
    NOT_BEFORE_THE_ONE_AFTER = "must be before the installment after it"
    NOT_BETWEEN_ITS_NEIGHBORS = "must lie between the installments around it"
    NOT_AFTER_REAGEING = "must be after the day of the re-ageing"
    NOT_AFTER_THE_CHANGE = "must be after the day of the change"
    NO_SUCH_PAYMENT = "must be the number of a payment before it"
    MORE_THAN_CREDIT = "must not be more than the borrower's credit"
    MORE_THAN_OWED = "must not be more than is owed of it"
    MORE_THAN_PAYOFF = "must not be more than what ends the loan"
    IN_ANOTHER_PAUSE = "must not lie in another pause"
    NOT_IN_A_PAUSE = "must lie in a pause of arrears"
    SPREAD_ANEW = "must not change a schedule that was already spread anew"
    NOT_RUNNING = "must find a loan that is running"
    CHARGED_OFF = "must find a loan that is running and not charged off"
    NO_PRINCIPAL = "must find principal that is owed"
    WRITTEN_OFF = "must not come after a write-off"
    NOT_PAID_OUT = "must not come before a disbursement"
    OVERDUE = "must not find anything overdue"
    NOT_OFFERED = "is not offered for this loan"


def code(reason: str) -> str:
    """What faces call it; `other` where only somebody who wrote the change by hand can get it."""
    try:
        return Why(reason).name.lower()
    except ValueError:
        return "other"
