"""A lender's place with a database and keys, and an empty one to which it moves."""

import asyncio
import gzip
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

import psycopg
import pytest
from alembic.script import ScriptDirectory
from click.testing import CliRunner, Result

from cli.installation import opened
from cli.main import kopa
from kit import audit, migrate, sealed_files
from kit.clock import SystemClock
from kit.config import Settings
from kit.crypto import Vault
from kit.db import create_engine, sessions_of, unit_of_work
from kit.errors import RestoreUnfinished
from kit.jobs import sync_url
from tests.servicing.lending import Lender, kes

CANARY = "Zawadi-Achieng-0712345678"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(kopa, [str(word) for word in words])


def done(*words: str | Path) -> Result:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result


def said(result: Result) -> str:
    assert result.exit_code != 0, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


@dataclass
class Place:
    """Where a lender keeps a database; and another one, where nothing is yet."""

    url: str
    fresh: str
    folder: Path
    vault: Vault
    now: datetime
    environment: pytest.MonkeyPatch

    @property
    def file(self) -> Path:
        return self.folder / "kopa.age"

    def moves(self) -> None:
        """To a new machine, with the keys."""
        self.environment.setenv("KOPA_DATABASE_URL", self.fresh)

    async def lends(self) -> None:
        await self.lends_at(self.url)

    async def lends_at(self, url: str) -> None:
        engine = create_engine(url)
        sessions = sessions_of(engine, self.vault)
        lender = Lender(sessions, self.now)
        loan = await lender.lends()
        await lender.receives(loan, kes(30_100), rail_reference=f"wallet:{loan.reference}")
        await lender.lends()
        await lender.opens()  # Its money waits to be sent.
        async with unit_of_work(sessions) as session:
            audit.record(session, actor="system", action="drill", subject=CANARY, now=self.now)
        await engine.dispose()

    async def receives_until(self, stopped: Event, begun: Event) -> None:
        """Money comes in all the time."""
        engine = create_engine(self.url)
        lender = Lender(sessions_of(engine, self.vault), self.now)
        loan = await lender.lends()
        while not stopped.is_set():
            await lender.receives(loan, kes(1), rail_reference=f"busy:{lender.payments}")
            if lender.payments == 20:
                begun.set()
        await engine.dispose()


def count(url: str, table: str) -> int:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.partition(":///")[2])) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    with psycopg.connect(sync_url(url).replace("+psycopg", "")) as server:
        row = server.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        return int(row[0])


def change(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.partition(":///")[2])) as connection, connection:
            connection.execute(statement)
        return
    with psycopg.connect(sync_url(url).replace("+psycopg", "")) as server:
        server.execute(statement)


def newest_schema() -> str:
    found = ScriptDirectory.from_config(migrate.alembic_config("")).get_current_head()
    assert found is not None
    return found


def statuses(url: str) -> list[str]:
    query = "SELECT status FROM payouts ORDER BY id"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.partition(":///")[2])) as connection:
            return [row[0] for row in connection.execute(query)]
    with psycopg.connect(sync_url(url).replace("+psycopg", "")) as server:
        return [row[0] for row in server.execute(query)]


def starts(place: Place) -> str:
    result = run("staff", "add", "Uma Njeri", "--role", "underwriter")
    if result.exit_code == 0:
        return "starts"
    assert "was not restored to its end" in said(result)

    async def opens() -> None:
        async with opened(Settings(), SystemClock()):
            raise AssertionError("it has started")

    with pytest.raises(RestoreUnfinished):
        asyncio.run(opens())
    return "was not restored to its end"


def unpack(place: Place) -> None:
    """As the runbook says, without Kopa."""
    key = (place.folder / "var" / "backup.key").read_text()
    with sealed_files.reading(place.file, key) as sealed:
        dump = gzip.decompress(sealed.read()).partition(b"\n")[2]
    if place.fresh.startswith("sqlite"):
        path = Path(place.fresh.partition(":///")[2])
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(dump)
        return
    address = sync_url(place.fresh).replace("+psycopg", "")
    with psycopg.connect(address) as server:
        server.execute("CREATE TABLE restore_unfinished ()")
    subprocess.run(["pg_restore", "-d", address, "--no-owner"], input=dump, check=True)
