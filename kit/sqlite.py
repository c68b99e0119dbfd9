"""SQLite for asyncio: one writer after the other, and commits that share their flush to the disk.

A transaction takes its turn in this process by a fair queue (SQLite's own waiting sleeps and
tries again). A statement that is quick runs where it is asked: a trip to the connection's thread
costs ten times as much as reading a row. Whatever waits or takes long goes to that thread. A
commit returns when it is on the disk: those who commit at about the same time wait for one flush
together.
"""

import asyncio
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
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

ONLY_READS = "only_reads"
"""Execution option of a connection: its transaction takes no turn, and cannot write."""
_PATIENCE_SECONDS = 20
_LONG_SECONDS = 0.01
_LONG_RUNS = 2
"""One long run may have been an interruption."""
_STATEMENTS_AT_A_STRETCH = 16
"""Then others get their turn: statements that are run at once never wait by themselves."""
_COMMITS_A_CHECKPOINT = 100
_PREPARED = 1_000
"""Statements that a connection keeps ready: to prepare one takes longer than to run it."""
_PRAGMAS = (
    "journal_mode=WAL",
    "foreign_keys=ON",
    # The flush below makes a commit durable. SQLite itself still flushes around checkpoints,
    # and those are ours too: within a commit they would keep everybody waiting.
    "synchronous=NORMAL",
    "wal_autocheckpoint=0",
    # Erased keys are overwritten; not every build of SQLite does it by itself.
    "secure_delete=ON",
)
_FLEETING = ("journal_mode=MEMORY", "foreign_keys=ON", "synchronous=OFF", "temp_store=MEMORY")
Found = tuple[Any, Any, int, int | None]
"""Rows, description, row count, last row id."""
Work = Callable[[sqlite3.Connection, str, Sequence[Any]], Found]
_flush_file = getattr(os, "fdatasync", os.fsync)


def create_engine(url: str, *, is_fleeting: bool = False) -> AsyncEngine:
    """`is_fleeting`: nobody needs the database once the process has ended: nothing is flushed."""
    driver = _Driver(_Log(None if is_fleeting else make_url(url).database))
    pragmas = _FLEETING if is_fleeting else _PRAGMAS
    engine = create_async_engine(
        url,
        module=driver,
        # Used by two threads, never by both at once.
        connect_args={
            "check_same_thread": False,
            "timeout": 0,
            "cached_statements": _PREPARED,
        },
        pool_size=10,
        max_overflow=10,
        pool_timeout=60,
        pool_use_lifo=True,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: "_Connection", _record: object) -> None:
        connection.isolation_level = None  # We begin transactions ourselves, below.
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        driver: _Connection = connection.connection.dbapi_connection
        if connection.get_execution_options().get(ONLY_READS):
            driver.begin("BEGIN")  # It sees what is committed, and waits for nobody.
            return
        # A deferred transaction that turns into a writer fails with "database is locked"
        # at once; taking the write lock first waits for its turn instead.
        driver.take_turn()
        try:
            driver.begin("BEGIN IMMEDIATE")
        except BaseException:
            driver.leave()
            raise

    return engine


