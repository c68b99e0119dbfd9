"""Tables of the treasury: the lines of the rails' statements, and money on its way back."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Row
from kit.money import Money
from servicing.models import OrderRow, PaymentRequest, Payout
from servicing.rails.base import Direction, OutcomeStatus


class Resolution(StrEnum):
    """How a break ended."""

    MENDED = "mended"
    """Later the accounts agreed."""
    EXPLAINED = "explained"
    """Two people understand it. It moved no money."""
    PUT_RIGHT = "put_right"
    """Two people had our books follow the statement."""
    WRITTEN_OFF = "written_off"
    """Two people had the difference posted as a loss, or as a gain."""
    OWN = "own"
    """Two people say that the lender moved it himself."""


class StatedLine(Row):
    """Money that moved, says the rail's statement of a day. A corrected statement replaces it."""

    __tablename__ = "statement_lines"
    __table_args__ = (
        UniqueConstraint("rail", "day", "n"),
        Index("ix_statement_lines_key", "rail", "key"),
    )

    rail: Mapped[str] = mapped_column(String(40))
    day: Mapped[date]
    n: Mapped[int]
    """Its place in the statement, from 1."""
    key: Mapped[str] = mapped_column(String(120))
    """By what we know it: our reference for what we ordered, the rail's own for the rest."""
    rail_id: Mapped[str] = mapped_column(String(120))
    reference: Mapped[str] = mapped_column(String(120))
    direction: Mapped[Direction]
    status: Mapped[OutcomeStatus]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_back(self) -> bool:
        """It takes back what moved before."""
        return self.status is OutcomeStatus.RETURNED

    @property
    def signed_minor(self) -> int:
        """Below zero when money left us."""
        goes_out = (self.direction is Direction.PAYOUT) != self.is_back
        return -self.amount_minor if goes_out else self.amount_minor


class Refund(OrderRow):
    """Money that waits in suspense, on its way back to the borrower."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index(
            "uq_refunds_live",
            "item_id",
            unique=True,
            postgresql_where=text("status NOT IN ('failed', 'returned')"),
            sqlite_where=text("status NOT IN ('failed', 'returned')"),
        ),
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("suspense_items.id"))


Order = Payout | PaymentRequest | Refund
"""What we ask a rail to do."""
