"""Tables of the day close: the days, how far each part of the book is, and who could not follow."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base


class DayClose(Base):
    """A business day that is being closed, or is closed."""

    __tablename__ = "day_closes"

    business_date: Mapped[date] = mapped_column(primary_key=True)
    parts: Mapped[int]
    """In how many parts of the book."""
    started_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """When every part was done and no loan was left behind."""


class DayClosePart(Base):
    """The loans from one id to another on one day, and what it has brought them so far."""

    __tablename__ = "day_close_parts"

    business_date: Mapped[date] = mapped_column(
        ForeignKey("day_closes.business_date"), primary_key=True
    )
    part: Mapped[int] = mapped_column(primary_key=True)
    """Counted from one."""
    after: Mapped[UUID | None]
    """Its loans come after this one, in the order of their ids,"""
    until: Mapped[UUID | None]
    """and end with this one. None: it has no such end."""
    done_to: Mapped[UUID | None]
    """The loan that was done last."""
    loans: Mapped[int] = mapped_column(default=0)
    entries: Mapped[int] = mapped_column(default=0)
    late_fees: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]


class DayCloseFailure(Base):
    """A loan that could not be closed: it waits, and with it its days, until code has changed."""

    __tablename__ = "day_close_failures"

    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"), primary_key=True)
    since: Mapped[date]
    """The first day that it has not come through."""
    error: Mapped[str] = mapped_column(String(200))
    failed_at: Mapped[datetime]
