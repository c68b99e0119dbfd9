"""Our way with SQLite: turns in order, one trip a statement, one flush for many commits."""

import asyncio
import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from kit import sqlite
from kit.db import create_engine, sessions_of, unit_of_work


@pytest.fixture
async def lone(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(f"sqlite+aiosqlite:///{tmp_path / 'one.db'}")

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.create_function("pause", 1, time.sleep)
        connection.create_function("thread", 0, threading.get_ident)

    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE things (name TEXT PRIMARY KEY)"))
    yield engine
    await engine.dispose()


async def add(engine: AsyncEngine, name: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO things VALUES (:name)"), {"name": name})


async def names(engine: AsyncEngine) -> list[str]:
    async with engine.begin() as connection:
        return list(await connection.scalars(text("SELECT name FROM things ORDER BY rowid")))


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], list[int]]:
    """Look at the flushes to the disk: what is given runs before each of them."""

    def watch(before: Callable[[], None]) -> list[int]:
        flushed: list[int] = []

        def flush(descriptor: int) -> None:
            before()
            os.fsync(descriptor)
            flushed.append(descriptor)

        monkeypatch.setattr(sqlite, "_flush_file", flush)
        return flushed

    return watch


class TestCommit:
    async def test_returns_when_the_log_is_on_the_disk(
        self, lone: AsyncEngine, watched: Callable[[Callable[[], None]], list[int]]
    ) -> None:
        may_go_on = threading.Event()
        flushed = watched(lambda: assert_true(may_go_on.wait(10)))
        adding = asyncio.ensure_future(add(lone, "a"))
        await asyncio.sleep(0.2)
        assert not adding.done()
        may_go_on.set()
        await adding
        assert len(flushed) == 1

    async def test_shares_its_flush_with_those_who_wait(
        self, lone: AsyncEngine, watched: Callable[[Callable[[], None]], list[int]]
    ) -> None:
        may_go_on = threading.Event()
        flushed = watched(lambda: assert_true(may_go_on.wait(10)))
        first = asyncio.ensure_future(add(lone, "first"))
        others = [asyncio.ensure_future(add(lone, f"other {n}")) for n in range(8)]
        while seen_from_outside(lone) < 9:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        may_go_on.set()
        await asyncio.gather(first, *others)
        assert len(flushed) <= 3
        assert len(await names(lone)) == 9

    async def test_fails_when_the_disk_does(
        self, lone: AsyncEngine, watched: Callable[[Callable[[], None]], list[int]]
    ) -> None:
        def fail() -> None:
            raise OSError("the disk is gone")

        watched(fail)
        with pytest.raises(OSError, match="the disk is gone"):
            await add(lone, "a")

    async def test_that_a_late_constraint_refuses_keeps_nobody_waiting(
        self, lone: AsyncEngine
    ) -> None:
        async with lone.begin() as connection:
            await connection.execute(
                text("CREATE TABLE parts (of TEXT REFERENCES things DEFERRABLE INITIALLY DEFERRED)")
            )
        sessions = sessions_of(lone)
        with pytest.raises(IntegrityError):
            async with unit_of_work(sessions) as session:
                await session.execute(text("INSERT INTO parts VALUES ('nothing')"))

        async with asyncio.timeout(5), unit_of_work(sessions) as session:
            assert list(await session.scalars(text("SELECT of FROM parts"))) == []

    async def test_survives_a_reader_that_saw_it_before_the_flush(self, lone: AsyncEngine) -> None:
        await add(lone, "a")
        assert await names(lone) == ["a"]


class TestTurns:
    async def test_let_nobody_write_over_what_another_read(self, lone: AsyncEngine) -> None:
        async def add_after_counting() -> None:
            async with lone.begin() as connection:
                count = await connection.scalar(text("SELECT count(*) FROM things"))
                await asyncio.sleep(0)
                await connection.execute(
                    text("INSERT INTO things VALUES (:name)"), {"name": str(count)}
                )

        await asyncio.gather(*(add_after_counting() for _ in range(15)))
        assert await names(lone) == [str(n) for n in range(15)]

    async def test_end_with_a_rollback(self, lone: AsyncEngine) -> None:
        await add(lone, "a")
        for _ in range(3):
            with pytest.raises(IntegrityError):
                await add(lone, "a")
        await add(lone, "b")
        assert await names(lone) == ["a", "b"]

    async def test_end_when_the_holder_is_cancelled(self, lone: AsyncEngine) -> None:
        async def hold() -> None:
            async with lone.begin() as connection:
                await connection.execute(text("INSERT INTO things VALUES ('held')"))
                await asyncio.sleep(30)

        holding = asyncio.ensure_future(hold())
        await asyncio.sleep(0.1)
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        await asyncio.wait_for(add(lone, "next"), 5)
        assert await names(lone) == ["next"]

    async def test_end_when_a_waiting_one_is_cancelled(self, lone: AsyncEngine) -> None:
        async with lone.begin() as connection:
            waiting = asyncio.ensure_future(add(lone, "never"))
            await asyncio.sleep(0.1)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await connection.execute(text("INSERT INTO things VALUES ('a')"))
        await asyncio.wait_for(add(lone, "b"), 5)
        assert await names(lone) == ["a", "b"]

    async def test_are_given_up_after_a_while(
        self, lone: AsyncEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "_PATIENCE_SECONDS", 0.1)
        async with lone.begin():
            with pytest.raises(OperationalError, match="locked"):
                await add(lone, "never")


