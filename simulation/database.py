"""A database for each world: a copy of a migrated one, that nobody needs once the world ends."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kit import db, migrate, sqlite
from migrations.tables import load_models


@contextmanager
def folder() -> Iterator[Path]:
    """In memory where the system has such a place."""
    memory = Path("/dev/shm")  # noqa: S108
    where = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kopa-simulation-", dir=where) as name:
        yield Path(name)


def make_template(path: Path) -> None:
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


@asynccontextmanager
async def on_sqlite(template: Path) -> AsyncIterator[AsyncEngine]:
    """One process simulates one world after the other, in the same file."""
    path = template.parent / f"world-{os.getpid()}.db"
    shutil.copyfile(template, path)
    engine = _engine_of(f"sqlite+aiosqlite:///{path}")
    try:
        yield engine
    finally:
        await engine.dispose()
        path.unlink()


@contextmanager
def template_on(server: str) -> Iterator[str]:
    """A migrated database on a PostgreSQL server; `server` names any database of it."""
    name = f"kopa_simulation_{os.getpid()}"
    asyncio.run(_run_on(server, f'CREATE DATABASE "{name}"'))
    try:
        migrate.upgrade(_url(server, name))
        yield name
    finally:
        asyncio.run(_run_on(server, f'DROP DATABASE "{name}"'))


def _url(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@asynccontextmanager
async def on_postgresql(server: str, template: str) -> AsyncIterator[AsyncEngine]:
    name = f"{template}_{os.getpid()}"
    await _run_on(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    engine = _engine_of(_url(server, name))
    try:
        yield engine
    finally:
        await engine.dispose()
        await _run_on(server, f'DROP DATABASE "{name}"')


@cache
def _engine_of(url: str) -> AsyncEngine:
    """One for all worlds of a process: what was compiled for one serves the next."""
    load_models()
    if make_url(url).get_backend_name() == "sqlite":
        return sqlite.create_engine(url, is_fleeting=True)
    return db.create_engine(url)


async def _run_on(server: str, statement: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
