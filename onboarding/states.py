"""The lives of an application, of a guarantee and of a case, as tables."""

from enum import StrEnum

from kit.state import Machine


class ApplicationStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    """Complete; the identity check is still running."""
    IN_REVIEW = "in_review"
    QUESTIONED = "questioned"
    """Staff want something: an answer, which is the borrower's next message, or new pictures."""
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELED = "canceled"
    EXPIRED = "expired"


class ApplicationEvent(StrEnum):
    SUBMIT = "submit"
    REFER = "refer"
    ASK = "ask"
    REPLY = "reply"
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    EXPIRE = "expire"


_S, _E = ApplicationStatus, ApplicationEvent

APPLICATION: Machine[ApplicationStatus, ApplicationEvent] = Machine(
    name="application",
    initial=_S.DRAFT,
    table={
        (_S.DRAFT, _E.SUBMIT): _S.SUBMITTED,
        (_S.DRAFT, _E.CANCEL): _S.CANCELED,
        (_S.DRAFT, _E.DECLINE): _S.DECLINED,  # The identity was refused while questions went on.
        (_S.SUBMITTED, _E.OFFER): _S.OFFERED,
        (_S.SUBMITTED, _E.DECLINE): _S.DECLINED,
        (_S.SUBMITTED, _E.REFER): _S.IN_REVIEW,
        (_S.SUBMITTED, _E.CANCEL): _S.CANCELED,
        (_S.IN_REVIEW, _E.ASK): _S.QUESTIONED,
        (_S.IN_REVIEW, _E.OFFER): _S.OFFERED,
        (_S.IN_REVIEW, _E.DECLINE): _S.DECLINED,
        (_S.IN_REVIEW, _E.CANCEL): _S.CANCELED,
        (_S.QUESTIONED, _E.REPLY): _S.IN_REVIEW,
        (_S.QUESTIONED, _E.SUBMIT): _S.SUBMITTED,  # With the new pictures that staff wanted.
        (_S.QUESTIONED, _E.OFFER): _S.OFFERED,
        (_S.QUESTIONED, _E.DECLINE): _S.DECLINED,
        (_S.QUESTIONED, _E.CANCEL): _S.CANCELED,
        (_S.OFFERED, _E.ACCEPT): _S.ACCEPTED,
        (_S.OFFERED, _E.CANCEL): _S.CANCELED,
        (_S.OFFERED, _E.EXPIRE): _S.EXPIRED,
    },
)

OPEN_APPLICATION = frozenset({_S.DRAFT, _S.SUBMITTED, _S.IN_REVIEW, _S.QUESTIONED, _S.OFFERED})
"""A borrower has at most one application in these states."""


class MerchantStatus(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"


class GuaranteeRole(StrEnum):
    GUARANTOR = "guarantor"
    MEMBER = "member"
    """Of the borrower's group."""


class GuaranteeStatus(StrEnum):
    ASKED = "asked"
    CONSENTED = "consented"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """Taken back before the money went out."""
    RELEASED = "released"
    """No longer needed: somebody else was named, or there is no loan to answer for."""


class GuaranteeEvent(StrEnum):
    CONSENT = "consent"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    RELEASE = "release"


_G, _GE = GuaranteeStatus, GuaranteeEvent

GUARANTEE: Machine[GuaranteeStatus, GuaranteeEvent] = Machine(
    name="guarantee",
    initial=_G.ASKED,
    table={
        (_G.ASKED, _GE.CONSENT): _G.CONSENTED,
        (_G.ASKED, _GE.DECLINE): _G.DECLINED,
        (_G.ASKED, _GE.RELEASE): _G.RELEASED,
        (_G.CONSENTED, _GE.WITHDRAW): _G.WITHDRAWN,
        (_G.CONSENTED, _GE.RELEASE): _G.RELEASED,
    },
)


class CaseKind(StrEnum):
    IDENTITY = "identity"
    CREDIT = "credit"
    FRAUD = "fraud"
    SCREENING = "screening"
    """A borrower looks like somebody on a sanctions or PEP list."""
    SUPPORT = "support"


class CaseStatus(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    """Staff asked the borrower and wait for the answer."""
    RETAKING = "retaking"
    """Staff asked the borrower for new pictures; until those have been checked."""
    PROPOSED = "proposed"
    """One member of staff approved against the engine; another one has to agree."""
    RESOLVED = "resolved"


class CaseEvent(StrEnum):
    ASK = "ask"
    REPLY = "reply"
    RETAKE = "retake"
    CHECKED = "checked"
    PROPOSE = "propose"
    RESOLVE = "resolve"


_C, _CE = CaseStatus, CaseEvent

CASE: Machine[CaseStatus, CaseEvent] = Machine(
    name="case",
    initial=_C.OPEN,
    table={
        (_C.OPEN, _CE.ASK): _C.WAITING,
        (_C.OPEN, _CE.RETAKE): _C.RETAKING,
        (_C.OPEN, _CE.PROPOSE): _C.PROPOSED,
        (_C.OPEN, _CE.RESOLVE): _C.RESOLVED,
        (_C.WAITING, _CE.REPLY): _C.OPEN,
        (_C.WAITING, _CE.RETAKE): _C.RETAKING,
        (_C.WAITING, _CE.PROPOSE): _C.PROPOSED,
        (_C.WAITING, _CE.RESOLVE): _C.RESOLVED,
        (_C.RETAKING, _CE.CHECKED): _C.OPEN,
        (_C.RETAKING, _CE.RESOLVE): _C.RESOLVED,
        (_C.PROPOSED, _CE.ASK): _C.WAITING,
        (_C.PROPOSED, _CE.RETAKE): _C.RETAKING,
        (_C.PROPOSED, _CE.RESOLVE): _C.RESOLVED,
    },
)
