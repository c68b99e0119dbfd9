"""What was known about one application at one instant: all that scoring may look at.

A snapshot is stored with its decision and is the training row later. None means "not known" and
is never replaced by zero.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from kit.errors import DomainError, Kind
from scoring.surroundings import Surroundings

VERSION = 1
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class SnapshotUnreadable(DomainError):
    """The JSON is not a snapshot of a version that this program knows."""

    code = "snapshot_unreadable"
    kind = Kind.INVALID


class Employment(StrEnum):
    """How long the applicant has been in the present work."""

    UNEMPLOYED = "unemployed"
    UNDER_1_YEAR = "under_1_year"
    FROM_1_TO_4_YEARS = "1_to_4_years"
    FROM_4_TO_7_YEARS = "4_to_7_years"
    OVER_7_YEARS = "over_7_years"


class EmploymentType(StrEnum):
    SALARIED = "salaried"
    SELF_EMPLOYED = "self_employed"
    CASUAL = "casual"
    FARMER = "farmer"
    PENSIONER = "pensioner"
    STUDENT = "student"
    NONE = "none"


class Residence(StrEnum):
    OWN = "own"
    RENT = "rent"
    FREE = "free"


class FaceVerdict(StrEnum):
    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class Source(StrEnum):
    """Who told an input. A bureau or a statement will add their own."""

    TYPED = "typed"
    DOCUMENT = "document"
    FACE_CHECK = "face_check"
    STAFF = "staff"
    OWN_BOOKS = "own_books"
    BEHAVIOUR = "behaviour"
    PRODUCT = "product"
    LAW = "law"


class Signal(StrEnum):
    """Names of the signals that callers compute. A policy may know more of them."""

    PHONE_SHARED = "phone_shared"
    """Another borrower used the same phone number."""
    DOCUMENT_SHARED = "document_shared"
    FACE_SHARED = "face_shared"
    WALLET_SHARED = "wallet_shared"
    MANY_APPLICATIONS = "many_applications"
    """More applications in the last days than a person needs."""
    DOCUMENT_DOUBTFUL = "document_doubtful"
    DOCUMENT_CORRECTED = "document_corrected"
    """The borrower says that the document was misread."""
    FACE_UNSURE = "face_unsure"
    KYC_BY_PERSON = "kyc_by_person"
    """A member of staff passed the verification that the machine did not."""
    INCOME_CONTRADICTS = "income_contradicts"
    """Two sources of income do not agree."""
    NAME_CONTRADICTS = "name_contradicts"
    """The document bears another name than the borrower typed, and no person has looked yet."""
    BIRTH_DATE_CONTRADICTS = "birth_date_contradicts"


@dataclass(frozen=True, slots=True)
class Rates:
    """Between which yearly rates the price may lie, and what they would come to.

    Where the product has one price the two ends are the same.
    """

    __pydantic_config__ = _STRICT

    least_bps: int
    most_bps: int
    lawful_bps: int
    """The highest rate of the band that passes no cap of the law, the APR's among them."""
    least_installment_minor: int
    """The largest installment for the amount asked, at the lowest rate and at the highest."""
    most_installment_minor: int
    exposure_bps: int
    """How much of the amount is out on average, until the last payment."""
    charged_on_bps: int
    """Of how much of the amount interest is charged on average: all of it where it is flat."""


