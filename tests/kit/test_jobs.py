"""Jobs exist exactly when the transaction that asked for them did, and run once for their key."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from kit import audit, jobs
from kit.clock import ShiftedClock
from kit.config import Settings
from kit.db import Sessions, sessions_of, unit_of_work
from kit.errors import TransientFailure
from kit.worker import Worker, due_ticks

RAN: list[Any] = []
BEGUN: dict[str, asyncio.Event] = {}


@jobs.task("test.note")
async def note(session: AsyncSession, *, now: datetime, word: str) -> None:
    audit.record(session, actor="system", action=word, subject="test", now=now)


@jobs.effect("test.flaky", queue="rail")
async def flaky(context: jobs.Context, *, word: str) -> None:
    RAN.append(word)
    if RAN.count(word) == 1:
        raise TransientFailure("not yet")
    if RAN.count(word) == 2:
        raise jobs.Later(seconds=0.05)


@jobs.effect("test.broken")
async def broken(context: jobs.Context) -> None:
    RAN.append("broken")
    assert RAN.count("broken") > 1


@jobs.effect("test.tired")
async def tired(context: jobs.Context) -> None:
    BEGUN["tired"].set()
    raise jobs.Later(seconds=600)


@jobs.effect("test.slow")
async def slow(context: jobs.Context) -> None:
    BEGUN["slow"].set()
    await asyncio.sleep(0.3)
    RAN.append("slow")


def worker_of(sessions: Sessions, database_url: str) -> Worker:
    settings = Settings(database_url=database_url, job_polling_seconds=0.02)
    return Worker(settings, jobs.Context(sessions, ShiftedClock()))


@pytest.fixture
async def worker(engine: AsyncEngine, database_url: str) -> AsyncIterator[Worker]:
    RAN.clear()
    worker = worker_of(sessions_of(engine), database_url)
    await worker.start()
    yield worker
    await worker.stop()


@pytest.fixture
def sessions(engine: AsyncEngine) -> Sessions:
    return sessions_of(engine)


async def notes(sessions: Sessions) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count(audit.AuditEvent.id))) or 0


class TestEnqueue:
    async def test_once_for_a_key(self, worker: Worker, sessions: Sessions) -> None:
        for _ in range(3):
            async with unit_of_work(sessions) as session:
                await jobs.enqueue(session, "test.note", key="note:1", word="hello")
        await worker.until_idle()

        assert await notes(sessions) == 1

    async def test_not_when_the_transaction_fails(self, worker: Worker, sessions: Sessions) -> None:
        async def fail() -> None:
            async with unit_of_work(sessions) as session:
                await jobs.enqueue(session, "test.note", key="note:1", word="hello")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        await worker.until_idle()

        assert await notes(sessions) == 0


class TestStart:
    async def test_waits_for_those_who_write_already(
        self, engine: AsyncEngine, sessions: Sessions, database_url: str
    ) -> None:
        worker = worker_of(sessions, database_url)
        has_begun = asyncio.Event()

        async def write() -> None:
            async with unit_of_work(sessions) as session:
                audit.record(
                    session, actor="system", action="a", subject="test", now=datetime.now(UTC)
                )
                await session.flush()
                has_begun.set()
                await asyncio.sleep(0.3)

        writing = asyncio.ensure_future(write())
        await has_begun.wait()
        await worker.start()
        await writing
        async with unit_of_work(sessions) as session:
            await jobs.enqueue(session, "test.note", key="note:1", word="hello")
        await worker.until_idle()
        await worker.stop()

        assert await notes(sessions) == 2


class TestEffects:
    async def test_try_again_and_wait(self, worker: Worker, sessions: Sessions) -> None:
        async with unit_of_work(sessions) as session:
            await jobs.enqueue(session, "test.flaky", key="flaky:1", word="w")
        await worker.until_idle()

        assert RAN == ["w", "w", "w"]

    async def test_that_fail_are_listed_and_can_be_retried(
        self, worker: Worker, sessions: Sessions, database_url: str
    ) -> None:
        async with unit_of_work(sessions) as session:
            await jobs.enqueue(session, "test.broken", key="broken:1")
        await worker.until_idle()

        assert [dead.key for dead in await jobs.list_dead(database_url)] == ["broken:1"]
        assert [dead.name for dead in await jobs.list_dead(database_url)] == ["test.broken"]
        await jobs.retry(database_url, "broken:1")
        await asyncio.sleep(0.1)
        await worker.until_idle()

        assert RAN == ["broken", "broken"]
        assert await jobs.list_dead(database_url) == []


async def states(sessions: Sessions) -> dict[str, str]:
    """What the engine has written down of each job."""
    async with sessions() as session:
        schema = "dbos." if session.get_bind().dialect.name == "postgresql" else ""
        rows = await session.execute(
            text(f"SELECT workflow_uuid, status FROM {schema}workflow_status")
        )
        return {row[0]: row[1] for row in rows}


class TestAProgramThatIsKilled:
    async def test_is_no_failure_of_its_jobs_however_often(
        self, engine: AsyncEngine, sessions: Sessions, database_url: str
    ) -> None:
        async with unit_of_work(sessions) as session:
            await jobs.enqueue(session, "test.note", key="note:1", word="hello")
            # As often it was begun by a program that did not live to end it.
            schema = "dbos." if engine.dialect.name == "postgresql" else ""
            await session.execute(
                text(f"UPDATE {schema}workflow_status SET recovery_attempts = 100")
            )
        worker = worker_of(sessions, database_url)
        await worker.start()
        await worker.until_idle()
        dead = await jobs.list_dead(database_url)
        await worker.stop()

        assert (await notes(sessions), dead) == (1, [])


class TestStop:
    async def test_lets_jobs_end_and_waits_for_no_pause(
        self, sessions: Sessions, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        RAN.clear()
        BEGUN.update(tired=asyncio.Event(), slow=asyncio.Event())
        monkeypatch.setattr("kit.worker.STOP_SECONDS", 3_600.0)
        worker = worker_of(sessions, database_url)
        await worker.start()
        async with unit_of_work(sessions) as session:
            await jobs.enqueue(session, "test.tired", key="tired:1")
            await jobs.enqueue(session, "test.slow", key="slow:1")
        for begun in BEGUN.values():
            await begun.wait()

        await asyncio.wait_for(worker.stop(), timeout=120)

        assert RAN == ["slow"]
        assert await states(sessions) == {"tired:1": "PENDING", "slow:1": "SUCCESS"}


class TestDueTicks:
    after = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

    def test_all_of_them_in_order(self) -> None:
        ticks = due_ticks(
            jobs.Schedule("0 * * * *", "all"), self.after, self.after.replace(hour=11)
        )

        assert [tick.hour for tick in ticks] == [9, 10, 11]

    def test_only_the_newest(self) -> None:
        schedule = jobs.Schedule("0 * * * *", "latest")

        assert [t.hour for t in due_ticks(schedule, self.after, self.after.replace(hour=11))] == [
            11
        ]

    def test_none_before_its_time(self) -> None:
        soon = self.after + timedelta(minutes=29)

        assert due_ticks(jobs.Schedule("0 * * * *", "all"), self.after, soon) == []
        assert due_ticks(jobs.Schedule("0 * * * *", "latest"), self.after, soon) == []
