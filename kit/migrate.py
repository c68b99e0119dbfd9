"""Bring a database to the newest schema: our tables and the job engine's."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, make_url, select

from kit import jobs, restoring

_LOCK = 7_270_001
_ROOT = Path(__file__).resolve().parent.parent


def alembic_config(url: str) -> Config:
    config = Config(_ROOT / "alembic.ini")
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    config.attributes["url"] = url
    return config


def upgrade(url: str, *, is_restoring: bool = False) -> None:
    """Safe to call from many programs that start at once: the first one does the work.

    Raises RestoreUnfinished to whoever does not finish the restore himself.
    """
    with alone(url):
        if not is_restoring:
            restoring.refuse(url)
        command.upgrade(alembic_config(url), "head")
        jobs.migrate(url)


def knows(revision: str) -> bool:
    """False when the schema is newer than this program."""
    scripts = ScriptDirectory.from_config(alembic_config(""))
    return any(revision == script.revision for script in scripts.walk_revisions())


@contextmanager
def alone(url: str) -> Iterator[None]:
    """An embedded database has one program; on PostgreSQL the others wait for their turn."""
    if make_url(url).get_backend_name() == "sqlite":
        yield
        return
    engine = create_engine(jobs.sync_url(url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            # Asking again and again: whoever waits inside a statement holds a snapshot, and the
            # engine's migrations build indexes concurrently, which waits for all snapshots.
            while not connection.scalar(select(func.pg_try_advisory_lock(_LOCK))):
                time.sleep(0.1)
            # Held by the connection: losing the program gives the lock back.
            yield
            connection.execute(select(func.pg_advisory_unlock(_LOCK)))
    finally:
        engine.dispose()
