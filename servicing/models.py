"""Tables of servicing: loans and what is due, what we asked of the rail, what the rail told us."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from kit.append_only import keys_of
from kit.db import Base, Row
from kit.money import Money
from servicing.ledger import triggers
from servicing.states import AmendmentStatus, LoanStatus, OrderStatus


class Loan(Row):
    __tablename__ = "loans"
    __table_args__ = (
        CheckConstraint("principal_minor > 0", name="principal_is_positive"),
        Index("ix_loans_status_id", "status", "id"),  # In the order in which a day is closed.
    )

    application_id: Mapped[UUID] = mapped_column(unique=True)
    """One application opens one loan: opening twice hits this constraint."""
    borrower_id: Mapped[UUID] = mapped_column(index=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    """What a borrower writes when he sends money himself."""
    rail: Mapped[str | None] = mapped_column(String(40))
    """By which it was paid out."""
    status: Mapped[LoanStatus]
    terms: Mapped[dict[str, Any]]
    """As agreed (`terms.as_document`); after the disbursement, dated from it."""
    rules: Mapped[dict[str, Any]]
    currency: Mapped[str] = mapped_column(String(3))
    principal_minor: Mapped[int] = mapped_column(BigInteger)
    disbursed_on: Mapped[date | None]
    accrued_on: Mapped[date | None]
    """The business date up to which interest is in the ledger."""
    closed_on: Mapped[date | None]
    pd_ppm: Mapped[int | None]
    """How likely it was, when the loan was opened, that it goes bad: parts of a million."""
    pd_now_ppm: Mapped[int | None]
    """The same by a later assessment, if there was one."""
    effective_rate_ppm: Mapped[int | None] = mapped_column(BigInteger)
    """What it earns a year, compound, when it is repaid as agreed: parts of a million."""
    created_at: Mapped[datetime]

    @property
    def principal(self) -> Money:
        return Money(self.principal_minor, self.currency)

    @property
    def subject(self) -> str:
        """How messages and the audit trail name this loan."""
        return f"loan:{self.id}"


class LoanEvent(Row):
    """One thing that happened to a loan. With its terms and rules they are all there is to know:
    installments and ledger follow from them (`servicing.replay`)."""

    __tablename__ = "loan_events"
    __table_args__ = (UniqueConstraint("loan_id", "seq"), UniqueConstraint("loan_id", "key"))

    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"))
    seq: Mapped[int]
    """From 1, in the order in which they were told."""
    key: Mapped[str] = mapped_column(String(120))
    """The natural key of the fact: it is told once."""
    type: Mapped[str] = mapped_column(String(40))
    on: Mapped[date]
    """From when it counts."""
    recorded_on: Mapped[date]
    amount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    details: Mapped[dict[str, Any]]
    """The rest, as `kopa replay` reads it."""
    actor: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]


class Amendment(Row):
    """A change to a running loan: proposed, agreed to, approved by somebody else, and told."""

    __tablename__ = "amendments"
    __table_args__ = (
        CheckConstraint("approved_by <> proposed_by", name="four_eyes"),
        CheckConstraint(
            "status NOT IN ('applied', 'reversed', 'paying', 'failed')"
            " OR approved_by IS NOT NULL OR proposed_by LIKE 'borrower:%'",
            name="approved_before_applied",
        ),
        CheckConstraint(
            "status NOT IN ('applied', 'reversed', 'paying', 'failed')"
            " OR NOT needs_consent OR consented_at IS NOT NULL",
            name="consented_before_applied",
        ),
        Index(
            "uq_amendments_paying",
            "loan_id",
            unique=True,
            postgresql_where=text("status = 'paying'"),
            sqlite_where=text("status = 'paying'"),
        ),
    )

    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    status: Mapped[AmendmentStatus] = mapped_column(index=True)
    change: Mapped[dict[str, Any]]
    """What is to change, as it was asked for."""
    preview: Mapped[dict[str, Any]]
    """What whoever agreed to it was shown."""
    needs_consent: Mapped[bool]
    """It makes something worse for the borrower."""
    proposed_by: Mapped[str] = mapped_column(String(80))
    proposed_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(500))
    consented_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(String(80))
    applied_on: Mapped[date | None]
    reversed_on: Mapped[date | None]
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"amendment:{self.id}"


class Installment(Row):
    """One due portion: per component what is due in all, what of it is paid, what was given up."""

    __tablename__ = "installments"
    __table_args__ = (
        UniqueConstraint("loan_id", "n"),
        *(
            CheckConstraint(
                f"{part}_paid_minor >= 0 AND {part}_forgiven_minor >= 0"
                f" AND {part}_paid_minor + {part}_forgiven_minor <= {part}_minor",
                name=f"{part}_paid_fits",
            )
            for part in ("penalties", "fees", "interest", "principal")
        ),
        CheckConstraint("third_party_fees_minor BETWEEN 0 AND fees_minor", name="third_party_fits"),
    )

    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"))
    n: Mapped[int]
    """From 1; 0 is what is due on the day of the disbursement itself."""
    due_on: Mapped[date] = mapped_column(index=True)
    accrues_from: Mapped[date]
    """Its interest is earned evenly from this day on,"""
    accrues_until: Mapped[date]
    """to this one: the due date, or the day on which the loan ended before it."""
    principal_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    interest_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    interest_carried_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    """The part of the interest that was earned before `accrues_from`."""
    fees_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    third_party_fees_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    """The part of the fees that is collected for others."""
    penalties_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    principal_paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    interest_paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    fees_paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    penalties_paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    principal_forgiven_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    interest_forgiven_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    fees_forgiven_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    penalties_forgiven_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    settled_on: Mapped[date | None]

    @hybrid_property
    def unpaid_minor(self) -> int:
        return self.whole_minor - (
            self.principal_paid_minor + self.principal_forgiven_minor
            + self.interest_paid_minor + self.interest_forgiven_minor
            + self.fees_paid_minor + self.fees_forgiven_minor
            + self.penalties_paid_minor + self.penalties_forgiven_minor
        )  # fmt: skip

    @hybrid_property
    def whole_minor(self) -> int:
        """All that was ever due with it."""
        return self.principal_minor + self.interest_minor + self.fees_minor + self.penalties_minor


class Repayment(Row):
    __tablename__ = "repayments"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_is_positive"),)

    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"), index=True)
    rail_reference: Mapped[str] = mapped_column(String(120), unique=True)
    """The rail's name for this money: it is received once."""
    rail: Mapped[str | None] = mapped_column(String(40))
    """By which it came. None: by the loan's."""
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    paid_on: Mapped[date]
    allocation: Mapped[dict[str, Any]]
    """`shares` of [installment, component, minor], and what was paid `in_advance`."""
    received_at: Mapped[datetime]
    reversed_on: Mapped[date | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class OrderRow(Row):
    """What we ask a rail to do. The row, and with it the reference, exists before the call."""

    __abstract__ = True

    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"), index=True)
    client_ref: Mapped[str] = mapped_column(String(64), unique=True)
    """Our name for it and the idempotency key, minted once."""
    rail: Mapped[str | None] = mapped_column(String(40))
    """Chosen before the first call, for ever."""
    status: Mapped[OrderStatus] = mapped_column(index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    account: Mapped[bytes] = mapped_column(LargeBinary)
    """The borrower's account at the rail, sealed with the person's key."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often we sent it or asked about it."""
    ask_at: Mapped[datetime | None] = mapped_column(index=True)
    """When to ask next, as long as it is under way."""
    rail_id: Mapped[str | None] = mapped_column(String(80))
    failure_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    """The rail's instant."""

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def account_place(self) -> str:
        return f"{self.__tablename__}.account.{self.id}"


_LIVE = "status NOT IN ('failed', 'returned') AND amendment_id IS NULL"


class Payout(OrderRow):
    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("loan_id", "attempt"),
        Index(
            "uq_payouts_live",
            "loan_id",
            unique=True,
            postgresql_where=text(_LIVE),
            sqlite_where=text(_LIVE),
        ),
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
    )

    attempt: Mapped[int]
    """Its number among the payouts of the loan. The loan itself is sent again only when it is
    proven that the money failed or came back; money on top is not."""
    amendment_id: Mapped[UUID | None] = mapped_column(ForeignKey("amendments.id"), unique=True)
    """The amendment that lends this money on top; None: the loan itself is paid out."""


class PaymentRequest(OrderRow):
    __tablename__ = "payment_requests"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        Index("ix_payment_requests_rail_id", text("lower(rail_id)")),  # As staff may type it.
    )


