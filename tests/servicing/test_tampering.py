"""Whatever bit is changed in ledger, chain, tree or checkpoints, by whoever can: it is found.

`MUTATIONS=10000 pytest tests/servicing/test_tampering.py` changes as many bits as one likes, of
another seed with `SEED=…`.
"""

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from kit import notes
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from kit.money import Money
from servicing.ledger import posting, sealing, tampering
from servicing.ledger.invariants import Violation
from servicing.ledger.models import Checkpoint, Entry, Line, Seal
from servicing.ledger.rules import EntryKind, Event
from tests.servicing.sealed import ON, posts

MUTATIONS = int(os.environ.get("MUTATIONS", "200"))
SEED = int(os.environ.get("SEED", "20261122"))
COLUMNS = [
    *(("ledger_entries", "id", column.key) for column in sa.inspect(Entry).columns),
    *(("ledger_lines", "id", column.key) for column in sa.inspect(Line).columns),
    *(("ledger_seals", "seq", column.key) for column in sa.inspect(Seal).columns),
    *(("ledger_checkpoints", "size", column) for column in ("size", "note")),
]
"""Table, its key, and what is changed."""
TABLES = ("ledger_entries", "ledger_lines", "ledger_seals", "ledger_checkpoints")


@pytest.fixture
def keys(vault: Vault) -> list[str]:
    assert vault.signer is not None
    return [vault.signer.public]


@pytest.fixture
async def books(
    engine: AsyncEngine, own_sessions: Sessions, vault: Vault, now: datetime
) -> AsyncEngine:
    """Sealed and signed in two steps, with all that an entry can have, and nothing on guard."""
    assert vault.signer is not None
    await open_all_doors(engine)
    for n in range(2):
        async with unit_of_work(own_sessions) as session:
            first, *_ = await posts(session, now, 6, loan_id=UUID(int=n + 1))
            await posting.reverse(session, first, on=ON, now=now)
            await posting.post(
                session, EntryKind.SUSPENSE, (Event.UNMATCHED_RECEIVED, Money(5, "USD")),
                reference=f"suspense:wallet:W{n}", on=ON, now=now,
            )  # fmt: skip
            await sealing.seal(session)
            await sealing.sign(session, vault.signer, now=now)
    return engine


async def open_all_doors(engine: AsyncEngine) -> None:
    """What is repaid here, nobody owes: no trigger is left, or the floor is gone."""
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            await connection.execute(sa.text("INSERT INTO ledger_floors (holds) VALUES (0)"))
            return
        await drop_triggers(connection)


async def drop_triggers(connection: AsyncConnection) -> None:
    """Of SQLite."""
    names = await connection.scalars(
        sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    )
    for name in names.all():
        await connection.execute(sa.text(f"DROP TRIGGER {name}"))