class _Log:
    """The write-ahead log of one database in this process: whose turn it is, what is flushed."""

    def __init__(self, database: str | None) -> None:
        self._database = database
        self.long_runs: dict[str, int] = {}
        """Statements that take long, and how often in a row they did."""
        self.turn = asyncio.Lock()
        self._queue = 0
        """So many wait for their turn."""
        self._flushing = asyncio.Lock()
        self._committed = 0
        self._flushed = 0
        self._folded = 0

    @property
    def is_lasting(self) -> bool:
        return bool(self._database)

    async def take_turn(self) -> None:
        if not (self.turn.locked() or self._queue):
            await self.turn.acquire()  # At once. A timeout costs more than the turn.
            return
        self._queue += 1
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.turn.acquire()
        except TimeoutError:
            # As SQLite says it, when another process has the lock for too long.
            locked = sqlite3.OperationalError("database is locked")
            raise OperationalError("BEGIN IMMEDIATE", None, locked) from None
        finally:
            self._queue -= 1

    async def flush(self) -> None:
        """Wait until everything that was committed before the call is on the disk."""
        assert self._database
        self._committed += 1
        mine = self._committed
        async with self._flushing:
            if self._flushed >= mine:
                return  # The flush that we waited for began after our commit.
            upto = self._committed
            await asyncio.to_thread(self._flush)
            self._flushed = upto
        if upto - self._folded >= _COMMITS_A_CHECKPOINT:
            self._folded = upto
            await asyncio.to_thread(_checkpoint, self._database)

    def _flush(self) -> None:
        try:
            log = os.open(f"{self._database}-wal", os.O_RDONLY)
        except FileNotFoundError:
            return  # Folded into the database, which flushed it, by the last one who closed.
        try:
            _flush_file(log)
        finally:
            os.close(log)

    def noted(self, operation: str, seconds: float) -> None:
        if seconds < _LONG_SECONDS:
            self.long_runs.pop(operation, None)
        else:
            self.long_runs[operation] = self.long_runs.get(operation, 0) + 1

    def is_long(self, operation: str) -> bool:
        return self.long_runs.get(operation, 0) >= _LONG_RUNS


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Execute, fetch and close in one go instead of four."""

    __slots__ = ("_found",)
    _awaitable_cursor_close = False
    _adapt_connection: "_Connection"

    def __init__(self, adapt_connection: "_Connection") -> None:
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

    def execute(self, operation: Any, parameters: Any = None) -> None:
        self._run(_execute, operation, parameters or ())

    def executemany(self, operation: Any, seq_of_parameters: Any) -> None:
        self._run(_execute_many, operation, seq_of_parameters)

    async def _async_soft_close(self) -> None:
        pass

    def _run(self, work: Work, operation: str, parameters: Sequence[Any]) -> None:
        rows, *found = self._adapt_connection.run(work, operation, parameters)
        self._rows, self._found = deque(rows), tuple(found)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ("_away", "_has_turn", "_log", "_statements")
    _cursor_cls: type[AsyncAdapt_aiosqlite_cursor] = _Cursor

    def __init__(self, dbapi: Any, connection: Any, log: _Log) -> None:
        super().__init__(dbapi, connection)
        self._log = log
        self._has_turn = False
        self._statements = 0
        self._away: list[None] = []
        """Something as long as the connection's thread works, even for one who was cancelled."""

    def run(self, work: Work, operation: str, parameters: Sequence[Any] = ()) -> Found:
        try:
            return await_only(self._run(work, operation, parameters))
        except Exception as error:
            self._handle_exception(error)

    async def _run(self, work: Work, operation: str, parameters: Sequence[Any]) -> Found:
        """Here if it is quick, else on the connection's thread."""
        if self._away or self._log.is_long(operation):
            return await self._run_away(work, operation, parameters)
        self._statements += 1
        if self._statements % _STATEMENTS_AT_A_STRETCH == 0:
            await asyncio.sleep(0)
        try:
            return self._timed(work, operation, parameters)
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
        # Another process writes. Nothing has happened yet, so it can be said again.
        return await self._run_away(work, operation, parameters)

    async def _run_away(self, work: Work, operation: str, parameters: Sequence[Any]) -> Found:
        async with self._execute_mutex:
            self._away.append(None)
            found: Found = await self._connection._execute(
                self._patiently, work, operation, parameters
            )
            return found

    def _patiently(self, work: Work, operation: str, parameters: Sequence[Any]) -> Found:
        connection: sqlite3.Connection = self._connection._conn
        try:
            connection.execute(f"PRAGMA busy_timeout={_PATIENCE_SECONDS * 1000:.0f}")
            return self._timed(work, operation, parameters)
        finally:
            connection.execute("PRAGMA busy_timeout=0")
            self._away.pop()

    def _timed(self, work: Work, operation: str, parameters: Sequence[Any]) -> Found:
        started = time.perf_counter()
        found = work(self._connection._conn, operation, parameters)
        self._log.noted(operation, time.perf_counter() - started)
        return found

    def take_turn(self) -> None:
        await_only(self._log.take_turn())
        self._has_turn = True

    def begin(self, how: str) -> None:
        """Not as a statement: what happens around each of those costs ten times as much."""
        try:
            self.run(_execute, how)
        except self.dbapi.Error as error:
            raise OperationalError(how, None, error) from error

    def leave(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._log.turn.release()

    def commit(self) -> None:
        has_written = self._has_turn
        try:
            self.run(_commit, "COMMIT")
        except BaseException:
            # A constraint that is looked at last: SQLite leaves the transaction open, and whoever
            # committed holds it for ended.
            self.rollback()
            raise
        self.leave()  # The next one may write while we wait for the disk.
        if has_written and self._log.is_lasting:
            await_only(self._log.flush())

    def rollback(self) -> None:
        try:
            # The pool rolls back whatever is returned to it: mostly there is nothing to undo.
            if self._away or self._connection.in_transaction:
                self.run(_roll_back, "ROLLBACK")
        finally:
            self.leave()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.leave()

    async def _terminate_graceful_close(self) -> None:
        # Of one who was cancelled within a statement: the thread finishes it before it closes.
        try:
            await super()._terminate_graceful_close()
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
        plain = super().connect(*arg, **kw, async_creator_fn=_open)
        return _Connection(self, plain._connection, self._log)


async def _open(*arg: Any, **kw: Any) -> aiosqlite.Connection:
    connection = aiosqlite.connect(*arg, **kw)
    connection._thread.daemon = True
    try:
        return await connection
    except BaseException:
        # Given up: its thread still answers to this loop, which must not end before it does.
        await asyncio.to_thread(connection._thread.join)
        raise


def _execute(connection: sqlite3.Connection, operation: str, parameters: Sequence[Any]) -> Found:
    return _finished(connection.execute(operation, parameters))


def _execute_many(
    connection: sqlite3.Connection, operation: str, parameters: Sequence[Sequence[Any]]
) -> Found:
    return _finished(connection.executemany(operation, parameters))


def _commit(connection: sqlite3.Connection, _operation: str, _parameters: Sequence[Any]) -> Found:
    connection.commit()
    return (), None, -1, None


def _roll_back(
    connection: sqlite3.Connection, _operation: str, _parameters: Sequence[Any]
) -> Found:
    connection.rollback()
    return (), None, -1, None


def _finished(cursor: sqlite3.Cursor) -> Found:
    try:
        rows = cursor.fetchall() if cursor.description else ()
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


def _is_busy(error: sqlite3.OperationalError) -> bool:
    # The lowest byte is the error itself, the others say more about it.
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _checkpoint(database: str) -> None:
    """Fold the log into the database. When it fails nothing is lost: the next one does more."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
