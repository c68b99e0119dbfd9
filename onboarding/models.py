"""Tables of the journey: people, products, applications, who answers for them, offers, cases."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Row
from onboarding.states import (
    OPEN_APPLICATION,
    ApplicationStatus,
    CaseKind,
    CaseStatus,
    GuaranteeRole,
    GuaranteeStatus,
    MerchantStatus,
)

_OPEN = ", ".join(f"'{status}'" for status in sorted(OPEN_APPLICATION))


class Borrower(Row):
    """A person who has consented. Before that nothing is stored about anybody."""

    __tablename__ = "borrowers"

    telegram_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    """None for a guarantor who answers in a browser."""
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    locale: Mapped[str] = mapped_column(String(10))
    timezone: Mapped[str] = mapped_column(String(60))
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[str | None] = mapped_column(String(64), index=True)
    phone_verified_at: Mapped[datetime | None]
    phone_reset_at: Mapped[datetime | None]
    """Two members of staff took the proven number back: the chat asks for another one."""
    full_name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    birth_date_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    region_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    region_index: Mapped[str | None] = mapped_column(String(64), index=True)
    """A keyed hash of the region: loans are counted by it, and nobody can read it there."""
    employment: Mapped[str | None] = mapped_column(String(20))
    employment_since: Mapped[str | None] = mapped_column(String(20))
    residence: Mapped[str | None] = mapped_column(String(20))
    dependents: Mapped[int | None]
    created_at: Mapped[datetime]


class Consent(Row):
    """What exactly was agreed to: version, language and a hash of the words."""

    __tablename__ = "consents"
    __table_args__ = (UniqueConstraint("borrower_id", "document", "version"),)

    borrower_id: Mapped[UUID] = mapped_column(ForeignKey("borrowers.id"))
    document: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    locale: Mapped[str] = mapped_column(String(10))
    text_sha256: Mapped[str] = mapped_column(String(64))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Code(Row):
    """A one-time code. Only its keyed hash is kept."""

    __tablename__ = "codes"

    borrower_id: Mapped[UUID] = mapped_column(ForeignKey("borrowers.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(80))
    phone_index: Mapped[str] = mapped_column(String(64), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ProductVersion(Row):
    """A loan product as offered from `created_at`. Loans keep their own copy of the terms."""

    __tablename__ = "products"
    __table_args__ = (UniqueConstraint("code", "version"),)

    code: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    body: Mapped[dict[str, Any]]
    body_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Application(Row):
    """One request for a loan. Its row is the conversation's only memory."""

    __tablename__ = "applications"
    __table_args__ = (
        Index(
            "uq_applications_open_borrower",
            "borrower_id",
            unique=True,
            sqlite_where=text(f"status in ({_OPEN})"),
            postgresql_where=text(f"status in ({_OPEN})"),
        ),
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
    )

    borrower_id: Mapped[UUID] = mapped_column(ForeignKey("borrowers.id"), index=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    status: Mapped[ApplicationStatus] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every change: a button drawn for an older version has expired."""
    asked_step: Mapped[str | None] = mapped_column(String(40))
    """A step that is asked out of order (going back, changing an answer)."""
    product: Mapped[str | None] = mapped_column(String(40))
    product_version: Mapped[int | None]
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    frequency: Mapped[str | None] = mapped_column(String(10))
    """How often something is paid (`TermOption.rhythm`), where the product leaves a choice."""
    term: Mapped[str | None] = mapped_column(String(10))
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """To the questions of the product, by their code; personal ones are sealed."""
    purpose: Mapped[str | None] = mapped_column(String(40))
    monthly_income_minor: Mapped[int | None] = mapped_column(BigInteger)
    monthly_obligations_minor: Mapped[int | None] = mapped_column(BigInteger)
    wallet_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    wallet_index: Mapped[str | None] = mapped_column(String(64), index=True)
    verification_id: Mapped[UUID | None]
    pending_photo: Mapped[str | None] = mapped_column(String(20))
    """The photo step whose picture is being fetched and looked at."""
    decision_id: Mapped[UUID | None]
    decline_reasons: Mapped[list[Any] | None]
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None] = mapped_column(index=True)


class BehaviorEvent(Row):
    """How the form was filled in. No content: only which question, when, how long, how fast."""

    __tablename__ = "behavior_events"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    field: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    length: Mapped[int | None]
    facts: Mapped[dict[str, Any]]


class Merchant(Row):
    """A shop that is paid when its customer takes a loan for what it sells."""

    __tablename__ = "merchants"

    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    account_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Where it is paid, sealed with its own key."""
    status: Mapped[MerchantStatus]
    created_at: Mapped[datetime]


class Guarantee(Row):
    """Somebody is asked to answer for a part of a loan, and says yes or no."""

    __tablename__ = "guarantees"
    __table_args__ = (
        UniqueConstraint("application_id", "person_id"),
        CheckConstraint("share_percent BETWEEN 1 AND 100", name="share_is_a_part"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"))
    role: Mapped[GuaranteeRole]
    person_id: Mapped[UUID] = mapped_column(index=True)
    """The guarantor: a borrower's id, or the one that they get when they register."""
    phone_index: Mapped[str] = mapped_column(String(64))
    invite_index: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the word in the message to the guarantor, by which we know who opens it."""
    status: Mapped[GuaranteeStatus] = mapped_column(index=True)
    share_percent: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    """The most that they answer for."""
    currency: Mapped[str] = mapped_column(String(3))
    facts: Mapped[dict[str, Any]]
    """What they read before they answered."""
    sha256: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str | None] = mapped_column(String(10))
    code_id: Mapped[UUID | None] = mapped_column(ForeignKey("codes.id"))
    """The one-time code that signed the consent."""
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"guarantee:{self.id}"


class Group(Row):
    """Borrowers who answer for each other's loans."""

    __tablename__ = "groups"

    reference: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    leader_id: Mapped[UUID] = mapped_column(ForeignKey("borrowers.id"))
    created_at: Mapped[datetime]


class GroupMember(Row):
    __tablename__ = "group_members"
    __table_args__ = (
        Index(
            "uq_group_members_present",
            "borrower_id",
            unique=True,
            sqlite_where=text("left_at is null"),
            postgresql_where=text("left_at is null"),
        ),
    )

    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), index=True)
    borrower_id: Mapped[UUID] = mapped_column(ForeignKey("borrowers.id"))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class Offer(Row):
    __tablename__ = "offers"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"), unique=True)
    limit_minor: Mapped[int] = mapped_column(BigInteger)
    """The most that may be taken; the borrower may choose less."""
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    term: Mapped[str] = mapped_column(String(10))
    terms: Mapped[list[Any]]
    """Codes of the terms that may be chosen."""
    annual_rate_bps: Mapped[int | None]
    """The price that was decided for this borrower; None: the product's own."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Agreement(Row):
    """The key facts as accepted, word for word, with their hash."""

    __tablename__ = "agreements"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"), unique=True)
    key_facts: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(10))
    code_id: Mapped[UUID] = mapped_column(ForeignKey("codes.id"))
    """The one-time code that signed it."""
    accepted_at: Mapped[datetime]


class Case(Row):
    """Something that needs a person."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("confirmed_by is null or confirmed_by <> proposed_by", name="four_eyes"),
        Index(
            "uq_cases_open_application",
            "application_id",
            unique=True,
            sqlite_where=text("status <> 'resolved' and kind <> 'support'"),
            postgresql_where=text("status <> 'resolved' and kind <> 'support'"),
        ),
    )

    reference: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[CaseKind] = mapped_column(index=True)
    status: Mapped[CaseStatus] = mapped_column(index=True)
    borrower_id: Mapped[UUID] = mapped_column(ForeignKey("borrowers.id"), index=True)
    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("applications.id"))
    reasons: Mapped[list[Any]]
    needs_second: Mapped[bool] = mapped_column(default=False)
    """Approving it goes against the engine: two different members of staff have to agree."""
    assigned_to: Mapped[UUID | None]
    proposed_by: Mapped[UUID | None]
    confirmed_by: Mapped[UUID | None]
    verdict: Mapped[str | None] = mapped_column(String(20))
    verdict_reasons: Mapped[list[Any] | None]
    opened_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class CaseMessage(Row):
    """Questions of staff, answers of the borrower, and notes that only staff see."""

    __tablename__ = "case_messages"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    author: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    """`question`, `answer` or `note`."""
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    blob_id: Mapped[UUID | None]
    """The photograph or document that came with it, sealed (`kit.storage`)."""
    created_at: Mapped[datetime]


def is_open(application: Application) -> bool:
    return application.status in OPEN_APPLICATION


def age_on(birth: date, on: date) -> int:
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
