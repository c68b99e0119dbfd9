"""Tables of watching: what was measured on which day, and what staff have to look at."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Row
from scoring.watching.report import Kind


class WatchMeasure(Row):
    """One number of one day's look at one model."""

    __tablename__ = "watch_measures"
    __table_args__ = (UniqueConstraint("on", "model_sha256", "kind", "subject"),)

    on: Mapped[date]
    model_sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[Kind]
    subject: Mapped[str] = mapped_column(String(80))
    """The feature, or the way of grouping; empty where there is only one."""
    rows: Mapped[int]
    value: Mapped[float]
    low: Mapped[float | None]
    high: Mapped[float | None]
    """Ends of the 95 % interval."""
    threshold: Mapped[float | None]
    """What the value is held against."""
    is_alarming: Mapped[bool]
    detail: Mapped[dict[str, Any]]


class RiskAlert(Row):
    """Something about the model, the inputs or a loan that a person has to look at."""

    __tablename__ = "risk_alerts"
    __table_args__ = (
        Index(
            "uq_risk_alerts_standing",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("cleared_at is null"),
            postgresql_where=text("cleared_at is null"),
        ),
    )

    kind: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120))
    """`model:<hash>`, `input:<name>`, `loan:<id>` …"""
    evidence: Mapped[dict[str, Any]]
    """The numbers of the newest look at which it stood."""
    raised_at: Mapped[datetime] = mapped_column(index=True)
    stood_at: Mapped[datetime]
    """When it was last found to be so."""
    cleared_at: Mapped[datetime | None]
    """When it was no longer so."""
    seen_by: Mapped[UUID | None]
    """Who of the staff has looked at it, and what they wrote."""
    seen_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(2_000))