class TestStatements:
    async def test_say_how_many_rows_they_changed(self, lone: AsyncEngine) -> None:
        async with lone.begin() as connection:
            rows = [{"name": name} for name in "abc"]
            await connection.execute(text("INSERT INTO things VALUES (:name)"), rows)
            changed = await connection.execute(text("UPDATE things SET name = name || '!'"))
            assert changed.rowcount == 3
        assert await names(lone) == ["a!", "b!", "c!"]

    async def test_are_refused_as_before(self, lone: AsyncEngine) -> None:
        with pytest.raises(OperationalError, match="no such table"):
            async with lone.begin() as connection:
                await connection.execute(text("SELECT * FROM nowhere"))


class TestWhereStatementsRun:
    async def test_quick_ones_where_they_are_asked(self, lone: AsyncEngine) -> None:
        assert {await thread_of(lone) for _ in range(5)} == {threading.get_ident()}

    async def test_long_ones_elsewhere_until_they_are_quick_again(self, lone: AsyncEngine) -> None:
        here = threading.get_ident()
        taken = [await thread_of(lone, seconds=0.03) for _ in range(4)]
        assert [thread == here for thread in taken] == [True, True, False, False]
        assert await thread_of(lone) != here
        assert await thread_of(lone) == here

    async def test_elsewhere_when_another_program_writes(self, lone: AsyncEngine) -> None:
        assert lone.url.database is not None
        other = sqlite3.connect(lone.url.database, isolation_level=None)
        with contextlib.closing(other):
            other.execute("BEGIN IMMEDIATE")
            adding = asyncio.ensure_future(add(lone, "after"))
            for _ in range(10):
                await asyncio.sleep(0.01)  # The loop goes on meanwhile.
            assert not adding.done()
            other.execute("COMMIT")
        await asyncio.wait_for(adding, 5)
        assert await names(lone) == ["after"]

    async def test_one_that_is_given_up_leaves_nothing_behind(self, lone: AsyncEngine) -> None:
        for _ in range(2):
            await thread_of(lone, seconds=0.03)

        async def hold() -> None:
            async with lone.begin() as connection:
                await connection.execute(text("INSERT INTO things VALUES ('never')"))
                await connection.execute(_WHERE, {"seconds": 0.5})

        holding = asyncio.ensure_future(hold())
        await asyncio.sleep(0.1)
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        await asyncio.wait_for(add(lone, "next"), 5)
        assert await names(lone) == ["next"]

    async def test_others_get_their_turn_between_them(self, lone: AsyncEngine) -> None:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        counting = asyncio.ensure_future(count())
        async with lone.begin() as connection:
            before = turns
            for _ in range(200):
                await connection.execute(text("SELECT 1"))
            assert turns - before >= 10
        counting.cancel()


class TestAnEndedLoop:
    def test_is_not_answered_by_a_connection_that_was_being_opened(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failed: list[BaseException | None] = []
        monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_value))

        async def begin_and_leave(steps: int) -> None:
            engine = create_engine(f"sqlite+aiosqlite:///{tmp_path / 'one.db'}")

            async def read() -> None:
                async with engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))

            reading = asyncio.ensure_future(read())
            for _ in range(steps):
                await asyncio.sleep(0)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await engine.dispose()

        for steps in range(40):
            asyncio.run(begin_and_leave(steps))
        for thread in threading.enumerate():
            if "_connection_worker_thread" in thread.name:
                thread.join(5)

        assert not failed


class TestTheLog:
    async def test_is_folded_into_the_database(
        self, lone: AsyncEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "_COMMITS_A_CHECKPOINT", 10)
        for n in range(120):
            await add(lone, f"thing {n}")
        assert size_of_log(lone) < 60 * 4096
        assert len(await names(lone)) == 120


_WHERE = text("SELECT pause(:seconds), thread()")


async def thread_of(engine: AsyncEngine, *, seconds: float = 0.0) -> int:
    """Which thread runs a statement that takes so long."""
    async with engine.begin() as connection:
        _, thread = (await connection.execute(_WHERE, {"seconds": seconds})).one()
    return int(thread)


def seen_from_outside(engine: AsyncEngine) -> int:
    """Rows that another program would see: committed, whether or not flushed."""
    assert engine.url.database is not None
    with contextlib.closing(sqlite3.connect(engine.url.database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM things").fetchone()
    return int(count)


def size_of_log(engine: AsyncEngine) -> int:
    return Path(f"{engine.url.database}-wal").stat().st_size


def assert_true(value: bool) -> None:
    assert value
