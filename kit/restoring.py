"""A mark in a database that is being restored: no program starts on it before that is finished.

It is a table of its own, so that it goes in the transaction that finishes the work. The copy of
SQLite that goes into a backup has it, too: whoever unpacks it by hand has not finished.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import NullPool

from kit import jobs
from kit.errors import RestoreUnfinished

TABLE = "restore_unfinished"
CREATE = f"CREATE TABLE IF NOT EXISTS {TABLE} (why TEXT)"
_DROP = f"DROP TABLE IF EXISTS {TABLE}"


def refuse(url: str) -> None:
    """Raise RestoreUnfinished where the mark is."""
    if is_marked(url):
        name = make_url(url).database
        raise RestoreUnfinished(
            f"{name} was not restored to its end, and orders in it may have left since: run"
            " `kopa restore` with the same file again, or `kopa restore --finish`"
        )


def is_marked(url: str) -> bool:
    with _begun(url) as connection:
        return inspect(connection).has_table(TABLE)


def begin(url: str) -> None:
    with _begun(url) as connection:
        connection.execute(text(CREATE))


def forget(url: str) -> None:
    """What was begun has changed nothing."""
    with _begun(url) as connection:
        connection.execute(text(_DROP))


async def end(session: AsyncSession) -> None:
    """Programs may start, once the transaction is there."""
    await session.execute(text(_DROP))


@contextmanager
def _begun(url: str) -> Iterator[Connection]:
    engine = create_engine(jobs.sync_url(url), poolclass=NullPool)
    with engine.begin() as connection:
        yield connection
