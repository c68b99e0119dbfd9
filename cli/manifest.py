"""What a backup says about itself: from when it is, and what was in the database then."""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, inspect, select, text
from sqlalchemy import table as table_of
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from kit import restoring
from kit.db import create_engine
from servicing.ledger import sealing
from servicing.ledger.models import Entry

FORMAT = 1
"""Of the file: a line of JSON, then the dump; compressed with gzip, sealed with age."""


class NoBackup(Exception):
    """Not written by `kopa backup`."""


@dataclass(frozen=True)
class Contents:
    revision: str
    """Of the schema."""
    rows: dict[str, int]
    """By table."""
    entries: int
    """In the ledger."""
    sealed: int
    """As many of them are in the tree whose root this is (base64, as in a checkpoint)."""
    root: str


@dataclass(frozen=True)
class Manifest:
    made_at: str
    database: str
    """Kind: a dump of one kind does not go into another."""
    contents: Contents
    index_key: str = ""
    """A name of the key by which persons are found again; empty in backups of before."""

    def line(self) -> bytes:
        return json.dumps({"kopa_backup": FORMAT, **asdict(self)}).encode() + b"\n"


def parse(line: bytes) -> Manifest:
    try:
        given: dict[str, Any] = json.loads(line)
        if given.pop("kopa_backup") != FORMAT:
            raise NoBackup("it was written by a newer Kopa")
        return Manifest(**(given | {"contents": Contents(**given["contents"])}))
    except (ValueError, KeyError, TypeError):
        raise NoBackup("it is no backup of Kopa") from None


async def describe(
    url: str, kind: str, *, snapshot: str | None, index_key: str, now: datetime
) -> Manifest:
    made_at = now.isoformat(timespec="seconds")
    return Manifest(made_at, kind, await contents(url, snapshot), index_key)


async def contents(url: str, snapshot: str | None = None) -> Contents:
    """What is in the database now, or at the moment of `snapshot`."""
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            if snapshot is not None:
                await connection.execution_options(isolation_level="REPEATABLE READ")
                # It has no parameters; the name came from the database itself.
                await connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            return await _contents(connection)
    finally:
        await engine.dispose()


async def _contents(connection: AsyncConnection) -> Contents:
    tables = await connection.run_sync(_tables)
    rows = {
        f"{schema}.{name}" if schema else name: int(
            await connection.scalar(select(func.count()).select_from(table_of(name, schema=schema)))
            or 0
        )
        for schema, name in tables
    }
    async with AsyncSession(connection) as session:
        last = await sealing.newest(session)
        size = last.seq if last is not None else 0
        return Contents(
            revision=str(await session.scalar(text("SELECT version_num FROM alembic_version"))),
            rows=rows,
            entries=await session.scalar(select(func.count(Entry.id))) or 0,
            sealed=size,
            root=base64.b64encode(await sealing.root(session, size)).decode(),
        )


def _tables(connection: Any) -> list[tuple[str | None, str]]:
    inspector = inspect(connection)
    if connection.dialect.name == "sqlite":
        found: list[tuple[str | None, str]] = [
            (None, name) for name in sorted(inspector.get_table_names())
        ]
    else:
        schemas = [name for name in inspector.get_schema_names() if name != "information_schema"]
        found = [(schema, name) for schema in schemas for name in inspector.get_table_names(schema)]
    return [(schema, name) for schema, name in found if name != restoring.TABLE]
