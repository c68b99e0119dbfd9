"""A write that arrives twice with the same key is done once and answered the same."""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, lock_key
from kit.errors import DomainError, Kind


class KeyReused(DomainError):
    """The key was used before with another body."""

    kind = Kind.CONFLICT
    code = "idempotency_key_reused"


class IdempotencyKey(Base):
    __tablename__ = "idempotency_keys"

    scope: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


def fingerprint(body: Any) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


async def recall(
    session: AsyncSession, *, scope: str, key: str, body: Any
) -> IdempotencyKey | None:
    """The stored answer to this very request, or None when it is new. Other body: KeyReused."""
    await lock_key(session, f"idempotency:{scope}:{key}")
    row = await session.get(IdempotencyKey, (scope, key))
    if row is not None and row.body_sha256 != fingerprint(body):
        raise KeyReused(key=key)
    return row


def remember(
    session: AsyncSession,
    *,
    scope: str,
    key: str,
    body: Any,
    status: int,
    answer: dict[str, Any],
    now: datetime,
) -> None:
    session.add(
        IdempotencyKey(
            scope=scope,
            key=key,
            body_sha256=fingerprint(body),
            status=status,
            answer=answer,
            created_at=now,
        )
    )
