"""The database: one base for all tables, one unit of work, the same on SQLite and PostgreSQL."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    Executable,
    Insert,
    MetaData,
    Select,
    Table,
    bindparam,
    event,
    func,
    literal_column,
    make_url,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DisconnectionError, InternalError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from kit import sqlite
from kit.errors import TransientFailure
from kit.ids import new_id

PAUSE_SECONDS = 5.0
FORGOTTEN_SECONDS = 60
"""A program that is frozen in a transaction keeps its locks: then the server ends it."""
Sessions = async_sessionmaker[AsyncSession]
T = TypeVar("T", bound="Base")
_JSON = JSON().with_variant(postgresql.JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant. SQLite forgets time zones, so naive values never get in or out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        datetime: UtcDateTime,
        # Mapped[SomeEnum] over a plain string would read back a str, and `is` would be false.
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            length=60,
            values_callable=lambda members: [member.value for member in members],
        ),
        dict[str, Any]: _JSON,
        list[Any]: _JSON,
    }


class Row(Base):
    """A table whose rows are named by a time-ordered UUID."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


def create_engine(url: str) -> AsyncEngine:
    """An engine for `sqlite+aiosqlite:///file` or `postgresql+psycopg://…`."""
    if make_url(url).get_backend_name() == "sqlite":
        return sqlite.create_engine(url)
    # psycopg, not asyncpg: the job engine retries only psycopg's serialization failures.
    engine = create_async_engine(
        url, pool_size=10, max_overflow=10, hide_parameters=True, connect_args=_options(url)
    )
    _ping_after_a_pause(engine)
    return engine


def _options(url: str) -> dict[str, str]:
    """Whatever else is asked for in the address goes before."""
    if "options" in make_url(url).query:
        return {}
    return {"options": f"-cidle_in_transaction_session_timeout={FORGOTTEN_SECONDS}s"}


def unanswered(error: BaseException) -> str | None:
    """What a PostgreSQL that could not be reached says; None of every other failure."""
    from psycopg import OperationalError  # it is slow to load where the database is SQLite

    came_from = getattr(error, "orig", None)
    if isinstance(came_from, OperationalError) and came_from.sqlstate is None:
        return f"the database does not answer: {' '.join(str(came_from).split())}"
    return None


def sessions_of(bind: AsyncEngine | AsyncConnection, vault: object = None) -> Sessions:
    """Sessions on `bind`. `vault` opens personal data: `kit.crypto.vault_of(session)`."""
    return async_sessionmaker(bind, expire_on_commit=False, info={"vault": vault})


@asynccontextmanager
async def unit_of_work(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One transaction: committed when the block ends, rolled back when it raises.

    Raises TransientFailure when the database has ended it, because we were frozen for too long.
    """
    session = sessions()
    try:
        yield session
        # At once, and begun by its first statement: each await of a session costs a greenlet.
        await session.run_sync(_commit_and_close)
    except InternalError as fault:
        await asyncio.shield(session.close())
        if fault.connection_invalidated:
            raise TransientFailure("the database has ended the transaction") from fault
        raise
    except BaseException:
        await asyncio.shield(session.close())
        raise


@asynccontextmanager
async def reading(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """Only look, at what is committed: on SQLite too, this waits for nobody who writes."""
    session = sessions()
    try:
        await session.connection(execution_options={sqlite.ONLY_READS: True})
        yield session
    finally:
        await asyncio.shield(session.close())


def _commit_and_close(session: Session) -> None:
    session.commit()
    session.close()


async def insert_once(session: AsyncSession, model: type[Base], **values: Any) -> bool:
    """Insert unless a unique key is already taken. True when this call wrote the row."""
    statement = _insert_unless_taken(model, session.get_bind().dialect.name)
    written = await session.execute(statement, values)
    return written.first() is not None


async def lock_row(session: AsyncSession, model: type[T], *key: Any) -> T | None:
    """The row as it stands now; nobody else changes it until the transaction ends."""
    found: T | None = await session.scalar(
        _row_to_lock(model), {f"key_{n}": part for n, part in enumerate(key)}
    )
    return found


def constant(word: StrEnum) -> ColumnElement[str]:
    """A word of ours within a statement that is built once.

    SQLite plans a statement anew at every run when a partial index may depend on a parameter.
    """
    return literal_column(f"'{word.value}'")


def one_of(column: InstrumentedAttribute[Any], words: Iterable[StrEnum]) -> ColumnElement[bool]:
    """`column IN words`, for statements that are built once: IN is expanded at every run."""
    return or_(*(column == constant(word) for word in words))


async def lock_key(session: AsyncSession, key: str) -> None:
    """Hold `key` until the transaction ends. SQLite's single writer needs nothing more."""
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)
        await session.execute(_LOCK, {"number": number})


# Statements that every update of the bot needs are built once: building one costs about as much
# as running it.
_LOCK = select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger)))


@cache
def _row_to_lock(model: type[T]) -> Select[T]:
    query = select(model).with_for_update().execution_options(populate_existing=True)
    for n, column in enumerate(cast(Table, model.__table__).primary_key.columns):
        query = query.where(column == bindparam(f"key_{n}"))
    return query


@cache
def _insert_unless_taken(model: type[Base], dialect_name: str) -> Executable:
    table = cast(Table, model.__table__)
    dialect = postgresql if dialect_name == "postgresql" else sqlite_dialect
    statement: Insert = dialect.insert(table).on_conflict_do_nothing()
    # The row count is unknown to some drivers; a returned key is not.
    return statement.returning(*table.primary_key.columns)


def _ping_after_a_pause(engine: AsyncEngine) -> None:
    """Ask connections that were idle whether they still live; busy ones were answered just now.

    Asking at every checkout (`pool_pre_ping`) costs each transaction a trip more.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _note(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["returned"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _ask(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get("returned", time.monotonic()) < PAUSE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise DisconnectionError from None  # The pool opens another one.