@dataclass(frozen=True, slots=True)
class TermOption:
    """Another term the product allows, with the largest installment for the amount asked."""

    __pydantic_config__ = _STRICT

    term_days: int
    installments: int
    installment_minor: int
    rates: Rates | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """What was asked, and what the applicant said."""

    __pydantic_config__ = _STRICT

    product: str
    amount_minor: int
    currency: str
    term_days: int
    installments: int
    installment_minor: int | None = None
    """The largest installment for the amount asked, fees included, as the product prices it."""
    purpose: str | None = None
    monthly_income_minor: int | None = None
    side_income_minor: int | None = None
    monthly_obligations_minor: int | None = None
    employment: Employment | None = None
    employment_type: EmploymentType | None = None
    residence: Residence | None = None
    age_years: int | None = None
    dependents: int | None = None
    existing_loans: int | None = None
    """Open loans with us now."""
    min_amount_minor: int | None = None
    max_amount_minor: int | None = None
    amount_step_minor: int | None = None
    rates: Rates | None = None
    """None in snapshots from before prices were decided."""
    debt_service_most_bps: int | None = None
    """The share of income that the law of the place lets all repayments take; None: no such law."""
    options: tuple[TermOption, ...] = ()
    """Other terms of the product: what a counter-offer may use."""
    answers: dict[str, str] = field(default_factory=dict)
    """To the product's own questions, for staff and for models to come; nothing personal."""


@dataclass(frozen=True, slots=True)
class History:
    """What happened between this borrower and us before."""

    __pydantic_config__ = _STRICT

    loans_repaid: int | None = None
    worst_dpd: int | None = None
    months_since_first: int | None = None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the questions were answered. Computed by `scoring.behaviour.measure`."""

    __pydantic_config__ = _STRICT

    answers: int | None = None
    median_answer_seconds: float | None = None
    fastest_answer_seconds: float | None = None
    edits: int | None = None
    reversals: int | None = None
    pasted_answers: int | None = None
    night_share: float | None = None
    resumed_sessions: int | None = None
    income_hesitation: float | None = None
    total_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    __pydantic_config__ = _STRICT

    face_distance: float | None = None
    face_verdict: FaceVerdict | None = None
    document_quality: float | None = None
    """From 0 (unreadable) to 1."""


@dataclass(frozen=True, slots=True)
class Given:
    """Who told one input, when, and how sure that is."""

    __pydantic_config__ = _STRICT

    source: Source
    at: datetime
    confidence: float | None = None
    """0 to 1 where something vouches for it or speaks against it; None where nothing does."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    __pydantic_config__ = _STRICT

    as_of: datetime
    application: Application
    history: History = field(default_factory=History)
    behaviour: Behaviour = field(default_factory=Behaviour)
    identity: Identity = field(default_factory=Identity)
    signals: frozenset[str] = frozenset()
    surroundings: Surroundings = field(default_factory=Surroundings)
    given: dict[str, Given] = field(default_factory=dict)
    """By the input's name, for staff: nothing is decided by it. Empty in snapshots of before."""
    version: int = VERSION

    def __post_init__(self) -> None:
        if self.as_of.utcoffset() != timedelta():
            raise ValueError("as_of is an aware UTC instant")
        if self.application.amount_minor <= 0 or self.application.term_days <= 0:
            raise ValueError("an application asks for a positive amount and term")
        if self.application.installments <= 0:
            raise ValueError("a loan has at least one installment")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values with a fixed order: the same snapshot gives the same text."""
        document: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        document["as_of"] = self.as_of.astimezone(UTC).isoformat()
        document["signals"] = sorted(self.signals)
        return document


_ADAPTER = TypeAdapter(Snapshot)


def from_json(document: dict[str, Any]) -> Snapshot:
    """Read what `to_json` wrote. Unknown versions and fields are refused, never guessed."""
    if document.get("version") != VERSION:
        raise SnapshotUnreadable(problem=f"version {document.get('version')!r}")
    return from_text(json.dumps(document))


def from_text(text: str | bytes) -> Snapshot:
    """The same from JSON text, without the way through Python's dictionaries."""
    try:
        snapshot = _ADAPTER.validate_json(text)
    except (ValidationError, ValueError) as error:
        raise SnapshotUnreadable(problem=_first(error)) from None
    if snapshot.version != VERSION:
        raise SnapshotUnreadable(problem=f"version {snapshot.version!r}")
    return snapshot


def _first(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    detail = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
