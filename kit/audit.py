"""Who did what to which record, when: an append-only trail, without personal data in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, String, event, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kit import append_only
from kit.append_only import Keys
from kit.db import Row
from kit.state import E, Machine, S

SYSTEM = "system"
NEVER_CHANGED = "the audit trail is never changed"


class AuditEvent(Row):
    __tablename__ = "audit_events"

    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(80), index=True)
    """`borrower:<id>`, `staff:<id>` or `system`."""
    action: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    """`table:<id>` of the record it happened to."""
    facts: Mapped[dict[str, Any]]


def triggers(dialect_name: str, keys: Keys) -> list[str]:
    """Nothing in the trail is about a person by itself, so that erasing one leaves it as it is."""
    return append_only.statements(
        dialect_name, AuditEvent.__tablename__, keys=keys,
        refusal="audit_refuse_change", message=NEVER_CHANGED,
    )  # fmt: skip


def _install(_: Any, connection: Connection, **__: Any) -> None:
    keys = append_only.keys_of(AuditEvent.__table__)
    for statement in triggers(connection.dialect.name, keys):
        connection.exec_driver_sql(statement)


event.listen(AuditEvent.__table__, "after_create", _install)


class _Stateful(Protocol[S]):
    @property
    def id(self) -> UUID: ...
    @property
    def status(self) -> S: ...
    @status.setter
    def status(self, value: S) -> None: ...


def record(
    session: AsyncSession, *, actor: str, action: str, subject: str, now: datetime, **facts: Any
) -> None:
    session.add(AuditEvent(at=now, actor=actor, action=action, subject=subject, facts=facts))


def move(
    session: AsyncSession,
    machine: Machine[S, E],
    row: _Stateful[S],
    event: E,
    *,
    actor: str,
    now: datetime,
    **facts: Any,
) -> None:
    """Set `row.status` as the machine says and record from, to, who and when."""
    before = row.status
    row.status = machine.after(before, event)
    record(
        session,
        actor=actor,
        action=f"{machine.name}.{event}",
        subject=f"{machine.name}:{row.id}",
        now=now,
        before=before,
        after=row.status,
        **facts,
    )


async def list_events(
    session: AsyncSession,
    *,
    subject: str | None = None,
    actor: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[AuditEvent]:
    """Newest first: of one record (`loan:<id>`), of one actor (`staff:<id>`), or of all."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(AuditEvent.subject == subject)
    if actor is not None:
        query = query.where(AuditEvent.actor == actor)
    if after is not None:
        query = query.where(AuditEvent.id < after)
    return (await session.scalars(query)).all()
