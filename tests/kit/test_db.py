"""The unit of work and the types, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.db import Sessions, insert_once, unit_of_work
from kit.idempotency import IdempotencyKey


class TestUnitOfWork:
    async def test_keeps_what_was_written(self, sessions: Sessions, now: datetime) -> None:
        async with unit_of_work(sessions) as session:
            audit.record(session, actor="system", action="x", subject="y", now=now)

        async with sessions() as session:
            assert await session.scalar(select(audit.AuditEvent.at)) == now

    async def test_keeps_nothing_when_it_fails(self, sessions: Sessions, now: datetime) -> None:
        async def fail() -> None:
            async with unit_of_work(sessions) as session:
                audit.record(session, actor="system", action="x", subject="y", now=now)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()

        async with sessions() as session:
            assert (await session.scalars(select(audit.AuditEvent))).all() == []


class TestInsertOnce:
    async def test_writes_the_first_and_ignores_the_second(
        self, session: AsyncSession, now: datetime
    ) -> None:
        row = {"scope": "s", "key": "k", "body_sha256": "", "answer": {}, "created_at": now}

        assert await insert_once(session, IdempotencyKey, **row, status=1)
        assert not await insert_once(session, IdempotencyKey, **row, status=2)
        assert await session.scalar(select(IdempotencyKey.status)) == 1


class TestInstants:
    async def test_a_naive_one_is_refused(self, session: AsyncSession) -> None:
        naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
        audit.record(session, actor="a", action="b", subject="c", now=naive)

        with pytest.raises(Exception, match="naive datetime"):
            await session.flush()
        session.expunge_all()