class RailEventRow(Row):
    """What a rail told us, once per event."""

    __tablename__ = "rail_events"
    __table_args__ = (UniqueConstraint("rail", "event_id"),)

    rail: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[str] = mapped_column(String(120))
    client_ref: Mapped[str] = mapped_column(String(80), index=True)
    rail_id: Mapped[str | None] = mapped_column(String(80), index=True)
    status: Mapped[str] = mapped_column(String(40))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    received_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class SuspenseItem(Row):
    """Money that a person must place: it fits no open loan, or is left over from one."""

    __tablename__ = "suspense_items"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_is_positive"),)

    reference: Mapped[str] = mapped_column(String(120), unique=True)
    reason: Mapped[str] = mapped_column(String(40))
    rail: Mapped[str | None] = mapped_column(String(40))
    """Where the money is. None: with the loan's."""
    written: Mapped[str | None] = mapped_column(String(80))
    """What the payer wrote as reference,"""
    payer_index: Mapped[str | None] = mapped_column(String(64))
    """and the blind index of the phone that paid."""
    loan_id: Mapped[UUID | None] = mapped_column(ForeignKey("loans.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    received_on: Mapped[date]
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    refund_reference: Mapped[str | None] = mapped_column(String(120), unique=True, index=True)
    """The payment outside by which it was given back: one payment gives one item back."""

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_placed(self) -> bool:
        """On a loan, or with a funder: it neither waits any more nor was given back."""
        return self.resolved_at is not None and self.refund_reference is None


class Incident(Row):
    """The outside contradicts what we know about money. Nothing was posted; a person must look."""

    __tablename__ = "incidents"
    __table_args__ = (UniqueConstraint("kind", "subject"),)

    kind: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120))
    facts: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class ReconciliationRun(Base):
    __tablename__ = "reconciliation_runs"

    rail: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    """A day of the rail's statement (UTC)."""
    matched: Mapped[int]
    late: Mapped[int] = mapped_column(default=0)
    """Of these, moved on another day than the statement's."""
    breaks: Mapped[int]
    currency: Mapped[str | None] = mapped_column(String(3))
    opening_minor: Mapped[int | None] = mapped_column(BigInteger)
    """What the statement says that the account held; None where a rail does not say,"""
    closing_minor: Mapped[int | None] = mapped_column(BigInteger)
    """and at the end of the day."""
    ran_at: Mapped[datetime]


class ReconciliationBreak(Row):
    __tablename__ = "reconciliation_breaks"
    __table_args__ = (UniqueConstraint("rail", "day", "category", "reference"),)

    rail: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(index=True)
    category: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(120))
    ours_minor: Mapped[int | None] = mapped_column(BigInteger)
    theirs_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    told: Mapped[str | None] = mapped_column(String(40))
    """What the rail's own events last said of it."""
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None] = mapped_column(String(20))
    """How: `reconciliation.Resolution`."""


def _install_triggers(_: Any, connection: Connection, **__: Any) -> None:
    name, table = connection.dialect.name, LoanEvent.__tablename__
    for statement in (
        *triggers.append_only(name, table, keys_of(LoanEvent.__table__)),
        *triggers.only_whole(name, table, "amount_minor"),
    ):
        connection.exec_driver_sql(statement)


event.listen(LoanEvent.__table__, "after_create", _install_triggers)
