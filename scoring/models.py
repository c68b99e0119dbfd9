"""The table of decisions: what was known, what was answered, and by which model and policy."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Row
from scoring.policy import Outcome


class Decision(Row):
    """Written once, never changed: an override by staff is a row elsewhere."""

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("application_id", "attempt"),
        CheckConstraint("approved_minor >= 0 AND limit_minor >= 0", name="amounts_not_negative"),
        CheckConstraint("pd >= 0 AND pd <= 1", name="pd_is_a_probability"),
    )

    application_id: Mapped[UUID]
    attempt: Mapped[int]
    """1 for the first decision; a person's question answered later makes attempt 2."""
    snapshot: Mapped[dict[str, Any]]
    """Everything the decision looked at: with the two hashes it can be made again, to the bit."""
    model_sha256: Mapped[str] = mapped_column(String(64))
    policy_sha256: Mapped[str] = mapped_column(String(64))
    pd: Mapped[float]
    grade: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[Outcome] = mapped_column(index=True)
    currency: Mapped[str] = mapped_column(String(3))
    limit_minor: Mapped[int] = mapped_column(BigInteger)
    approved_minor: Mapped[int] = mapped_column(BigInteger)
    reasons: Mapped[list[Any]]
    counterfactual: Mapped[dict[str, Any] | None]
    contributions: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)
