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


class CheckKind(StrEnum):
    """One question about an identity, answered by an engine of ours or by a provider."""

    DOCUMENT = "document"
    """What is written on it, and is it consistent?"""
    AUTHENTICITY = "authenticity"
    """Is it the thing itself, not a screen, a copy, or an edited picture?"""
    FACE = "face"
    """Is the face on the document the face of the selfie?"""
    LIVENESS = "liveness"
    """Was a living person there who did what was asked?"""
    DUPLICATES = "duplicates"
    """Was this face, document, phone or account seen before on another borrower?"""
    SCREENING = "screening"
    """Is the name on a sanctions or PEP list?"""


class CheckVerdict(StrEnum):
    CLEAR = "clear"
    DOUBT = "doubt"
    """A person looks."""
    SKIPPED = "skipped"
    """The lender does without this check."""


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