@asynccontextmanager
async def undone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """What a master of the database could do, and then it has not happened."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        if engine.dialect.name == "sqlite":
            await connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        else:
            await connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        yield connection
        await transaction.rollback()


async def found_in(connection: AsyncConnection, keys: list[str], *outside: str) -> Violation | None:
    sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(
        connection, join_transaction_mode="create_savepoint"
    )
    return await tampering.first(sessions, keys, outside)


def changed(value: Any, dice: random.Random) -> Any:
    """The value with one bit the other way round."""
    if isinstance(value, bytes):
        at = dice.randrange(len(value) * 8)
        flipped = bytearray(value)
        flipped[at // 8] ^= 1 << at % 8
        return bytes(flipped)
    if isinstance(value, int):
        return value ^ 1 << dice.randrange(62)
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1 << dice.randrange(128))
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1 << dice.randrange(40))
    if isinstance(value, date):
        return date.fromordinal(value.toordinal() ^ 1 << dice.randrange(16))
    at = dice.randrange(len(value))
    return value[:at] + chr(ord(value[at]) ^ 1 << dice.randrange(5)) + value[at + 1 :]


async def change_a_bit(connection: AsyncConnection, dice: random.Random) -> str | None:
    """Says what was changed; None when the database itself has refused it."""
    table, key, column = dice.choice(COLUMNS)
    is_sqlite = connection.dialect.name == "sqlite"
    read = f"CAST({column} AS BLOB), typeof({column})" if is_sqlite else f"{column}, 'text'"
    rows = await connection.execute(
        sa.text(f"SELECT {key}, {read} FROM {table} WHERE {column} IS NOT NULL ORDER BY {key}")
    )
    name, value, kind = dice.choice(rows.all())
    if kind == "integer":
        value = int(value)
    new = changed(value, dice)
    written = "CAST(:new AS TEXT)" if is_sqlite and kind == "text" else ":new"
    try:
        await connection.execute(
            sa.text(f"UPDATE {table} SET {column} = {written} WHERE {key} = :key"),
            {"new": new, "key": name},
        )
    except DBAPIError:
        return None
    return f"{table}.{column} of {name}: {value!r} became {new!r}"


class TestAnyBit:
    async def test_that_was_changed_is_found(self, books: AsyncEngine, keys: list[str]) -> None:
        dice = random.Random(SEED)
        unnoticed, found = [], 0
        for _ in range(MUTATIONS):
            async with undone(books) as connection:
                what = await change_a_bit(connection, dice)
                if what is None:
                    continue
                if await found_in(connection, keys) is None:
                    unnoticed.append(what)
                found += 1

        assert unnoticed == []
        assert found > MUTATIONS / 2

    async def test_that_was_not_changed_is_not(
        self, books: AsyncEngine, own_sessions: Sessions, keys: list[str]
    ) -> None:
        assert await tampering.first(own_sessions, keys) is None


THIRD = "(SELECT entry_id FROM ledger_seals WHERE seq = 3)"
REWRITTEN = [
    (f"DELETE FROM ledger_lines WHERE entry_id = {THIRD}", "entry repayment:", "number 3"),
    (f"DELETE FROM ledger_entries WHERE id = {THIRD}", "seal 3", "is missing"),
    ("DELETE FROM ledger_seals WHERE seq = 3", "seal 3", "the seal is missing"),
    ("DELETE FROM ledger_seals WHERE seq > 9", "checkpoint 16", "only 9 entries"),
    ("UPDATE ledger_seals SET chain = hashes WHERE seq = 1", "seal 1", "the chain"),
    ("UPDATE ledger_seals SET hashes = chain WHERE seq = 7", "entry reversal:", "number 7"),
    (
        "UPDATE ledger_checkpoints SET note ="
        " (SELECT note FROM ledger_checkpoints WHERE size = 8) WHERE size = 16",
        "checkpoint 16",
        "not those that were signed",
    ),
]


class TestThePlace:
    @pytest.mark.parametrize(("statement", "subject", "detail"), REWRITTEN)
    async def test_is_the_first_that_is_broken(
        self, books: AsyncEngine, keys: list[str], statement: str, subject: str, detail: str
    ) -> None:
        async with undone(books) as connection:
            await connection.execute(sa.text(statement))
            found = await found_in(connection, keys)

        assert found is not None
        assert found.subject.startswith(subject), found
        assert detail in found.detail

    async def test_is_the_checkpoint_when_its_key_is_not_ours(self, books: AsyncEngine) -> None:
        async with undone(books) as connection:
            found = await found_in(connection, [notes.generate("kopa.example/ledger").public])

        assert found is not None
        assert found.subject == "checkpoint 8"


class TestAPastWrittenAnew:
    async def test_is_found_by_a_checkpoint_from_outside(
        self, books: AsyncEngine, own_sessions: Sessions, vault: Vault, keys: list[str],
        now: datetime,
    ) -> None:  # fmt: skip
        """Ledger, chain, tree and signatures agree: only what is elsewhere knows better."""
        async with own_sessions() as session:
            kept = (await session.get_one(Checkpoint, 8)).note
        assert vault.signer is not None
        async with undone(books) as connection:
            for table in reversed(TABLES):
                await connection.execute(sa.text(f"DELETE FROM {table}"))
            async with AsyncSession(
                connection, join_transaction_mode="create_savepoint"
            ) as session:
                await posts(session, now, 20)
                await sealing.seal(session)
                await sealing.sign(session, vault.signer, now=now)
                await session.commit()

            assert await found_in(connection, keys) is None
            found = await found_in(connection, keys, kept)
        assert found is not None
        assert found.subject == "checkpoint 8"
        assert await tampering.first(own_sessions, keys, [kept]) is None

    async def test_is_not_told_by_what_is_no_checkpoint(
        self, books: AsyncEngine, own_sessions: Sessions, keys: list[str]
    ) -> None:
        for text in ("", "some words\nand more\n"):
            found = await tampering.first(own_sessions, keys, [text])
            assert found is not None
            assert found.subject == "checkpoint"
