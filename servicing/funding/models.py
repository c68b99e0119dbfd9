"""Tables of funding: who gives capital to which pool, which loans it is in, what waits for it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Connection, ForeignKey, String, event
from sqlalchemy.orm import Mapped, mapped_column

from kit.append_only import keys_of
from kit.db import Base, Row
from kit.money import Money
from servicing.ledger import triggers
from servicing.ledger.rules import Event


class StakeKind(StrEnum):
    SHARE = "share"
    """A part of the interest that borrowers pay on what he funds."""
    FIXED = "fixed"
    """A yearly rate on his capital, lent or not."""


class WithdrawalOf(StrEnum):
    CAPITAL = "capital"
    RETURN = "return"


class Funder(Row):
    __tablename__ = "funders"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    created_at: Mapped[datetime]


class Pool(Row):
    """Capital of one currency, at one rail, that is lent by one policy."""

    __tablename__ = "funding_pools"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    rail: Mapped[str] = mapped_column(String(40))
    policy: Mapped[dict[str, Any]]
    """Which loans it takes, in which order, and how much of what (`servicing.funding.limits`)."""
    opened_at: Mapped[datetime | None]
    """When two people agreed to its first policy: since then loans of its currency need a pool."""
    settled_on: Mapped[date | None]
    """Up to the end of this day all interest and losses are with its funders."""
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"funding_pool:{self.id}"


class Stake(Row):
    """What a funder agreed with us about one pool. Other terms are another stake."""

    __tablename__ = "funding_stakes"
    __table_args__ = (CheckConstraint("rate_ppm BETWEEN 0 AND 1000000", name="rate_is_a_part"),)

    pool_id: Mapped[UUID] = mapped_column(ForeignKey("funding_pools.id"), index=True)
    funder_id: Mapped[UUID] = mapped_column(ForeignKey("funders.id"), index=True)
    kind: Mapped[StakeKind]
    rate_ppm: Mapped[int]
    """Of the interest, or a year: parts of a million."""
    loss_order: Mapped[int]
    """Stakes with the lowest number bear losses first, those with the same number together."""
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"funding_stake:{self.id}"


class FundedLoan(Base):
    """Which pool a loan's principal comes from, chosen once, before its money leaves."""

    __tablename__ = "funded_loans"

    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"), primary_key=True)
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("funding_pools.id"), index=True)
    facts: Mapped[dict[str, Any]]
    """What was known of it then: product, country, purpose. Limits count by it."""
    settled_on: Mapped[date | None]
    """Up to the end of this day its interest and losses are with its funders,"""
    settled_at: Mapped[datetime | None]
    """as the ledger stood at this moment."""
    unborne_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    """Lost on it when no stake in it had capital left: the lender's, also when capital comes."""
    created_at: Mapped[datetime]


class LoanShare(Base):
    """A stake's part of one loan, for the whole life of the loan."""

    __tablename__ = "funded_loan_shares"
    __table_args__ = (CheckConstraint("weight_minor > 0", name="weight_is_positive"),)

    loan_id: Mapped[UUID] = mapped_column(ForeignKey("funded_loans.loan_id"), primary_key=True)
    stake_id: Mapped[UUID] = mapped_column(
        ForeignKey("funding_stakes.id"), primary_key=True, index=True
    )
    weight_minor: Mapped[int] = mapped_column(BigInteger)
    """What it gave of the principal."""
    interest_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    """Collected on it so far, before the lender's part."""
    borne_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    """Lost on it so far, less what was recovered."""


class Commitment(Base):
    """Principal that a payout takes from a pool: it counts while the payout is under way."""

    __tablename__ = "funding_commitments"
    __table_args__ = (CheckConstraint("principal_minor > 0", name="principal_is_positive"),)

    payout_id: Mapped[UUID] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    loan_id: Mapped[UUID] = mapped_column(ForeignKey("funded_loans.loan_id"), index=True)
    principal_minor: Mapped[int] = mapped_column(BigInteger)


class Movement(Row):
    """A line of a stake's account. Never changed; each refers to the ledger's entry for it."""

    __tablename__ = "funding_movements"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_is_not_negative"),
        CheckConstraint("(amount_minor = 0) = (entry_id IS NULL)", name="amount_is_posted"),
    )

    stake_id: Mapped[UUID] = mapped_column(ForeignKey("funding_stakes.id"), index=True)
    event: Mapped[Event]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    interest_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    """Collected from borrowers on his part of the loans since the last time."""
    on: Mapped[date]
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"), index=True)
    created_at: Mapped[datetime]


class Withdrawal(Row):
    """What a funder is going to get, agreed and not lent any more."""

    __tablename__ = "funding_withdrawals"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        CheckConstraint("paid_on IS NULL OR canceled_at IS NULL", name="ends_once"),
    )

    stake_id: Mapped[UUID] = mapped_column(ForeignKey("funding_stakes.id"), index=True)
    of: Mapped[WithdrawalOf]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    due_on: Mapped[date]
    paid_on: Mapped[date | None]
    canceled_at: Mapped[datetime | None]
    agreed_by: Mapped[UUID]
    created_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def subject(self) -> str:
        return f"funding_withdrawal:{self.id}"


class Hold(Base):
    """Why a payout waits, as it was found when it was last tried."""

    __tablename__ = "payout_holds"

    payout_id: Mapped[UUID] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]]
    held_at: Mapped[datetime]
    tried_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    """Two people let it go in spite of the limits."""


class Floor(Base):
    """How much cash stays at a rail, whoever's it is."""

    __tablename__ = "liquidity_floors"
    __table_args__ = (CheckConstraint("floor_minor >= 0", name="floor_is_not_negative"),)

    rail: Mapped[str] = mapped_column(String(40), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    floor_minor: Mapped[int] = mapped_column(BigInteger)
    set_at: Mapped[datetime]


def _install_triggers(_: Any, connection: Connection, **__: Any) -> None:
    name, table = connection.dialect.name, Movement.__tablename__
    for statement in (
        *triggers.append_only(name, table, keys_of(Movement.__table__)),
        *triggers.only_whole(name, table, "amount_minor", "interest_minor"),
    ):
        connection.exec_driver_sql(statement)


event.listen(Movement.__table__, "after_create", _install_triggers)
