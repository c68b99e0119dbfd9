"""Tables of decisions, and of the models and policies that made them or stand beside."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    Index,
    String,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit import append_only
from kit.db import Base, Row
from scoring import triggers
from scoring.policy import Outcome

_STANDS = text("until is null")


class Role(StrEnum):
    """What a model with its policy is there for."""

    CHAMPION = "champion"
    """Decides."""
    CHALLENGER = "challenger"
    """Decides a share of the borrowers, always the same ones."""
    SHADOW = "shadow"
    """Assesses the same snapshots afterwards and never acts."""


class RiskModel(Base):
    """A model by the hash of its manifest, whole: any process can load it, at any time."""

    __tablename__ = "risk_models"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    manifest: Mapped[str] = mapped_column(Text)
    artefact: Mapped[str] = mapped_column(Text)
    """The file that the manifest was written for: trees or points."""
    registered_by: Mapped[str] = mapped_column(String(80))
    registered_at: Mapped[datetime]


class RiskPolicy(Base):
    """A policy by the hash of its text."""

    __tablename__ = "risk_policies"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    registered_by: Mapped[str] = mapped_column(String(80))
    registered_at: Mapped[datetime]


class Seat(Row):
    """One place in the line-up: which model decides by which policy, from when until when."""

    __tablename__ = "line_up"
    __table_args__ = (
        CheckConstraint("share_bps > 0 AND share_bps <= 10000", name="share_is_one"),
        Index(
            "uq_line_up_deciding",
            "product",
            "role",
            unique=True,
            sqlite_where=text("until is null and role <> 'shadow'"),
            postgresql_where=text("until is null and role <> 'shadow'"),
        ),
        Index(
            "uq_line_up_standing",
            "product",
            "role",
            "model_sha256",
            "policy_sha256",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
    )

    product: Mapped[str] = mapped_column(String(60))
    """Empty: every product that has no seat of its own."""
    role: Mapped[Role]
    model_sha256: Mapped[str] = mapped_column(String(64))
    policy_sha256: Mapped[str] = mapped_column(String(64))
    share_bps: Mapped[int]
    since: Mapped[datetime]
    seated_by: Mapped[str] = mapped_column(String(80))
    why: Mapped[str] = mapped_column(String(2_000))
    restores: Mapped[UUID | None]
    """The earlier seat that a roll-back went back to."""
    until: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))


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
    role: Mapped[Role] = mapped_column(default=Role.CHAMPION)
    draw: Mapped[int | None]
    """Where the borrower's stable hash fell for random approvals: a replay needs it."""
    is_random: Mapped[bool] = mapped_column(default=False)
    """Approved only by that draw: risk alone had declined it."""
    pd: Mapped[float]
    grade: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[Outcome] = mapped_column(index=True)
    currency: Mapped[str] = mapped_column(String(3))
    limit_minor: Mapped[int] = mapped_column(BigInteger)
    approved_minor: Mapped[int] = mapped_column(BigInteger)
    reasons: Mapped[list[Any]]
    counterfactual: Mapped[dict[str, Any] | None]
    contributions: Mapped[list[Any]]
    annual_rate_bps: Mapped[int | None]
    """The price that was decided; None where the policy decides none."""
    expected_loss_minor: Mapped[int | None] = mapped_column(BigInteger)
    """Of what was offered; of what was asked, where nothing was."""
    workings: Mapped[dict[str, Any] | None]
    """How the price and the household's month were reckoned, line by line, for staff."""
    created_at: Mapped[datetime] = mapped_column(index=True)


class ShadowAssessment(Row):
    """What a shadow would have answered to the snapshot of a decision. It never acts."""

    __tablename__ = "shadow_assessments"
    __table_args__ = (UniqueConstraint("decision_id", "model_sha256", "policy_sha256"),)

    decision_id: Mapped[UUID]
    model_sha256: Mapped[str] = mapped_column(String(64))
    policy_sha256: Mapped[str] = mapped_column(String(64))
    pd: Mapped[float]
    grade: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[Outcome]
    limit_minor: Mapped[int] = mapped_column(BigInteger)
    approved_minor: Mapped[int] = mapped_column(BigInteger)
    reasons: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class RiskTable(Row):
    """One version of what is known about industries, regions and crops; the newest holds.

    Written once: snapshots name the one that they were taken with.
    """

    __tablename__ = "risk_tables"

    kind: Mapped[str] = mapped_column(String(20), index=True)
    """`book`: of the lender's own loans. Else an index that was brought in, by what it is of."""
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


def _keep(table: Any, connection: Connection, **_: Any) -> None:
    keys = append_only.keys_of(table)
    for statement in triggers.append_only(connection.dialect.name, table.name, keys):
        connection.exec_driver_sql(statement)


for _kept in (RiskModel, RiskPolicy, RiskTable):
    event.listen(_kept.__table__, "after_create", _keep)
