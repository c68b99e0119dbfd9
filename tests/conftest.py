"""Databases for the whole suite: SQLite and a PostgreSQL of our own, schema made by migrations."""

import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from kit import log, migrate, notes
from kit.crypto import Vault
from kit.db import Sessions, create_engine
from tests.postgres import Server, own_server

SHARED = Path(__file__).resolve().parents[2] / "shared"
# The default renderer draws every local variable of a traceback: a minute, and secrets.
log.configure("ERROR")

BOTH = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server a run: ours, or the one that TEST_DATABASE_URL names."""
    with own_server(os.environ.get("TEST_DATABASE_URL")) as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "kopa.db"
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with_wal_folded_in(path)
    return path


def with_wal_folded_in(path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@pytest.fixture(scope="session")
def postgres_template(postgres: Server) -> str:
    name = f"kopa_template_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    postgres.create(name)
    migrate.upgrade(postgres.url(name))
    return name


_numbers = itertools.count()


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database of its own for one test: commits are real."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "kopa.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'kopa.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    template_name: str = request.getfixturevalue("postgres_template")
    name = f"{template_name}_{next(_numbers)}"
    server.create(name, template=template_name)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a database of the test's own."""
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session", params=BOTH)
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One migrated database for many tests, each of which is rolled back."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path_factory.mktemp("shared") / "kopa.db"
        shutil.copy(template, path)
        return f"sqlite+aiosqlite:///{path}"
    server: Server = request.getfixturevalue("postgres")
    template_name: str = request.getfixturevalue("postgres_template")
    name = f"{template_name}_shared"
    server.create(name, template=template_name)
    return server.url(name)


@pytest.fixture(scope="session")
def shared_engine(shared_url: str) -> AsyncEngine:
    """It knows its statements from one test to the next; of its connections none stays open."""
    return create_engine(shared_url)


@pytest.fixture
async def connection(shared_engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with shared_engine.connect() as connection:
        transaction = await connection.begin()
        yield connection
        await transaction.rollback()
    await shared_engine.dispose()


@pytest.fixture
def sessions(connection: AsyncConnection, vault: Vault) -> Sessions:
    """Units of work that commit for the code under test and are undone after the test."""
    return async_sessionmaker(
        connection,
        expire_on_commit=False,
        join_transaction_mode="create_savepoint",
        info={"vault": vault},
    )


@pytest.fixture
async def session(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    async with sessions() as session, session.begin():
        yield session


@pytest.fixture
def now() -> datetime:
    """A Friday morning in Nairobi."""
    return datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault([b"m" * 32], b"i" * 32, notes.generate("kopa.example/ledger"))
