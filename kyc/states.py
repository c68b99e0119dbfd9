"""The life of a verification: from the first picture to a verdict, by rule or by a person."""

from enum import StrEnum

from kit.state import Machine


class VerificationStatus(StrEnum):
    COLLECTING = "collecting"
    CHECKING = "checking"
    NEEDS_PERSON = "needs_person"
    PASSED = "passed"
    REFUSED = "refused"


class VerificationEvent(StrEnum):
    COMPLETED = "completed"
    """Document and selfie are there."""
    MATCHED = "matched"
    DOUBTED = "doubted"
    """Anything but a clear match of good pictures. The check itself never refuses anybody."""
    SENT_BACK = "sent_back"
    """A person wants other pictures."""
    APPROVED = "approved"
    DENIED = "denied"


OPEN_STATUSES = frozenset(
    {
        VerificationStatus.COLLECTING,
        VerificationStatus.CHECKING,
        VerificationStatus.NEEDS_PERSON,
    }
)

VERIFICATION: Machine[VerificationStatus, VerificationEvent] = Machine(
    name="verification",
    initial=VerificationStatus.COLLECTING,
    table={
        (
            VerificationStatus.COLLECTING,
            VerificationEvent.COMPLETED,
        ): VerificationStatus.CHECKING,
        (VerificationStatus.CHECKING, VerificationEvent.MATCHED): VerificationStatus.PASSED,
        (VerificationStatus.CHECKING, VerificationEvent.DOUBTED): VerificationStatus.NEEDS_PERSON,
        (
            VerificationStatus.NEEDS_PERSON,
            VerificationEvent.SENT_BACK,
        ): VerificationStatus.COLLECTING,
        (VerificationStatus.NEEDS_PERSON, VerificationEvent.APPROVED): VerificationStatus.PASSED,
        (VerificationStatus.NEEDS_PERSON, VerificationEvent.DENIED): VerificationStatus.REFUSED,
    },
)
