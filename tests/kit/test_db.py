"""The unit of work and the types, on both databases."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from kit import audit, db
from kit.db import Sessions, create_engine, insert_once, unit_of_work
from kit.errors import TransientFailure
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

    async def test_that_the_server_ended_may_be_tried_again(self, sessions: Sessions) -> None:
        async def sleep() -> None:
            async with unit_of_work(sessions) as session:
                if session.get_bind().dialect.name != "postgresql":
                    pytest.skip("SQLite ends no transaction by itself")
                await session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 20"))
                await asyncio.sleep(0.5)
                await session.execute(text("SELECT 1"))

        with pytest.raises(TransientFailure):
            await sleep()


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


class TestAConnectionThatDied:
    async def test_is_replaced_after_a_pause(
        self, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if engine.dialect.name != "postgresql":
            return  # A file does not hang up.
        async with engine.begin() as connection:
            own = await connection.scalar(text("SELECT pg_backend_pid()"))
        other = create_engine(engine.url.render_as_string(hide_password=False))
        async with other.begin() as connection:
            await connection.execute(text(f"SELECT pg_terminate_backend({own})"))
        await other.dispose()
        monkeypatch.setattr(db, "PAUSE_SECONDS", 0.0)

        async with engine.begin() as connection:
            assert await connection.scalar(text("SELECT pg_backend_pid()")) != own
