"""SQLite for asyncio: one writer after the other, and commits that share their flush to the disk.

A transaction takes its turn in this process by a fair queue (SQLite's own waiting sleeps and
tries again), each statement makes one trip to its connection's thread, and a commit returns when
it is on the disk: those who commit at about the same time wait for one flush together.
"""

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import event, make_url
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

_PATIENCE_SECONDS = 20
_PRAGMAS = (
    "journal_mode=WAL",
    f"busy_timeout={_PATIENCE_SECONDS * 1000}",
    "foreign_keys=ON",
    # The flush below makes a commit durable. SQLite itself still flushes around checkpoints.
    "synchronous=NORMAL",
)
_flush_file = getattr(os, "fdatasync", os.fsync)


def create_engine(url: str) -> AsyncEngine:
    driver = _Driver(_Log(make_url(url).database))
    engine = create_async_engine(
        url, module=driver, pool_size=10, max_overflow=10, pool_timeout=60, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: "_Connection", _record: object) -> None:
        connection.isolation_level = None  # We begin transactions ourselves, below.
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        # A deferred transaction that turns into a writer fails with "database is locked"
        # at once; taking the write lock first waits for its turn instead.
        driver: _Connection = connection.connection.dbapi_connection
        driver.take_turn()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            driver.leave()
            raise

    return engine


class _Log:
    """The write-ahead log of one database in this process: whose turn it is, what is flushed."""

    def __init__(self, database: str | None) -> None:
        self._path = Path(f"{database}-wal") if database else None
        self.turn = asyncio.Lock()
        self._flushing = asyncio.Lock()
        self._committed = 0
        self._flushed = 0

    async def take_turn(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.turn.acquire()
        except TimeoutError:
            # As SQLite says it, when another process has the lock for too long.
            locked = sqlite3.OperationalError("database is locked")
            raise OperationalError("BEGIN IMMEDIATE", None, locked) from None

    async def flush(self) -> None:
        """Wait until everything that was committed before the call is on the disk."""
        self._committed += 1
        mine = self._committed
        async with self._flushing:
            if self._flushed >= mine:
                return  # The flush that we waited for began after our commit.
            upto = self._committed
            await asyncio.to_thread(self._flush)
            self._flushed = upto

    def _flush(self) -> None:
        if self._path is None:
            return
        try:
            log = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return  # Folded into the database, which flushed it, by the last one who closed.
        try:
            _flush_file(log)
        finally:
            os.close(log)


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Execute, fetch and close in one trip to the connection's thread instead of four."""

    __slots__ = ("_found",)
    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._found: tuple[Any, int, int | None] = (None, -1, None)

    @property
    def description(self) -> Any:
        return self._found[0]

    @property
    def rowcount(self) -> int:
        return self._found[1]

    @property
    def lastrowid(self) -> Any:
        return self._found[2]

    def close(self) -> None:
        self._rows.clear()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._trip(_execute, operation, parameters or ())

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._trip(_execute_many, operation, seq_of_parameters)

    async def _async_soft_close(self) -> None:
        pass

    async def _trip(self, work: Any, operation: str, parameters: Any) -> None:
        connection: Any = self._connection
        async with self._adapt_connection._execute_mutex:
            rows, *found = await connection._execute(work, connection._conn, operation, parameters)
        self._rows, self._found = deque(rows), tuple(found)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ("_has_turn", "_log")
    _cursor_cls: type[AsyncAdapt_aiosqlite_cursor] = _Cursor

    def __init__(self, dbapi: Any, connection: Any, log: _Log) -> None:
        super().__init__(dbapi, connection)
        self._log = log
        self._has_turn = False

    def take_turn(self) -> None:
        await_only(self._log.take_turn())
        self._has_turn = True

    def leave(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._log.turn.release()

    def commit(self) -> None:
        has_written = self._has_turn
        super().commit()
        self.leave()  # The next one may write while we wait for the disk.
        if has_written:
            await_only(self._log.flush())

    def rollback(self) -> None:
        try:
            # The pool rolls back whatever is returned to it: mostly there is nothing to undo.
            if self._connection.in_transaction:
                super().rollback()
        finally:
            self.leave()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.leave()

    def _terminate_force_close(self) -> None:
        try:
            super()._terminate_force_close()
        finally:
            self.leave()


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def __init__(self, log: _Log) -> None:
        super().__init__(aiosqlite, sqlite3)
        self._log = log

    def connect(self, *arg: Any, **kw: Any) -> _Connection:
        plain = super().connect(*arg, **kw)
        return _Connection(self, plain._connection, self._log)


def _execute(
    connection: sqlite3.Connection, operation: str, parameters: Sequence[Any]
) -> tuple[Any, ...]:
    return _finished(connection.execute(operation, parameters))


def _execute_many(
    connection: sqlite3.Connection, operation: str, parameters: Sequence[Sequence[Any]]
) -> tuple[Any, ...]:
    return _finished(connection.executemany(operation, parameters))


def _finished(cursor: sqlite3.Cursor) -> tuple[Any, ...]:
    try:
        rows = cursor.fetchall() if cursor.description else ()
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()
